"""Bytes of a contact file as numbered lines of text."""

from __future__ import annotations

import codecs
import io
from collections import deque
from typing import BinaryIO

from engine.domain.errors import BadInput
from engine.domain.text import mark

LONGEST_LINE = 65_536
"""Characters of a line, and of a quoted record over several lines; half of what Python's csv allows a single field."""

_CHUNK = 1 << 20
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""Beginnings of XLSX/ODS (a ZIP archive) and of XLS."""
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class Lines:
    """Lines of a text stream without their ends; ``number`` is that of the line given last, from 1."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._back: deque[str] = deque()
        self.number = 0

    def take(self) -> str | None:
        """The next line, None at the end. One that is too long comes cut, one character longer than ``LONGEST_LINE``."""
        line = self._back.popleft() if self._back else self._text.readline(LONGEST_LINE + 2)
        if not line:
            return None
        self.number += 1
        if line.endswith("\n"):
            return line[:-1]
        if len(line) > LONGEST_LINE:
            self._skip()
            return line[: LONGEST_LINE + 1]
        return line

    def give_back(self, lines: list[str]) -> None:
        """Undo the last ``take``s."""
        self._back.extendleft(line + "\n" for line in reversed(lines))
        self.number -= len(lines)

    def release(self) -> None:
        """Leave the caller's file open."""
        self._text.detach()

    def _skip(self) -> None:
        while (rest := self._text.readline(_CHUNK)) and not rest.endswith("\n"):
            pass


def open_lines(data: bytes | BinaryIO) -> tuple[Lines, str]:
    """The lines of ``data`` and its encoding, told from all of it. Raises BadInput for what is no text file.

    A stream is read from where it stands; one that cannot seek is read into memory. Bytes that are wrong in the
    encoding become U+FFFD.
    """
    stream: BinaryIO = io.BytesIO(data) if isinstance(data, bytes) else data
    if not stream.seekable():
        stream = io.BytesIO(stream.read())
    start = stream.tell()
    head = stream.read(4)
    if not head:
        raise BadInput("contacts_empty", mark("the file is empty"))
    if head.startswith(_WORKBOOKS):
        raise BadInput("contacts_workbook", mark("this is an Excel workbook: save it as CSV and upload that"))
    stream.seek(start)
    encoding = next((name for bom, name in _BOMS if head.startswith(bom)), "") or _guess(stream)
    stream.seek(start)
    return Lines(io.TextIOWrapper(stream, encoding, errors="replace", newline=None)), encoding


def _guess(stream: BinaryIO) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    good = bad = 0
    final = False
    while not final:
        chunk = stream.read(_CHUNK)
        final = not chunk
        text = decoder.decode(chunk, final)
        broken = text.count("\ufffd")
        bad += broken
        good += len(text) - len(text.encode("ascii", "ignore")) - broken
    # A UTF-8 file with damaged bytes has more good characters than bad; Windows-1251 hardly ever makes a good one.
    return "utf-8" if good >= bad else "cp1251"
