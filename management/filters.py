"""Filters of lists: from the parameters of an address to values, and from values to what SQL takes. An address that somebody
edited shows the list without the filter that cannot be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

Query = Mapping[str, str]
E = TypeVar("E", bound=StrEnum)
LONGEST = 200
_MOST = 2**63 - 1
NOT_FILTERS = frozenset({"sort", "size", "cursor", "lang", "format"})


@dataclass(frozen=True, slots=True)
class Period:
    """Days of the reader's calendar, both included; None: no limit on that side."""

    first: date | None = None
    last: date | None = None


def text(query: Query, name: str) -> str:
    return str(query.get(name, "")).strip()[:LONGEST]


def choice(query: Query, name: str, kind: type[E]) -> E | None:
    """None for what is none of them, as for no choice."""
    given = query.get(name)
    return kind(given) if given in set(kind) else None


def number(query: Query, name: str) -> int | None:
    """The id of something."""
    given = str(query.get(name, "")).strip()
    found = int(given) if given.isascii() and given.isdigit() and len(given) < 20 else 0
    return found if 0 < found <= _MOST else None


def period(query: Query) -> Period:
    return Period(_day(query.get("since")), _day(query.get("until")))


def filtered(query: Query) -> bool:
    return any(value for name, value in query.items() if name not in NOT_FILTERS)


def bounds(days: Period, zone: str) -> tuple[datetime | None, datetime | None]:
    """The first moment of the period and the first one after it."""
    midnight = time(tzinfo=ZoneInfo(zone))
    first = None if days.first is None else datetime.combine(days.first, midnight)
    last = None if days.last is None else datetime.combine(days.last + timedelta(days=1), midnight)
    return first, last


def like(part: str) -> str:
    """Its signs that LIKE gives a meaning are meant as they are."""
    return part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("\0", "")


def _day(given: str | None) -> date | None:
    try:
        day = date.fromisoformat(given or "")
    except ValueError:
        return None
    return day if 1970 <= day.year <= 9000 else None
