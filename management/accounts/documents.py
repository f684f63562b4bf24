"""What a customer agrees to at registration, each document by its own tick.

Ours say only that the operator must put his own there: files ``offer.ru.txt``, ``offer.en.txt``, ``privacy.ru.txt`` … in the
folder of the setting DOZVON_DOCUMENTS. The first line is the title, empty lines part the paragraphs. A document's version is the
beginning of the SHA-256 of its text, so that no change can be forgotten and a consent names exactly what was read; keep old files.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from engine.domain.text import mark
from management.language import DEFAULT

_OURS = Path(__file__).parent / "documents"
LARGEST = 1_000_000


class Document(StrEnum):
    OFFER = "offer"
    PRIVACY = "privacy"


CONSENTS = {
    Document.OFFER: mark("I accept the terms of the offer"),
    Document.PRIVACY: mark("I agree to the processing of my personal data"),
}
"""What is ticked; the document's link stands beside it."""


@dataclass(frozen=True, slots=True)
class Edition:
    """``ours``: the operator has put none of his own there."""

    document: Document
    version: str
    title: str
    paragraphs: tuple[str, ...]
    ours: bool


class Documents:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, document: Document, language: str) -> Edition:
        """As it is now. The operator's text in another language goes before ours."""
        names = [f"{document}.{code}.txt" for code in dict.fromkeys((language, DEFAULT, "en"))]
        theirs = next((file for name in names if (file := self._folder / name).is_file()), None)
        with (theirs or _OURS / names[0]).open("rb") as stream:
            raw = stream.read(LARGEST)
        text = raw.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").strip()
        title, _, rest = text.partition("\n")
        paragraphs = tuple(" ".join(part.split()) for part in rest.split("\n\n") if part.strip())
        return Edition(
            document, f"{language}-{hashlib.sha256(raw).hexdigest()[:12]}", title, paragraphs, theirs is None
        )

    def all(self, language: str) -> list[Edition]:
        return [self.read(document, language) for document in Document]
