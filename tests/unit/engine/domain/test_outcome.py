from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.outcome import Outcome, classify, describe


@pytest.mark.parametrize(
    ("sip", "outcome"),
    [
        (403, Outcome.DECLINED),
        (404, Outcome.INVALID_NUMBER),
        (410, Outcome.INVALID_NUMBER),
        (480, Outcome.UNREACHABLE),
        (484, Outcome.INVALID_NUMBER),
        (486, Outcome.BUSY),
        (488, Outcome.FAILED),
        (500, Outcome.FAILED),
        (503, Outcome.CONGESTION),
        (600, Outcome.BUSY),
        (603, Outcome.DECLINED),
        (604, Outcome.INVALID_NUMBER),
        (607, Outcome.DECLINED),
        (608, Outcome.DECLINED),
        (401, Outcome.FAILED),
        (407, Outcome.FAILED),
        (302, Outcome.FAILED),
    ],
)
def test_a_final_status_decides_whatever_the_cause_says(sip: int, outcome: Outcome) -> None:
    assert {classify(answered=False, sip=sip, q850=q850) for q850 in range(128)} == {outcome}
    assert classify(answered=False, sip=sip, early_media=True) is outcome


@pytest.mark.parametrize(
    ("q850", "outcome"),
    [
        (1, Outcome.INVALID_NUMBER),
        (17, Outcome.BUSY),
        (18, Outcome.UNREACHABLE),
        (19, Outcome.NO_ANSWER),
        (20, Outcome.UNREACHABLE),
        (21, Outcome.DECLINED),
        (28, Outcome.INVALID_NUMBER),
        (34, Outcome.CONGESTION),
        (38, Outcome.FAILED),
        (42, Outcome.CONGESTION),
        (44, Outcome.CONGESTION),
        (127, Outcome.FAILED),
    ],
)
def test_a_cause_decides_where_no_status_came(q850: int, outcome: Outcome) -> None:
    assert classify(answered=False, q850=q850) is outcome
    assert classify(answered=False, q850=q850, sip=183) is outcome, "a provisional status is not final"


def test_early_media_and_ringing_are_no_answer() -> None:
    assert classify(answered=False, timed_out=True, early_media=True) is Outcome.NO_ANSWER
    assert classify(answered=False, sip=480, q850=19, early_media=True) is Outcome.UNREACHABLE


def test_a_timeout_is_no_answer_only_when_the_far_end_was_reached() -> None:
    assert classify(answered=False, timed_out=True, ringing=True) is Outcome.NO_ANSWER
    assert classify(answered=False, timed_out=True, sip=487) is Outcome.NO_ANSWER
    assert classify(answered=False, timed_out=True) is Outcome.UNREACHABLE
    assert classify(answered=False, timed_out=True, q850=19) is Outcome.UNREACHABLE, "our own CANCEL proves nothing"


def test_a_request_timeout_depends_on_ringing() -> None:
    assert classify(answered=False, sip=408, q850=18, ringing=True) is Outcome.NO_ANSWER
    assert classify(answered=False, sip=408, q850=18) is Outcome.UNREACHABLE
    assert classify(answered=False, q850=18, ringing=True) is Outcome.NO_ANSWER


def test_our_own_cancellation_is_failed_unless_the_network_was_first() -> None:
    assert classify(answered=False, cancelled=True, sip=487, ringing=True) is Outcome.FAILED
    assert classify(answered=False, cancelled=True, q850=16) is Outcome.FAILED
    assert classify(answered=False, cancelled=True, sip=486) is Outcome.BUSY


@pytest.mark.parametrize(("sip", "like"), [(499, 400), (599, 500), (699, 600), (399, 300)])
def test_an_unknown_status_counts_as_its_class(sip: int, like: int) -> None:
    assert classify(answered=False, sip=sip) is classify(answered=False, sip=like)


def test_an_unknown_cause_counts_as_its_class() -> None:
    assert classify(answered=False, q850=13) is classify(answered=False, q850=31) is Outcome.UNREACHABLE
    assert classify(answered=False, q850=36) is classify(answered=False, q850=47) is Outcome.CONGESTION
    assert classify(answered=False, q850=120) is classify(answered=False, q850=0) is Outcome.FAILED


def test_every_status_and_cause_has_an_outcome_that_is_not_answered() -> None:
    for code in range(-1, 1000):
        for outcome in (classify(answered=False, sip=code), classify(answered=False, q850=code)):
            assert isinstance(outcome, Outcome)
            assert outcome is not Outcome.ANSWERED


@given(st.integers(), st.integers(), st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_total_and_answered_exactly_when_answered(
    q850: int, sip: int, answered: bool, timed_out: bool, cancelled: bool, ringing: bool, early: bool
) -> None:
    outcome = classify(
        answered=answered,
        q850=q850,
        sip=sip,
        timed_out=timed_out,
        cancelled=cancelled,
        ringing=ringing,
        early_media=early,
    )
    assert (outcome is Outcome.ANSWERED) == answered


def test_describe() -> None:
    assert describe(17, 486) == "486 Busy Here / 17 user busy"
    assert describe(0, 503) == "503 Service Unavailable"
    assert describe(19, 0) == "19 no answer"
    assert describe(77, 499) == "499 / 77"
    assert describe(0, 0) == "no cause"


@pytest.mark.parametrize("sip", [408, 480, 487])
def test_whatever_confirms_our_cancel_is_no_answer(sip: int) -> None:
    assert classify(answered=False, q850=19, sip=sip, timed_out=True, ringing=True) is Outcome.NO_ANSWER


def test_a_final_answer_that_crosses_our_cancel_counts() -> None:
    assert classify(answered=False, q850=17, sip=486, timed_out=True, ringing=True) is Outcome.BUSY
    assert classify(answered=False, q850=19, sip=480, ringing=True) is Outcome.UNREACHABLE
