"""A CSV file of contacts, read line by line: what can be called comes out, what cannot is reported with its line.

Nothing in the middle of a file stops the reading; only a file without a usable header raises BadInput.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import msgspec

from engine.audience.columns import Header, cells, hinted_delimiter, read_header, strict_cells, unclosed
from engine.audience.phones import DEFAULT_PREFIXES, TEXTS, Phone, normalise
from engine.audience.source import LONGEST_LINE, Lines, open_lines
from engine.audience.zones import parse_zone
from engine.domain.errors import BadInput
from engine.domain.ids import E164
from engine.domain.text import mark, translate

LONGEST_RECORD_LINES = 20
"""A quoted cell may hold line breaks, but one forgotten quote must not swallow the rest of a file."""
KEPT_PROBLEMS = 10_000
"""Problems kept in full; all are counted. A million-line file of rubbish must not fill the memory."""
_SHOWN = 64

LINE_TEXTS: dict[str, str] = {
    **{code.value: text for code, text in TEXTS.items()},
    "bad_encoding": mark("a character is damaged: the file changes its encoding or was cut"),
    "bad_timezone": mark("not a time zone; write it as Asia/Omsk, МСК+3 or UTC+6"),
    "column_renamed": mark("two columns have the same name; the second is now {value}"),
    "few_cells": mark("fewer cells than columns; the missing ones are taken as empty"),
    "line_too_long": mark("the line is too long"),
    "nul": mark("the line holds a NUL character, so the file is damaged"),
    "repeated": mark("the same phone as in line {detail}"),
    "too_many_cells": mark("more cells than columns: a delimiter inside a value must stand in quotes"),
    "unclosed_quote": mark("a quote is opened and never closed"),
}
_REMARKS = frozenset({"column_renamed", "few_cells"})


class ContactRow(msgspec.Struct, frozen=True):
    """One contact. ``zone``: IANA, its own column's or the number's; None when unknown. ``fields`` of the other
    columns."""

    line: int
    phone: E164
    fields: dict[str, str]
    zone: str | None


@dataclass(frozen=True, slots=True)
class LineProblem:
    """``line`` from 1, the header included; ``code`` is one of ``LINE_TEXTS``; ``value`` is what stood there, cut."""

    line: int
    code: str
    value: str = ""
    detail: str = ""

    @property
    def text(self) -> str:
        """For people, in their language."""
        return translate(LINE_TEXTS[self.code]).format(value=self.value, detail=self.detail)

    @property
    def refused(self) -> bool:
        """Whether the line gave no contact; else this is a remark about one that was taken."""
        return self.code not in _REMARKS


@dataclass(frozen=True, slots=True)
class ContactFile:
    """An opened file. ``entries`` can be gone through once, as the file is read."""

    columns: tuple[str, ...]
    encoding: str
    delimiter: str
    entries: Iterator[ContactRow | LineProblem]


@dataclass(frozen=True, slots=True)
class Import:
    """``total`` records = ``rows`` + those refused; ``repeated`` of the latter are phones that stood further up.

    ``problems``: the first ``KEPT_PROBLEMS``; ``counts``: all of them by code.
    """

    rows: list[ContactRow]
    problems: list[LineProblem]
    columns: tuple[str, ...]
    encoding: str
    delimiter: str
    total: int
    repeated: int
    counts: Mapping[str, int]


def read_contacts(data: bytes | BinaryIO, region: str = "RU", prefixes: Sequence[str] = DEFAULT_PREFIXES) -> Import:
    """The whole file at once; see ``open_contacts``."""
    file = open_contacts(data, region, prefixes)
    rows: list[ContactRow] = []
    problems: list[LineProblem] = []
    counts: Counter[str] = Counter()
    for entry in file.entries:
        if isinstance(entry, ContactRow):
            rows.append(entry)
            continue
        counts[str(entry.code)] += 1
        if len(problems) < KEPT_PROBLEMS:
            problems.append(entry)
    refused = sum(count for code, count in counts.items() if code not in _REMARKS)
    return Import(
        rows=rows,
        problems=problems,
        columns=file.columns,
        encoding=file.encoding,
        delimiter=file.delimiter,
        total=len(rows) + refused,
        repeated=counts["repeated"],
        counts=dict(counts),
    )


def open_contacts(
    data: bytes | BinaryIO, region: str = "RU", prefixes: Sequence[str] = DEFAULT_PREFIXES
) -> ContactFile:
    """Read the header of a CSV and make its lines ready to be gone through, for files of any size.

    UTF-8, Windows-1251 or UTF-16; delimiter ``;``, ``,`` or a tab; a header with a phone column (see ``columns``).
    ``region`` and ``prefixes`` are those of ``phones.normalise``. Raises BadInput when the file cannot be used at all.
    """
    lines, encoding = open_lines(data)
    delimiter: str | None = None
    while (line := lines.take()) is not None:
        if hint := hinted_delimiter(line):
            delimiter = hint
        elif line.strip():
            break
    if line is None:
        raise BadInput("contacts_empty", mark("the file is empty"))
    header = read_header(line, delimiter)
    entries = _entries(lines, header, _Rules(header, region, tuple(prefixes)))
    return ContactFile(header.names, encoding, header.delimiter, entries)


def _entries(lines: Lines, header: Header, rules: _Rules) -> Iterator[ContactRow | LineProblem]:
    for name in header.renamed:
        yield LineProblem(lines.number, "column_renamed", name)
    while (line := lines.take()) is not None:
        number = lines.number
        if not line or line.isspace():
            continue
        found = _record(lines, line, header)
        if isinstance(found, str):
            yield LineProblem(number, found, shown(line))
        elif any(found):  # a line of delimiters is an empty line too
            yield from rules.apply(number, found)
    lines.release()


def _record(lines: Lines, line: str, header: Header) -> list[str] | str:
    """The cells of the record that begins with ``line``, or the code of why there are none."""
    if len(line) > LONGEST_LINE:
        return "line_too_long"
    goes_on = '"' in line and unclosed(line, header.delimiter)
    found = _continued(lines, line, header) if goes_on else cells(line, header.delimiter)
    if found is None:
        return "unclosed_quote"
    if any("\ufffd" in cell for cell in found):
        return "bad_encoding"
    if any("\0" in cell for cell in found):
        return "nul"
    return [cell.strip() for cell in found]


def _continued(lines: Lines, line: str, header: Header) -> list[str] | None:
    """The cells of a record over several lines; None, and only ``line`` taken, when its quote is a mistake.

    A forgotten quote closes at the next one, lines later: then text follows it or the number of cells is wrong, and
    the lines between are contacts of their own.
    """
    taken: list[str] = []
    whole = line
    while len(taken) < LONGEST_RECORD_LINES and len(whole) <= LONGEST_LINE and (more := lines.take()) is not None:
        taken.append(more)
        whole += "\n" + more
        if '"' in more and not unclosed(whole, header.delimiter):
            found = strict_cells(whole, header.delimiter)
            if len(found) == len(header.names):
                return found
            break
    lines.give_back(taken)
    return None


class _Rules:
    """What turns the cells of a record into a contact; remembers the phones seen."""

    def __init__(self, header: Header, region: str, prefixes: tuple[str, ...]) -> None:
        self._header = header
        self._region = region
        self._prefixes = prefixes
        self._seen: dict[E164, int] = {}
        special = (header.phone, header.zone)
        self._fields = [(place, name) for place, name in enumerate(header.names) if place not in special]

    def apply(self, line: int, found: list[str]) -> Iterator[ContactRow | LineProblem]:
        header, width = self._header, len(self._header.names)
        if len(found) > width and any(found[width:]):
            yield LineProblem(line, "too_many_cells", shown(header.delimiter.join(found[width:])))
            return
        short = len(found) < width
        if short:
            found = found + [""] * (width - len(found))
        phone = normalise(found[header.phone], self._region, self._prefixes)
        zone_text = found[header.zone] if header.zone is not None else ""
        zone = parse_zone(zone_text) if zone_text else None
        if not isinstance(phone, Phone):
            yield LineProblem(line, phone.code, shown(found[header.phone]))
        elif zone_text and zone is None:  # to call it by another clock could mean at night
            yield LineProblem(line, "bad_timezone", shown(zone_text))
        elif (first := self._seen.setdefault(phone.e164, line)) != line:
            yield LineProblem(line, "repeated", shown(found[header.phone]), str(first))
        else:
            if short:
                yield LineProblem(line, "few_cells", shown(header.delimiter.join(found)))
            fields = {name: found[place] for place, name in self._fields}
            yield ContactRow(line, phone.e164, fields, zone or phone.zone)


def shown(text: str) -> str:
    """``text`` fit for a report: cut, on one line, control characters made visible."""
    cut = text[:_SHOWN] + ("…" if len(text) > _SHOWN else "")
    return cut if cut.isprintable() else "".join(c if c.isprintable() else "·" for c in cut)
