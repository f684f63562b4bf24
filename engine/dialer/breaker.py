"""Stops a campaign whose trunk fails for all calls, before the list is burnt.

Only what the network or the trunk did counts as a failure; a person who is busy, away or unwilling, and a number that
does not exist, say that the trunk works. Why these defaults: the breaker looks at the last 20 ended attempts and from
the tenth on, and trips at 95 %: ten of the first ten, 19 of the last 20. A bad evening with 30 % of calls lost to
congestion trips it once in 600 million windows (20 · 0.3¹⁹ · 0.7) and at a start of ten once in 170,000 (0.3¹⁰),
while a dead trunk costs ten contacts one attempt each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.domain.errors import BadInput
from engine.domain.outcome import Outcome, describe
from engine.domain.text import mark, translate

_TRUNK_STATUSES = frozenset({401, 402, 403, 407, 408})
"""Statuses below 500 by which a trunk turns all calls away: wrong password, unpaid, not allowed, nothing behind it."""
_SUBSCRIBER_CAUSES = frozenset({4, 19, 20, 27, 31})
"""Q.850 causes of ``UNREACHABLE`` that speak of the telephone called, not of the way to it."""


def _check(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise BadInput(
            "breaker_out_of_bounds",
            mark("{field} must be from {least} to {most}, not {value}"),
            field=name,
            least=least,
            most=most,
            value=value,
        )


@dataclass(frozen=True, slots=True)
class Fact:
    """One ended attempt as the breaker sees it. ``ours``: we cancelled it ourselves, so it proves nothing."""

    outcome: Outcome
    sip: int = 0
    q850: int = 0
    ours: bool = False


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """``window`` attempts are remembered (1 … 1000), at least ``min_calls`` of them needed, ``share`` (above 0, to 1)
    of failures trips."""

    window: int = 20
    min_calls: int = 10
    share: float = 0.95

    def __post_init__(self) -> None:
        _check("window", self.window, 1, 1000)
        _check("min_calls", self.min_calls, 1, self.window)
        if not 0 < self.share <= 1:
            raise BadInput("breaker_share", mark("share must be above 0 and at most 1, not {value}"), value=self.share)


@dataclass(frozen=True, slots=True)
class BreakerState:
    """``marks``: of the last attempts, oldest first, the cause where the trunk failed, else an empty text. A new one
    for each start or resume."""

    policy: BreakerPolicy = BreakerPolicy()
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trip:
    """``counts``: how many of the failures had each cause, as ``describe`` words it, most frequent first."""

    failed: int
    calls: int
    counts: Mapping[str, int]

    @property
    def reason(self) -> str:
        """For people, in their language."""
        causes = ", ".join(f"{cause} ×{count}" for cause, count in self.counts.items())
        text = translate(mark("The trunk failed for {failed} of the last {calls} calls: {causes}"))
        return text.format(failed=self.failed, calls=self.calls, causes=causes)


def trunk_failed(fact: Fact) -> bool:
    """Whether the attempt failed on the trunk's side."""
    if fact.ours:
        return False
    if fact.outcome in (Outcome.CONGESTION, Outcome.FAILED):
        return True
    if fact.outcome is Outcome.DECLINED:
        return fact.sip in _TRUNK_STATUSES
    if fact.outcome is not Outcome.UNREACHABLE:
        return False
    if fact.sip >= 300:
        return fact.sip in _TRUNK_STATUSES or 500 <= fact.sip < 600
    return fact.q850 not in _SUBSCRIBER_CAUSES


def feed(state: BreakerState, fact: Fact) -> BreakerState:
    """The state after ``fact``; our own cancellations leave no trace."""
    if fact.ours:
        return state
    cause = describe(fact.q850, fact.sip) if trunk_failed(fact) else ""
    return BreakerState(state.policy, (*state.marks, cause)[-state.policy.window :])


def verdict(state: BreakerState) -> Trip | None:
    """The trip when the trunk is to be taken for dead, else None."""
    calls = len(state.marks)
    counts = Counter(cause for cause in state.marks if cause)
    if calls < state.policy.min_calls or counts.total() < state.policy.share * calls:
        return None
    return Trip(counts.total(), calls, MappingProxyType(dict(counts.most_common())))
