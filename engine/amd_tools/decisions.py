"""When a verdict falls: from the course of the classifier's probability to decision times, and the limits that suit best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from engine.media.amd import LATER_S, PATIENCE_S, Limits, origin

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Chances:
    """One call: probabilities of a person at ``times``; ``voice_s`` when the first voice came; ``tone_s`` when a tone tells a
    machine; ``person`` the truth; ``origin``: when the clock for its speed starts, 0 or the first voice of a person who is late.
    ``closing``: the probability at the deadline, NaN where nothing was heard.
    """

    times: Floats
    values: Floats
    voice_s: float
    tone_s: float
    person: bool
    origin: float
    closing: float


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
    """As ``engine.media.amd`` decides."""
    values, times = call.values, call.times
    person = values >= np.array([limits.person(at, call.voice_s) for at in times.tolist()])
    sure = np.flatnonzero(person | (values <= limits.machine_to))
    at = float(times[sure[0]]) if len(sure) else math.inf
    if call.tone_s <= min(at, deadline):
        return Decision(call.tone_s, False, False)
    if at > deadline:
        taken = not call.closing <= limits.machine_at_deadline
        return Decision(deadline, taken, taken)
    if not person[sure[0]]:
        return Decision(at, False, False)
    after = values[sure[0] :]
    revised = call.tone_s <= deadline or after.min() <= limits.revise_to or call.closing <= limits.revise_at_deadline
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


def quantile(values: Sequence[float] | Floats, share: float) -> float:
    return float(np.quantile(values, share)) if len(values) else 0.0


PERSON_FROM, PERSON_LATER, PERSON_LAST = (
    (0.7, 0.8, 0.86, 0.9, 0.94),
    (0.4, 0.5, 0.6, 0.7, 0.8),
    (0.1, 0.2, 0.3, 0.5, 0.7),
)
MACHINE_TO, AT_DEADLINE, REVISE_TO = (0.001, 0.003, 0.01), (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5), (0.0, 0.005, 0.02)


def chosen(calls: Sequence[Chances], deadline: float) -> tuple[Limits, Quality]:
    """The limits of least ``_cost``. Qualities are of the verdicts in force at the deadline; times, of the first ones."""
    table = Table(calls, deadline)
    best: tuple[float, Limits] | None = None
    for person_from, later, last, machine_to in product(PERSON_FROM, PERSON_LATER, PERSON_LAST, MACHINE_TO):
        if not last <= later <= person_from:
            continue
        first = table.first(person_from, later, last, machine_to)
        for deadline_limit, revise_to, revise_last in product(AT_DEADLINE, REVISE_TO, AT_DEADLINE):
            cost = _cost(first.quality(deadline_limit, revise_to, revise_last), first.talked_to)
            if best is None or cost < best[0]:
                best = cost, Limits(person_from, later, machine_to, deadline_limit, revise_to, revise_last, last)
    assert best is not None
    return best[1], quality([outcome(call, decided(call, best[1], deadline)) for call in calls])


class Table:
    """All calls at once, for thousands of combinations: ``values`` calls × steps, without a value where nothing was asked."""

    def __init__(self, calls: Sequence[Chances], deadline: float) -> None:
        steps = max(1, *(len(call.values) for call in calls))
        self.values, self.times = np.full((2, len(calls), steps), np.nan)
        for row, call in enumerate(calls):
            self.values[row, : len(call.values)], self.times[row, : len(call.times)] = call.values, call.times
        self.later = self.times - np.array([[call.voice_s] for call in calls]) >= LATER_S - 1e-9
        self.last_call = self.times - np.array([[origin(call.voice_s)] for call in calls]) >= PATIENCE_S - 1e-9
        self.least = np.fmin.accumulate(self.values[:, ::-1], axis=1)[:, ::-1]
        self.last = np.array([call.closing for call in calls])
        self.tone = np.array([call.tone_s for call in calls])
        self.person = np.array([call.person for call in calls])
        self.origin = np.array([call.origin if call.person else 0.0 for call in calls])
        self.deadline = deadline

    def first(self, person_from: float, later: float, last: float, machine_to: float) -> _First:
        """What does not depend on the limits of revision and deadline."""
        person = self.values >= np.where(self.last_call, last, np.where(self.later, later, person_from))
        sure = person | (self.values <= machine_to)
        step, row = sure.argmax(axis=1), np.arange(len(sure))
        at = np.where(sure.any(axis=1), self.times[row, step], math.inf)
        tone = self.tone <= np.minimum(at, self.deadline)
        late = ~tone & (at > self.deadline)
        taken = ~tone & ~late & person[row, step]
        seconds = np.where(tone, self.tone, np.minimum(at, self.deadline)) - self.origin
        return _First(self, seconds, late, taken & (self.tone > self.deadline), taken, self.least[row, step])


@dataclass(frozen=True, slots=True)
class _First:
    """First verdicts. ``late``: decided by the deadline only; ``hasty``: taken for a person before; ``kept``: those no tone
    revises; ``least``: the least probability since the verdict.
    """

    table: Table
    seconds: Floats
    late: NDArray[np.bool_]
    kept: NDArray[np.bool_]
    hasty: NDArray[np.bool_]
    least: Floats

    @property
    def talked_to(self) -> float:
        """Share of machines that are first taken for people."""
        machines = ~self.table.person
        return float((machines & self.hasty).sum()) / max(1, int(machines.sum()))

    def quality(self, machine_at_deadline: float, revise_to: float, revise_at_deadline: float) -> Quality:
        """As the function of that name."""
        table = self.table
        revised = (self.least <= revise_to) | (table.last <= revise_at_deadline)
        taken = (self.kept & ~revised) | (self.late & ~(table.last <= machine_at_deadline))
        lost, missed = table.person & ~taken, ~table.person & taken
        human, machine = self.seconds[table.person & taken], self.seconds[~table.person & ~taken]
        return Quality(
            len(taken),
            1 - float((lost | missed).mean()),
            float(lost.sum()) / max(1, int(table.person.sum())),
            float(missed.sum()) / max(1, int((~table.person).sum())),
            quantile(human, 0.5), quantile(human, 0.95), quantile(machine, 0.5),
        )  # fmt: skip


def outcome(call: Chances, decision: Decision) -> tuple[bool, bool, float]:
    """What :func:`quality` counts."""
    return call.person, decision.final, decision.at - (call.origin if call.person else 0.0)


def _cost(result: Quality, talked_to: float) -> float:
    """A lost person weighs four missed machines; a machine that is talked to before it is told, a fifth of a missed one; a second in the
    median of people's decisions 10 % of machines, at p95 beyond 2.35 s 20 %.
    """
    return (
        4 * result.people_lost
        + result.machines_missed
        + 0.2 * talked_to
        + 0.1 * max(0.0, result.human_p50_s - 1.15)
        + 0.2 * max(0.0, result.human_p95_s - 2.35)
    )
