"""When a verdict falls: from the course of the classifier's probability to decision times, and the limits that suit best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Chances:
    """One call: probabilities of a person at ``times``; ``tone_s`` when a tone tells a machine; ``person`` the truth;
    ``origin``: when the clock for its speed starts, 0 or the first voice of a person who is late.
    """

    times: Floats
    values: Floats
    tone_s: float
    person: bool
    origin: float


@dataclass(frozen=True, slots=True)
class Limits:
    person_from: float
    machine_to: float
    machine_at_deadline: float


@dataclass(frozen=True, slots=True)
class Quality:
    """Shares are fractions; times seconds, of people taken for people and machines taken for machines."""

    calls: int
    accuracy: float
    people_lost: float
    machines_missed: float
    human_p50_s: float
    human_p95_s: float
    machine_p50_s: float


def decided(call: Chances, limits: Limits, deadline: float) -> tuple[bool, float]:
    """(taken for a person, when)."""
    sure = np.flatnonzero((call.values >= limits.person_from) | (call.values <= limits.machine_to))
    at = float(call.times[sure[0]]) if len(sure) else math.inf
    if call.tone_s <= min(at, deadline):
        return False, call.tone_s
    if at <= deadline:
        return bool(call.values[sure[0]] >= limits.person_from), at
    return not (len(call.values) and call.values[-1] <= limits.machine_at_deadline), deadline


def quality(outcomes: Sequence[tuple[bool, bool, float]]) -> Quality:
    """``outcomes``: (truth is a person, taken for a person, seconds). Nothing is 0 where there is nothing to count."""
    people = [(taken, at) for person, taken, at in outcomes if person]
    machines = [(taken, at) for person, taken, at in outcomes if not person]
    lost, missed = sum(not taken for taken, _ in people), sum(taken for taken, _ in machines)
    human = [at for taken, at in people if taken]
    machine = [at for taken, at in machines if not taken]
    return Quality(
        len(outcomes),
        1 - (lost + missed) / max(1, len(outcomes)),
        lost / max(1, len(people)),
        missed / max(1, len(machines)),
        quantile(human, 0.5),
        quantile(human, 0.95),
        quantile(machine, 0.5),
    )


def quantile(values: Sequence[float], share: float) -> float:
    return float(np.quantile(values, share)) if len(values) else 0.0


def chosen(calls: Sequence[Chances], deadline: float, most_lost: float, most_missed: float) -> tuple[Limits, Quality]:
    """The limits that decide about people soonest with at most those shares lost and missed; if there are none, those that
    come nearest.
    """
    best: tuple[tuple[float, ...], Limits, Quality] | None = None
    for high, low, late in product(
        (0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.965, 0.98, 0.99),
        (0.003, 0.005, 0.01, 0.02, 0.03, 0.05),
        (0.1, 0.2, 0.3, 0.4, 0.5),
    ):
        limits = Limits(high, low, late)
        outcomes = []
        for call in calls:
            taken, at = decided(call, limits, deadline)
            outcomes.append((call.person, taken, at - (call.origin if call.person else 0.0)))
        result = quality(outcomes)
        excess = max(0.0, result.people_lost - most_lost) * 2 + max(0.0, result.machines_missed - most_missed)
        rank = (round(excess, 6), result.human_p50_s + 0.4 * result.human_p95_s, -result.accuracy)
        if best is None or rank < best[0]:
            best = (rank, limits, result)
    assert best is not None
    return best[1], best[2]
