"""What people type into fields: cleaned, and refused with the field's name."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import TypeVar

from engine.domain.text import mark
from management.errors import FieldError, Invalid

_EMAIL = re.compile(r"[^@\s\"(),:;<>\[\\\]]{1,64}@[^@\s\"(),:;<>\[\\\]]{1,253}")
LONGEST_LINE = 200
LONGEST_TEXT = 5000
E = TypeVar("E", bound=StrEnum)


class Fields:
    """Takes the fields of one form one by one and remembers what is wrong: ``check`` raises Invalid with all of it."""

    def __init__(self) -> None:
        self._wrong: list[FieldError] = []

    def wrong(self, path: str, code: str, message: str, **params: object) -> None:
        self._wrong.append(FieldError(path, code, message, params))

    def check(self) -> None:
        if self._wrong:
            raise Invalid(*self._wrong)

    def line(self, path: str, value: str, *, required: bool = True, most: int = LONGEST_LINE) -> str:
        """One line: without control characters, spaces at the ends, or runs of them."""
        kept = " ".join(unicodedata.normalize("NFC", value).split())
        return self._text(path, kept, required, most)

    def text(self, path: str, value: str, *, required: bool = False, most: int = LONGEST_TEXT) -> str:
        """Lines."""
        kept = unicodedata.normalize("NFC", value.replace("\r\n", "\n")).strip()
        return self._text(path, kept, required, most)

    def _text(self, path: str, value: str, required: bool, most: int) -> str:
        if required and not _visible(value):
            self.wrong(path, "required", mark("This field must be filled in"))
        elif len(value) > most:
            self.wrong(
                path, "too_long", mark("{most} characters at most; these are {found}"), most=most, found=len(value)
            )
        elif any(unicodedata.category(letter) == "Cc" and letter not in "\n\t" for letter in value):
            self.wrong(path, "characters", mark("It holds characters that cannot be shown"))
        return value

    def email(self, path: str, value: str) -> str:
        """In lower case, the domain in its IDNA form: so one mailbox is one user."""
        kept = unicodedata.normalize("NFC", value).strip().lower()
        local, _, domain = kept.rpartition("@")
        try:
            ascii_domain = domain.encode("idna").decode() if domain else ""
        except UnicodeError:
            ascii_domain = ""
        address = f"{local}@{ascii_domain}"
        if not kept:
            self.wrong(path, "required", mark("This field must be filled in"))
        elif not _EMAIL.fullmatch(address) or "." not in ascii_domain or not kept.isprintable():
            self.wrong(path, "email", mark("An e-mail address like name@example.com is needed"))
        return address

    def choice(self, path: str, value: str, kind: type[E]) -> E | None:
        """One of an enumeration's values. None, and noted, when it is none of them."""
        try:
            return kind(value)
        except ValueError:
            self.wrong(path, "choice", mark("One of: {choices}"), choices=", ".join(kind))
            return None


def _visible(text: str) -> bool:
    """Zero-width and other format characters alone are no name."""
    return any(unicodedata.category(letter)[0] not in "ZC" for letter in text)
