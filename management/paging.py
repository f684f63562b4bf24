"""One convention for lists, in the API and in the cabinet: ``limit``, ``cursor``, ``sort``; each feature adds its filters.

A cursor is the sort key of the last row shown, so that a page costs the same wherever it is, and no row is shown twice or missed when
others come and go. Clients must not look into it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from engine.domain.text import mark
from management.errors import Invalid, invalid

DEFAULT_LIMIT = 50
MOST = 200
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sort:
    """``column``: one that the feature allows."""

    column: str
    descending: bool = False

    def __str__(self) -> str:
        return ("-" if self.descending else "") + self.column


@dataclass(frozen=True, slots=True)
class Wanted:
    """``after``: the sort key and id of the last row of the page before; None for the first page."""

    sort: Sort
    limit: int = DEFAULT_LIMIT
    after: tuple[Any, int] | None = None


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """``next``: the cursor of the page after this one; None at the end."""

    items: Sequence[T]
    next: str | None

    def map(self, change: Callable[[T], Any]) -> Found[Any]:
        return Found([change(item) for item in self.items], self.next)


def wanted(limit: int | None, cursor: str | None, sort: str | None, columns: Sequence[str], default: Sort) -> Wanted:
    """From the query's parameters. Raises Invalid naming the one that cannot be."""
    if limit is not None and not 1 <= limit <= MOST:
        raise invalid("limit", "range", mark("From {least} to {most}"), least=1, most=MOST)
    chosen = default if not sort else Sort(sort.removeprefix("-"), sort.startswith("-"))
    if chosen.column not in columns:
        raise invalid("sort", "choice", mark("One of: {choices}"), choices=", ".join(columns))
    after = None if not cursor else _read(cursor, chosen)
    return Wanted(chosen, limit or DEFAULT_LIMIT, after)


def cut(rows: Sequence[T], wanted: Wanted, key: Callable[[T], tuple[Any, int]]) -> Found[T]:
    """``rows``: one more than the limit was asked for; ``key``: the sort key and id of a row."""
    if len(rows) <= wanted.limit:
        return Found(rows, None)
    shown = rows[: wanted.limit]
    return Found(shown, _write(key(shown[-1]), wanted.sort))


def _write(key: tuple[Any, int], sort: Sort) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([str(sort), *key])).decode().rstrip("=")


def _read(cursor: str, sort: Sort) -> tuple[Any, int]:
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        order, value, number = msgspec.json.decode(data, type=tuple[str, str | int, int])
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise _bad_cursor() from error
    if order != str(sort) or not -(2**63) <= number < 2**63 or "\0" in str(value):
        raise _bad_cursor()
    return value, number


def _bad_cursor() -> Invalid:
    return invalid("cursor", "cursor", mark("This is no cursor of this list and order"))
