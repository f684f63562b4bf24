"""Even spacing of calls as a generic cell rate algorithm (GCRA; ITU-T I.371, annex A): the whole state is one number.

The number is the *theoretical arrival time* (``tat``, epoch seconds): the moment at which the calls granted so far
would have ended had they been spaced evenly. It fits one database column, so engine cells share a pace by reading,
granting and writing it in one transaction. Over any interval of ``t`` seconds at most ``burst + t / interval_s``
calls are granted; time that passes without calls earns nothing beyond ``burst``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engine.domain.errors import BadInput
from engine.domain.text import mark

MOST_PER_HOUR = 3_600_000
"""1000 calls a second: far above what one Asterisk originates, low enough to catch a slip of the keyboard."""
MOST_BURST = 1_000

_TOLERANCE_S = 1e-6
"""Epoch seconds in a float have steps of 2.4e-7 s: without this, waiting exactly ``wait_s`` could miss its call by
one step."""


class Limit(Protocol):
    @property
    def interval_s(self) -> float:
        """Seconds between two evenly spaced calls."""

    @property
    def burst(self) -> int:
        """The most calls granted at one moment."""


@dataclass(frozen=True, slots=True)
class Pace:
    """A campaign's speed, calls per hour: 1 … 3,600,000. Raises BadInput beyond the bounds."""

    per_hour: int
    burst: int = 1

    def __post_init__(self) -> None:
        _check("per_hour", self.per_hour, 1, MOST_PER_HOUR)
        _check("burst", self.burst, 1, MOST_BURST)

    @property
    def interval_s(self) -> float:
        return 3600 / self.per_hour


@dataclass(frozen=True, slots=True)
class Rate:
    """A trunk's call attempts per second: above 0, at most 1000; 0.5 is one attempt in two seconds."""

    per_second: float
    burst: int = 1

    def __post_init__(self) -> None:
        _check("per_second", self.per_second, 0.001, MOST_PER_HOUR // 3600)
        _check("burst", self.burst, 1, MOST_BURST)

    @property
    def interval_s(self) -> float:
        return 1 / self.per_second


@dataclass(frozen=True, slots=True)
class Grant:
    """``count`` calls may be made now; store ``tat``. The next call is possible in ``wait_s`` seconds (0: at once)."""

    count: int
    tat: float
    wait_s: float


def room(limit: Limit, tat: float | None, now: float) -> int:
    """How many calls could be granted at ``now``: to take the least of several limits before granting from each."""
    return max(0, int((now + _full(limit) - _settled(limit, tat, now) + _TOLERANCE_S) / limit.interval_s))


def grant(limit: Limit, tat: float | None, now: float, wanted: int) -> Grant:
    """Grant up to ``wanted`` calls at ``now`` (epoch seconds); ``tat`` is the stored number, None at the very start.

    A stored number further ahead than a full burst cannot come from this limit at this time: the clock was set back,
    or the pace was lower before. It is then taken as "burst just used", so that calls go on after one interval and
    never in a burst.
    """
    settled = _settled(limit, tat, now)
    count = max(0, min(wanted, room(limit, tat, now)))
    after = settled + count * limit.interval_s
    wait = after + limit.interval_s - now - _full(limit)
    return Grant(count, after, wait if wait > _TOLERANCE_S else 0.0)


def _full(limit: Limit) -> float:
    return limit.burst * limit.interval_s


def _settled(limit: Limit, tat: float | None, now: float) -> float:
    if tat is None or tat < now:
        return now
    # The margin keeps a number that the tolerance let run ahead; cutting it each time would let the pace creep up.
    return now + _full(limit) if tat > now + _full(limit) + 2 * _TOLERANCE_S else tat


def _check(field: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise BadInput(
            "pace_out_of_bounds",
            mark("{field} must be from {least} to {most}, not {value}"),
            field=field,
            least=least,
            most=most,
            value=value,
        )
