"""One convention for lists, in the API and in the cabinet: ``limit``, ``cursor``, ``sort``; each feature adds its filters.

A cursor is the sort key of the row at the page's edge, so that a page costs the same wherever it is, and no row is shown twice or
missed when others come and go. Clients must not look into it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import asyncpg
import msgspec

from engine.domain.text import mark
from engine.storage.database import Database
from management.errors import Invalid, invalid

DEFAULT_LIMIT = 50
MOST = 200
_BIGINT = 2**63
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sort:
    """Written as ``name`` or ``-name``, in addresses and in the API."""

    key: str
    descending: bool = False

    def __str__(self) -> str:
        return f"-{self.key}" if self.descending else self.key

    def flipped(self) -> Sort:
        return Sort(self.key, not self.descending)


@dataclass(frozen=True, slots=True)
class Edge:
    """The row beside which a page begins: its sort key and id. ``before``: the page ends there instead."""

    value: str | int
    id: str | int
    before: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    sort: Sort
    limit: int = DEFAULT_LIMIT
    edge: Edge | None = None


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """``next`` and ``previous``: cursors of the pages beside this one; None at the ends."""

    items: Sequence[T]
    next: str | None = None
    previous: str | None = None

    def map(self, change: Callable[[T], Any]) -> Found[Any]:
        return Found([change(item) for item in self.items], self.next, self.previous)


def wanted(limit: int | None, cursor: str | None, sort: str | None, keys: Sequence[str], default: Sort) -> Wanted:
    """From the query's parameters. Raises Invalid naming the one that cannot be."""
    if limit is not None and not 1 <= limit <= MOST:
        raise invalid("limit", "range", mark("From {least} to {most}"), least=1, most=MOST)
    chosen = default if not sort else Sort(sort.removeprefix("-"), sort.startswith("-"))
    if chosen.key not in keys:
        raise invalid("sort", "choice", mark("One of: {choices}"), choices=", ".join(keys))
    return Wanted(chosen, limit or DEFAULT_LIMIT, _read(cursor, chosen) if cursor else None)


BESIDE = "{beside}"
"""In a statement: where each of several parts is cut to the page, before they are put together."""


async def fetch_page(
    database: Database,
    sql: str,
    args: Sequence[object],
    wanted: Wanted,
    columns: Mapping[str, str],
    casts: tuple[str, str] = ("", ""),
) -> Found[asyncpg.Record]:
    """A page of ``sql``, a select without an order whose rows have an ``id``. ``columns``: the sort keys that there are, and the
    column of each, without nulls. ``casts``: SQL types of that column and of ``id`` where they are not text or integers."""
    column, edge = columns[wanted.sort.key], wanted.edge
    backwards = edge is not None and edge.before
    falling = wanted.sort.descending != backwards
    number = len(args)
    value, tie = (f"::text::{cast}" if cast else "" for cast in casts)
    sign = "<" if falling else ">"
    beside = f"({column}, id) {sign} (${number + 2}{value}, ${number + 3}{tie})" if edge else "true"
    order = "desc" if falling else "asc"
    cut = f"order by {column} {order}, id {order} limit ${number + 1}"
    paged = f"select * from ({sql.replace(BESIDE, f'and {beside} {cut}')}) as list where {beside} {cut}"
    try:
        rows = await database.fetch(paged, *args, wanted.limit + 1, *((edge.value, edge.id) if edge else ()))
    except asyncpg.DataError as error:
        raise _bad_cursor() from error  # a forged one: text where the column holds numbers
    more, shown = len(rows) > wanted.limit, rows[: wanted.limit]
    if backwards:
        shown.reverse()
    if not shown:
        return Found([])
    first, last = ((row[column], row["id"]) for row in (shown[0], shown[-1]))
    return Found(
        shown,
        _write(Edge(*last), wanted.sort) if more or backwards else None,
        _write(Edge(*first, before=True), wanted.sort) if (more if backwards else edge is not None) else None,
    )


def _write(edge: Edge, sort: Sort) -> str:
    content = [str(sort), edge.value, edge.id, edge.before]
    return base64.urlsafe_b64encode(msgspec.json.encode(content)).decode().rstrip("=")


def _read(cursor: str, sort: Sort) -> Edge:
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        order, value, number, before = msgspec.json.decode(data, type=tuple[str, str | int, str | int, bool])
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise _bad_cursor() from error
    numbers = [each for each in (number, value) if isinstance(each, int)]
    if order != str(sort) or "\0" in f"{value}{number}" or not all(-_BIGINT <= each < _BIGINT for each in numbers):
        raise _bad_cursor()
    return Edge(value, number, before)


def _bad_cursor() -> Invalid:
    return invalid("cursor", "cursor", mark("This is no cursor of this list and order"))
