from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.amd_tools.decisions import Chances, Decision, Table, chosen, decided, outcome, quality
from engine.media.amd import Limits

LIMITS = Limits(0.9, 0.7, 0.05, 0.3, 0.02, 0.08, 0.7)


def call(
    values: list[float], *, voice_s: float = 0.9, tone_s: float = math.inf, person: bool = True, origin: float = 0.0
) -> Chances:
    return Chances(
        np.array([0.5 * (step + 1) for step in range(len(values))], dtype=np.float64),
        np.array(values),
        voice_s,
        tone_s,
        person,
        origin,
        values[-1] if values else math.nan,
    )


@pytest.mark.parametrize(
    ("values", "tone_s", "expected"),
    [
        ([0.5, 0.95, 0.1], math.inf, Decision(1.0, True, True)),
        ([0.5, 0.95, 0.01, 0.5], math.inf, Decision(1.0, True, False)),
        ([0.5, 0.95, 0.07, 0.5], math.inf, Decision(1.0, True, True)),
        ([0.5, 0.95, 0.5, 0.07], math.inf, Decision(1.0, True, False)),
        ([0.5, 0.8, 0.8, 0.8, 0.8, 0.8], math.inf, Decision(2.5, True, True)),
        ([0.5, 0.04, 0.99], math.inf, Decision(1.0, False, False)),
        ([0.5, 0.5], math.inf, Decision(4.0, True, True)),
        ([0.5, 0.2], math.inf, Decision(4.0, False, False)),
        ([], math.inf, Decision(4.0, True, True)),
        ([0.5, 0.95], 0.7, Decision(0.7, False, False)),
        ([0.5, 0.95], 2.0, Decision(1.0, True, False)),
    ],
)
def test_when_a_verdict_falls(values: list[float], tone_s: float, expected: Decision) -> None:
    assert decided(call(values, tone_s=tone_s), LIMITS, 4.0) == expected


def test_nobody_who_may_be_a_person_waits_long() -> None:
    limits = replace(LIMITS, person_last=0.4)
    hesitant = [0.5] * 8
    assert decided(call(hesitant), limits, 4.0) == Decision(2.5, True, True)
    assert decided(call(hesitant, voice_s=1.2), limits, 4.0) == Decision(4.0, True, True)
    assert decided(call(hesitant), LIMITS, 4.0) == Decision(4.0, True, True)


def test_a_late_person_is_timed_from_his_word() -> None:
    late = call([0.5, 0.5, 0.5, 0.95], origin=1.5)
    assert outcome(late, decided(late, LIMITS, 4.0)) == (True, True, 0.5)


def test_quality() -> None:
    found = quality([(True, True, 1.0), (True, True, 3.0), (True, False, 2.0), (False, False, 2.5), (False, True, 1.0)])
    assert found.calls == 5
    assert found.accuracy == pytest.approx(0.6)
    assert found.people_lost == pytest.approx(1 / 3)
    assert found.machines_missed == pytest.approx(1 / 2)
    assert (found.human_p50_s, found.machine_p50_s) == (2.0, 2.5)
    assert quality([]).accuracy == 1.0


def test_limits_that_divide_clear_calls() -> None:
    people = [call([0.5, 0.99], person=True) for _ in range(20)]
    machines = [call([0.5, 0.5, 0.001], person=False) for _ in range(20)]
    _, found = chosen(people + machines, 4.0)
    assert found.accuracy == 1.0
    assert found.human_p50_s == 1.0


CALLS = st.builds(
    call,
    st.lists(st.sampled_from([0.0005, 0.002, 0.04, 0.3, 0.55, 0.75, 0.85, 0.95]), max_size=8),
    voice_s=st.sampled_from([0.2, 1.0, 2.4]),
    tone_s=st.sampled_from([0.7, 1.5, 3.0, math.inf]),
    person=st.booleans(),
    origin=st.sampled_from([0.0, 0.4]),
)


@given(st.lists(CALLS, min_size=1, max_size=12), st.sampled_from([0.7, 0.9]), st.sampled_from([0.05, 0.4]))
def test_all_calls_at_once_are_decided_as_one_by_one(calls: list[Chances], person_from: float, last: float) -> None:
    limits = Limits(person_from, 0.6, 0.003, 0.2, 0.002, last, 0.5)
    first = Table(calls, 4.0).first(limits.person_from, limits.person_later, limits.person_last, limits.machine_to)
    assert first.quality(limits.machine_at_deadline, limits.revise_to, limits.revise_at_deadline) == quality(
        [outcome(each, decided(each, limits, 4.0)) for each in calls]
    )
