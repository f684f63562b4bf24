"""Lists as files: CSV as the reader's Excel opens it, and XLSX. Both are written as they are read, a part at a time."""

from __future__ import annotations

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from litestar.response import Stream

from management.cabinet.spreadsheets import defused
from management.cabinet.tables import Column, Kind
from management.language import Texts
from management.paging import Found

Part = Callable[[str | None], Awaitable[Found[Any]]]
"""A part of the list from a cursor on."""
BYTE_ORDER_MARK = "\ufeff"
MOST_ROWS = 1_000_000
"""Of one sheet: Excel opens 1,048,576."""
_CHUNK = 1 << 16
_WIDTHS = {Kind.NUMBER: 12, Kind.MONEY: 14, Kind.MOMENT: 18, Kind.DAY: 12}


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True, slots=True)
class Sheet:
    """``name``: of the file; ``title``: in the reader's language; ``zone``: his, IANA."""

    name: str
    title: str
    columns: Sequence[Column]
    texts: Texts
    zone: str

    @property
    def shown(self) -> list[Column]:
        return [column for column in self.columns if column.kind is not Kind.ACTIONS]

    def values(self, row: Any) -> list[object]:
        """Moments become the reader's local time; enumerations with a ``label`` become its text."""
        return [self._value(getattr(row, column.key)) for column in self.shown]

    def _value(self, value: object) -> object:
        if isinstance(value, datetime):
            return value.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None, microsecond=0)
        label = getattr(value, "label", None)
        return self.texts.gettext(label) if isinstance(label, str) else value


async def exported(form: Format, sheet: Sheet, part: Part) -> Stream:
    """The first part is read before anything is sent, so that what fails at once is an error and no broken file."""
    first = await part(None)
    parts = _parts(first, part)
    stem = f"{sheet.name}-{datetime.now(UTC):%Y-%m-%d}"
    if form is Format.CSV:
        body, media = _csv(sheet, parts), "text/csv; charset=utf-8"
    else:
        body, media = _xlsx(sheet, parts), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return Stream(body, media_type=media, headers={"content-disposition": f'attachment; filename="{stem}.{form}"'})


async def _parts(first: Found[Any], part: Part) -> AsyncIterator[Sequence[Any]]:
    found = first
    yield found.items
    while found.next:
        found = await part(found.next)
        yield found.items


async def _csv(sheet: Sheet, parts: AsyncIterator[Sequence[Any]]) -> AsyncIterator[bytes]:
    """Excel takes the separators of its own language, and UTF-8 only with a byte order mark."""
    russian = sheet.texts.language == "ru"
    out = io.StringIO(BYTE_ORDER_MARK)
    out.seek(0, io.SEEK_END)
    writer = csv.writer(out, delimiter=";" if russian else ",", lineterminator="\r\n")
    writer.writerow([defused(sheet.texts.gettext(column.title)) for column in sheet.shown])
    async for rows in parts:
        writer.writerows([_plain(value, russian) for value in sheet.values(row)] for row in rows)
        yield out.getvalue().encode()
        out.seek(0)
        out.truncate()


def _plain(value: object, russian: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%d.%m.%Y %H:%M:%S}" if russian else f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, Decimal | float):
        return str(value).replace(".", ",") if russian else str(value)
    return str(value) if isinstance(value, int) else defused(str(value))


async def _xlsx(sheet: Sheet, parts: AsyncIterator[Sequence[Any]]) -> AsyncIterator[bytes]:
    """Written row by row into a file beside, since a ZIP archive's directory is at its end."""
    with tempfile.TemporaryDirectory(prefix="dozvon-export-") as folder:
        file = Path(folder) / "list.xlsx"
        book = _Book(sheet, file)
        async for rows in parts:
            await asyncio.to_thread(book.write, rows)
        await asyncio.to_thread(book.close)
        with file.open("rb") as stream:
            while chunk := await asyncio.to_thread(stream.read, _CHUNK):
                yield chunk


class _Book:
    def __init__(self, sheet: Sheet, file: Path) -> None:
        # Texts stay texts: nothing that somebody typed becomes a formula, a link or a number.
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
                   "strings_to_numbers": False, "tmpdir": str(file.parent)}  # fmt: skip
        self._sheet = sheet
        # Not imported above: the first page need not wait for it.
        self._book = import_module("xlsxwriter").Workbook(str(file), options)
        self._bold = self._book.add_format({"bold": True})
        forms = {Kind.MONEY: "#,##0.00", Kind.MOMENT: "dd.mm.yyyy hh:mm:ss", Kind.DAY: "dd.mm.yyyy"}
        self._formats = {kind: self._book.add_format({"num_format": text}) for kind, text in forms.items()}
        self._row = 0
        self._page = self._begin()

    def _begin(self) -> Any:
        page = self._book.add_worksheet()
        for at, column in enumerate(self._sheet.shown):
            page.set_column(at, at, _WIDTHS.get(column.kind, 28))
            page.write_string(0, at, self._sheet.texts.gettext(column.title), self._bold)
        page.freeze_panes(1, 0)
        self._row = 0
        return page

    def write(self, rows: Sequence[Any]) -> None:
        for row in rows:
            if self._row >= MOST_ROWS:
                self._page = self._begin()
            self._row += 1
            for at, value in enumerate(self._sheet.values(row)):
                self._cell(at, value, self._formats.get(self._sheet.shown[at].kind))

    def _cell(self, at: int, value: object, form: Any) -> None:
        if isinstance(value, datetime):
            self._page.write_datetime(self._row, at, value, form)
        elif isinstance(value, Decimal | float | int) and not isinstance(value, bool):
            self._page.write_number(self._row, at, value, form)
        elif value is not None and value != "":
            self._page.write_string(self._row, at, str(value))

    def close(self) -> None:
        self._book.close()
