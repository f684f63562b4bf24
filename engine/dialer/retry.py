"""Whether, when and from which kind of number to call a contact again (manual 6.4: «Дозвон с того же номера», «Дозвон
с системной карусели»).

``attempts`` counts calls from the campaign's own number, the first one included. The carousel adds at most one call
from another number, after those are used up; with retries off, right after the first failure. The same outcomes lead
to both: a number that does not exist or a person who declined (unless that is configured) is not tried from another
number either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from engine.domain.attempt import PastAttempt, Result
from engine.domain.errors import BadInput
from engine.domain.outcome import Outcome
from engine.domain.text import mark

LEAST_ATTEMPTS, MOST_ATTEMPTS = 3, 20
"""Least: the manual. Most: ours; more calls to one person in one campaign is harassment, not persistence."""
SHORTEST_INTERVAL_S, LONGEST_INTERVAL_S = 60, 12_000
"""The manual's bounds of «Время между попытками»."""
DEFAULT_OUTCOMES = frozenset({Outcome.BUSY, Outcome.NO_ANSWER, Outcome.UNREACHABLE, Outcome.CONGESTION, Outcome.FAILED})
_NEVER = frozenset({Outcome.ANSWERED, Outcome.INVALID_NUMBER})


class Finished(StrEnum):
    """Why a contact is not called again."""

    ANSWERED = "answered"
    BLACKLISTED = "blacklisted"
    NOT_RETRIED = "not_retried"
    """The policy does not retry this outcome."""
    EXHAUSTED = "exhausted"


@dataclass(frozen=True, slots=True)
class Again:
    at: datetime
    carousel: bool


@dataclass(frozen=True, slots=True)
class Done:
    reason: Finished


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Raises BadInput, naming the field and its bounds.

    ``attempts``: 1 (retries off) or 3 … 20. ``interval_s`` and each of ``intervals`` (an outcome's own): 60 … 12,000
    s from the end of an attempt. ``machines``: an answer by a machine is retried too, after the interval of
    ``Outcome.ANSWERED``. ``carousel_delay_s``: 0 … 12,000.
    """

    attempts: int = 1
    interval_s: int = SHORTEST_INTERVAL_S
    outcomes: frozenset[Outcome] = DEFAULT_OUTCOMES
    intervals: Mapping[Outcome, int] = field(default_factory=lambda: MappingProxyType({}))
    machines: bool = False
    carousel: bool = False
    carousel_delay_s: int = 60

    def __post_init__(self) -> None:
        if self.attempts != 1:
            _check("attempts", self.attempts, LEAST_ATTEMPTS, MOST_ATTEMPTS)
        _check("interval_s", self.interval_s, SHORTEST_INTERVAL_S, LONGEST_INTERVAL_S)
        for outcome, interval in self.intervals.items():
            _check(f"intervals.{outcome}", interval, SHORTEST_INTERVAL_S, LONGEST_INTERVAL_S)
        _check("carousel_delay_s", self.carousel_delay_s, 0, LONGEST_INTERVAL_S)
        if never := sorted(self.outcomes & _NEVER):
            raise BadInput("retry_outcome", mark("outcomes: {outcome} is never retried"), outcome=never[0].value)


def plan(policy: RetryPolicy, history: Sequence[PastAttempt], ended_at: datetime) -> Again | Done:
    """What follows the last of ``history``: all attempts at one contact in this run, oldest first, at least one; it
    ended at ``ended_at``."""
    last = history[-1]
    if any(attempt.result is Result.BLACKLIST for attempt in history):
        return Done(Finished.BLACKLISTED)
    if last.outcome is Outcome.ANSWERED and not (policy.machines and last.result is Result.MACHINE):
        return Done(Finished.ANSWERED)
    if last.outcome is not Outcome.ANSWERED and last.outcome not in policy.outcomes:
        return Done(Finished.NOT_RETRIED)
    if sum(not attempt.carousel for attempt in history) < policy.attempts:
        return Again(
            ended_at + timedelta(seconds=policy.intervals.get(last.outcome, policy.interval_s)), carousel=False
        )
    if policy.carousel and not any(attempt.carousel for attempt in history):
        return Again(ended_at + timedelta(seconds=policy.carousel_delay_s), carousel=True)
    return Done(Finished.EXHAUSTED)


def _check(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise BadInput(
            "retry_out_of_bounds",
            mark("{field} must be from {least} to {most}, not {value}"),
            field=name,
            least=least,
            most=most,
            value=value,
        )
