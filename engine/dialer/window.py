"""The hours in which a campaign may call (manual 6.5 Планирование: День, Время запуска, Начиная с, По).

A window belongs to the local day on which it opens. ``closes`` is exclusive; a ``closes`` at or before ``opens`` lies
on the next day, and 00:00–00:00 is the whole day. Where clocks are moved, every doubt is settled towards not calling:
an opening time that exists twice counts the second time, a closing time that exists twice counts the first time, and
around an hour that is skipped the window opens after and closes before the skip. Nobody is called in a zone that
cannot be understood.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from engine.domain.errors import BadInput
from engine.domain.text import mark

EVERY_DAY = frozenset(range(1, 8))
_MACHINE_ZONES = frozenset({"Factory", "localtime", "posixrules"})
"""Names that open as files of the zone database but mean whatever this machine is set to."""
_LOOK_AHEAD_DAYS = 16
"""The next opening is at most a week away, and one more when clock changes swallow a short window."""


class Closed(StrEnum):
    """Why a window is closed: for "why not called yet"."""

    UNKNOWN_ZONE = "unknown_zone"
    BEFORE_FIRST_DAY = "before_first_day"
    AFTER_LAST_DAY = "after_last_day"
    WEEKDAY = "weekday"
    HOURS = "hours"


@dataclass(frozen=True, slots=True)
class Window:
    """A campaign's plan. ``weekdays`` are ISO numbers, Monday is 1; ``first`` and ``last`` are both included.

    With ``by_contact_zone`` the clock on the contact's wall counts where its zone is known; else that of ``zone``
    (IANA). Raises BadInput.
    """

    opens: time
    closes: time
    zone: str
    weekdays: frozenset[int] = EVERY_DAY
    first: date | None = None
    last: date | None = None
    by_contact_zone: bool = False

    def __post_init__(self) -> None:
        if zone_info(self.zone) is None:
            raise BadInput("window_zone", mark("zone: there is no time zone {zone!r}"), zone=self.zone)
        if not self.weekdays or not self.weekdays <= EVERY_DAY:
            raise BadInput("window_weekdays", mark("weekdays: give one or more of 1 (Monday) to 7 (Sunday)"))
        if self.first and self.last and self.last < self.first:
            raise BadInput(
                "window_dates", mark("last: {last} is before the first day {first}"), first=self.first, last=self.last
            )
        if self.opens.tzinfo or self.closes.tzinfo:
            raise BadInput("window_time_zone", mark("opens and closes are local times and have no zone of their own"))
        if self.opens == self.closes != time(0):
            raise BadInput(
                "window_empty", mark("closes: the window opens and closes at the same time, {at}"), at=self.opens
            )


def window_from(value: Mapping[str, object]) -> Window:
    """A stored window (JSON). Raises BadInput for one that cannot be: no window is no permission to call."""
    try:
        return msgspec.convert(dict(value), Window)
    except msgspec.ValidationError as error:
        raise BadInput("bad_window", mark("The calling window is not usable: {error}"), error=error) from error


@lru_cache(maxsize=1024)
def zone_info(name: str) -> ZoneInfo | None:
    """The zone of an IANA name, or None when there is none. Names come from uploads, so anything may be asked."""
    if not name or name in _MACHINE_ZONES:
        return None
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # unknown; not a name ("../x", NUL); a folder of the database ("Europe")
        return None


def is_open(window: Window, at: datetime, contact_zone: str | None = None) -> bool:
    """Whether a contact in ``contact_zone`` (None: not known) may be called at ``at``, which must be aware."""
    return closed(window, at, contact_zone) is None


def closed(window: Window, at: datetime, contact_zone: str | None = None) -> Closed | None:
    """Why the window is closed at ``at``; None when it is open."""
    zone = _zone(window, contact_zone)
    if zone is None:
        return Closed.UNKNOWN_ZONE
    today = _local_day(at, zone)
    days = (today - timedelta(days=1), today) if today > date.min else (today,)
    if any(_within(window, day, zone, at) and _day_refused(window, day) is None for day in days):
        return None
    return _day_refused(window, today) or Closed.HOURS


def next_opening(window: Window, at: datetime, contact_zone: str | None = None) -> datetime | None:
    """The earliest moment from ``at`` on when the window is open, in UTC: ``at`` itself when open now, None when it
    never opens again."""
    zone = _zone(window, contact_zone)
    if zone is None:
        return None
    if closed(window, at, contact_zone) is None:
        return at.astimezone(UTC)
    start = max(_local_day(at, zone), date(1, 1, 2)) - timedelta(
        days=1
    )  # a skipped hour may delay yesterday's opening past midnight
    if window.first and window.first > start:
        start = window.first
    for ahead in range(min(_LOOK_AHEAD_DAYS, (date.max - start).days)):
        day = start + timedelta(days=ahead)
        span = _span(window, day, zone)
        if _day_refused(window, day) is None and span is not None and at <= span[0] < span[1]:
            return span[0]
    return None


def open_zones(window: Window, at: datetime, zones: Iterable[str | None]) -> frozenset[str | None]:
    """Those of ``zones`` (the distinct zones of an audience, None for unknown) whose contacts may be called at
    ``at``."""
    return frozenset(zone for zone in zones if is_open(window, at, zone))


def _zone(window: Window, contact_zone: str | None) -> ZoneInfo | None:
    return zone_info(contact_zone if window.by_contact_zone and contact_zone is not None else window.zone)


def _local_day(at: datetime, zone: ZoneInfo) -> date:
    if at.utcoffset() is None:
        raise ValueError("a calling window is asked about an aware datetime")
    return at.astimezone(zone).date()


def _day_refused(window: Window, day: date) -> Closed | None:
    if window.first and day < window.first:
        return Closed.BEFORE_FIRST_DAY
    if window.last and day > window.last:
        return Closed.AFTER_LAST_DAY
    return None if day.isoweekday() in window.weekdays else Closed.WEEKDAY


def _within(window: Window, day: date, zone: ZoneInfo, at: datetime) -> bool:
    span = _span(window, day, zone)
    return span is not None and span[0] <= at < span[1]


def _span(window: Window, day: date, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """The window that opens on ``day``, in UTC; its end is not after its start when a clock change swallowed it."""
    try:
        end_day = day + timedelta(days=1) if window.closes <= window.opens else day
        return max(_readings(day, window.opens, zone)), min(_readings(end_day, window.closes, zone))
    except OverflowError:  # the first and last days of the calendar
        return None


def _readings(day: date, wall: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Both readings (PEP 495 folds) of a wall time; equal but around a clock change. In UTC, where comparison ignores
    folds."""
    local = datetime.combine(day, wall, tzinfo=zone)
    return local.replace(fold=0).astimezone(UTC), local.replace(fold=1).astimezone(UTC)
