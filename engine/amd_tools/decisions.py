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
    revise_to: float


@dataclass(frozen=True, slots=True)
class Decision:
    """``at``: when the first verdict fell; ``first``/``final``: taken for a person then, and at the deadline."""

    at: float
    first: bool
    final: bool


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


def decided(call: Chances, limits: Limits, deadline: float) -> Decision:
    values, times = call.values, call.times
    sure = np.flatnonzero((values >= limits.person_from) | (values <= limits.machine_to))
    at = float(times[sure[0]]) if len(sure) else math.inf
    if call.tone_s <= min(at, deadline):
        return Decision(call.tone_s, False, False)
    if at > deadline:
        person = not (len(values) and values[-1] <= limits.machine_at_deadline)
        return Decision(deadline, person, person)
    if values[sure[0]] < limits.person_from:
        return Decision(at, False, False)
    revised = call.tone_s <= deadline or bool((values[sure[0] :] <= limits.revise_to).any())
    return Decision(at, True, not revised)


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


def chosen(calls: Sequence[Chances], deadline: float) -> tuple[Limits, Quality]:
    """The limits of least ``_cost``. Qualities are of the verdicts in force at the deadline; times, of the first ones."""
    best: tuple[float, Limits, Quality] | None = None
    for values in product(
        (0.8, 0.86, 0.9, 0.92, 0.94, 0.96, 0.98), (0.001, 0.003, 0.008), (0.05, 0.1, 0.2, 0.35),
        (0.0, 0.005, 0.01, 0.02, 0.04, 0.08),
    ):  # fmt: skip
        limits = Limits(*values)
        result = quality([outcome(call, decided(call, limits, deadline)) for call in calls])
        cost = _cost(result)
        if best is None or cost < best[0]:
            best = (cost, limits, result)
    assert best is not None
    return best[1], best[2]


def outcome(call: Chances, decision: Decision) -> tuple[bool, bool, float]:
    """What :func:`quality` counts."""
    return call.person, decision.final, decision.at - (call.origin if call.person else 0.0)


def _cost(result: Quality) -> float:
    """A lost person weighs four machines; a second in the median of people's decisions, 2 % of machines."""
    return (
        4 * max(0.0, result.people_lost - 0.008)
        + max(0.0, result.machines_missed - 0.025)
        + 0.3 * (1 - result.accuracy)
        + 0.02 * max(0.0, result.human_p50_s - 1.15)
        + 0.01 * max(0.0, result.human_p95_s - 2.4)
    )
