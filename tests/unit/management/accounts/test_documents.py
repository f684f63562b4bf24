from __future__ import annotations

from pathlib import Path

import pytest

from management.accounts.documents import Document, Documents
from management.language import LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("document", Document)
def test_ours_say_that_they_are_ours(tmp_path: Path, document: Document, language: str) -> None:
    edition = Documents(tmp_path).read(document, language)
    assert edition.ours
    assert edition.title and len(edition.paragraphs) == 2
    assert edition.version.startswith(f"{language}-")


def test_the_operators_text_and_its_version(tmp_path: Path) -> None:
    documents, file = Documents(tmp_path), tmp_path / "offer.ru.txt"
    file.write_text("Договор\r\n\r\nПервый\r\nабзац\r\n\r\n\r\nВторой\r\n", encoding="utf-8-sig")
    first = documents.read(Document.OFFER, "ru")
    assert (first.title, first.paragraphs, first.ours) == ("Договор", ("Первый абзац", "Второй"), False)
    assert documents.read(Document.OFFER, "en").title == "Договор", "rather than ours in English"
    file.write_text("Договор\n\nДругой", encoding="utf-8")
    assert documents.read(Document.OFFER, "ru").version != first.version
    assert documents.read(Document.PRIVACY, "ru").ours


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"\n" * 100])
def test_odd_files_do_no_harm(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "offer.ru.txt").write_bytes(data)
    assert Documents(tmp_path).read(Document.OFFER, "ru").version
