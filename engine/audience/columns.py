"""The header of a contact file: its delimiter, which column is the phone, and what the fields are called."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass

from engine.audience.source import LONGEST_LINE
from engine.domain.errors import BadInput
from engine.domain.text import mark

PHONE, TIMEZONE = "phone", "timezone"
DELIMITERS = (";", "\t", ",")
"""In this order where a header leaves the choice open: spreadsheets set to Russian write semicolons."""

_PHONE_NAMES = (
    "phone",
    "телефон",
    "phone_number",
    "номер_телефона",
    "мобильный_телефон",
    "мобильный",
    "mobile",
    "msisdn",
    "tel",
    "номер",
    "number",
)
"""The surest first: beside «Телефон», «Номер» is that of a contract."""
_ZONE_NAMES = ("timezone", "tz", "time_zone", "часовой_пояс")
_NOT_IN_NAMES = re.compile(r"[^0-9A-Za-zА-Яа-яЁё]+")
_EXCELS_HINT = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Header:
    """``names`` of all columns as fields are called; ``phone`` and ``zone`` are the places of theirs in it.

    ``renamed``: the names of columns that repeated another's and got a number.
    """

    delimiter: str
    names: tuple[str, ...]
    phone: int
    zone: int | None
    renamed: tuple[str, ...]


def hinted_delimiter(line: str) -> str | None:
    """The delimiter that Excel's first line ``sep=;`` names, or None when the line is not that."""
    found = _EXCELS_HINT.fullmatch(line.strip())
    return found[1] if found and found[1] in DELIMITERS else None


def cells(line: str, delimiter: str) -> list[str]:
    """The cells of a record whose quotes are closed (see ``unclosed``), read as leniently as spreadsheets do."""
    return line.split(delimiter) if '"' not in line else next(csv.reader([line], delimiter=delimiter))


def strict_cells(record: str, delimiter: str) -> list[str]:
    """The cells of ``record``; none when a closed quote is followed by anything but a delimiter."""
    try:
        return next(csv.reader([record], delimiter=delimiter, strict=True))
    except csv.Error:
        return []


def unclosed(line: str, delimiter: str) -> bool:
    """Whether a quoted cell of ``line`` goes on in the next line; a quote inside an unquoted cell is only a
    character."""
    at = 0
    while True:
        if line.startswith('"', at):
            at = _end_of_quoted(line, at + 1)
            if at < 0:
                return True
        at = line.find(delimiter, at)
        if at < 0:
            return False
        at += 1


def _end_of_quoted(line: str, at: int) -> int:
    while (at := line.find('"', at)) >= 0 and line.startswith('""', at):
        at += 2
    return at if at < 0 else at + 1


def read_header(line: str, delimiter: str | None) -> Header:
    """The header in ``line``; ``delimiter`` None: the one that finds a phone column, and most columns. Raises
    BadInput."""
    readings = [(sign, _titles(line, sign)) for sign in ((delimiter,) if delimiter else DELIMITERS)]
    sign, titles = max(readings, key=lambda reading: (_place(reading[1], _PHONE_NAMES) is not None, len(reading[1])))
    phone = _place(titles, _PHONE_NAMES)
    if phone is None:
        raise BadInput(
            "contacts_no_phone_column",
            mark("no column is called phone, телефон or номер; the columns found in the first line: {columns}"),
            columns=_printable(", ".join(titles)),
        )
    zone = _place(titles, _ZONE_NAMES)
    names, renamed = _named(titles, phone, zone)
    return Header(sign, names, phone, zone, renamed)


def _titles(line: str, delimiter: str) -> list[str]:
    if len(line) > LONGEST_LINE or unclosed(line, delimiter):
        return [line]
    return [title.strip() for title in cells(line, delimiter)]


def _place(titles: list[str], wanted: tuple[str, ...]) -> int | None:
    folded = [_field_name(title).casefold() for title in titles]
    return next((folded.index(name) for name in wanted if name in folded), None)


def _field_name(title: str) -> str:
    return _NOT_IN_NAMES.sub("_", title).strip("_")


def _named(titles: list[str], phone: int, zone: int | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    while len(titles) > phone + 1 and not titles[-1] and len(titles) - 1 != zone:  # delimiters at the end of each line
        titles = titles[:-1]
    taken = {PHONE, TIMEZONE} if zone is not None else {PHONE}
    names: list[str] = []
    renamed: list[str] = []
    for place, title in enumerate(titles):
        if place in (phone, zone):
            names.append(PHONE if place == phone else TIMEZONE)
            continue
        wanted = _field_name(title) or f"column_{place + 1}"
        name, number = wanted, 1
        while name.casefold() in taken:
            number += 1
            name = f"{wanted}_{number}"
        if number > 1:
            renamed.append(name)
        taken.add(name.casefold())
        names.append(name)
    return tuple(names), tuple(renamed)


def _printable(text: str) -> str:
    shown = "".join(character if character.isprintable() else "·" for character in text[:_SHOWN])
    return shown + ("…" if len(text) > _SHOWN else "")
