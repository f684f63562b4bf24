from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dialer.retry import DEFAULT_OUTCOMES, Again, Done, Finished, RetryPolicy, plan
from engine.domain.attempt import PastAttempt, Result
from engine.domain.errors import BadInput
from engine.domain.outcome import Outcome

ENDED = datetime(2026, 3, 1, 12, tzinfo=UTC)
NO_ANSWER = PastAttempt(Outcome.NO_ANSWER)
MACHINE = PastAttempt(Outcome.ANSWERED, Result.MACHINE)

policies = st.builds(
    RetryPolicy,
    attempts=st.sampled_from([1, 3, 4, 7, 20]),
    interval_s=st.integers(60, 12_000),
    outcomes=st.frozensets(st.sampled_from(sorted(DEFAULT_OUTCOMES | {Outcome.DECLINED}))),
    intervals=st.dictionaries(st.sampled_from(Outcome), st.integers(60, 12_000)),
    machines=st.booleans(),
    carousel=st.booleans(),
    carousel_delay_s=st.integers(0, 12_000),
)
results = st.builds(PastAttempt, st.sampled_from(Outcome), st.none() | st.sampled_from(Result))


def _after(seconds: int) -> datetime:
    return ENDED + timedelta(seconds=seconds)


@given(policies, st.lists(results, min_size=25, max_size=25))
def test_a_contact_is_called_a_bounded_number_of_times_and_the_carousel_once_at_the_end(
    policy: RetryPolicy, answers: list[PastAttempt]
) -> None:
    history: list[PastAttempt] = []
    carousel = False
    for answer in answers:
        history.append(PastAttempt(answer.outcome, answer.result, carousel))
        step = plan(policy, history, ENDED)
        if isinstance(step, Done):
            break
        assert not carousel, "nothing follows the carousel"
        carousel = step.carousel
        wait = (step.at - ENDED).total_seconds()
        assert (wait >= 0 if carousel else wait >= 60) and wait <= 12_000
        assert history[-1].outcome is not Outcome.INVALID_NUMBER
        assert history[-1].result is not Result.BLACKLIST
    assert isinstance(step, Done)
    assert len(history) <= policy.attempts + policy.carousel
    if step.reason is Finished.EXHAUSTED:
        assert len(history) == policy.attempts + policy.carousel


def test_three_attempts_then_the_carousel_then_the_end() -> None:
    policy = RetryPolicy(attempts=3, interval_s=90, carousel=True, carousel_delay_s=5)
    assert plan(policy, [NO_ANSWER], ENDED) == Again(_after(90), carousel=False)
    assert plan(policy, [NO_ANSWER] * 2, ENDED) == Again(_after(90), carousel=False)
    assert plan(policy, [NO_ANSWER] * 3, ENDED) == Again(_after(5), carousel=True)
    tried = PastAttempt(Outcome.BUSY, carousel=True)
    assert plan(policy, [*[NO_ANSWER] * 3, tried], ENDED) == Done(Finished.EXHAUSTED)


def test_without_retries_the_carousel_follows_the_first_failure() -> None:
    assert plan(RetryPolicy(carousel=True), [NO_ANSWER], ENDED) == Again(_after(60), carousel=True)
    assert plan(RetryPolicy(), [NO_ANSWER], ENDED) == Done(Finished.EXHAUSTED)


def test_an_outcome_may_have_its_own_interval() -> None:
    policy = RetryPolicy(attempts=3, intervals={Outcome.BUSY: 300})
    assert plan(policy, [PastAttempt(Outcome.BUSY)], ENDED) == Again(_after(300), carousel=False)
    assert plan(policy, [NO_ANSWER], ENDED) == Again(_after(60), carousel=False)


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        (PastAttempt(Outcome.ANSWERED), Finished.ANSWERED),
        (PastAttempt(Outcome.ANSWERED, Result.LEAD), Finished.ANSWERED),
        (PastAttempt(Outcome.ANSWERED, Result.BLACKLIST), Finished.BLACKLISTED),
        (MACHINE, Finished.ANSWERED),
        (PastAttempt(Outcome.INVALID_NUMBER), Finished.NOT_RETRIED),
        (PastAttempt(Outcome.DECLINED), Finished.NOT_RETRIED),
    ],
)
def test_what_is_not_retried(last: PastAttempt, reason: Finished) -> None:
    assert plan(RetryPolicy(attempts=3, carousel=True), [last], ENDED) == Done(reason)


def test_declined_and_machines_are_retried_when_asked_for() -> None:
    policy = RetryPolicy(
        attempts=3,
        outcomes=DEFAULT_OUTCOMES | {Outcome.DECLINED},
        intervals={Outcome.ANSWERED: 600},
        machines=True,
    )
    assert plan(policy, [PastAttempt(Outcome.DECLINED)], ENDED) == Again(_after(60), carousel=False)
    assert plan(policy, [MACHINE], ENDED) == Again(_after(600), carousel=False)
    assert plan(policy, [PastAttempt(Outcome.ANSWERED, Result.LEAD)], ENDED) == Done(Finished.ANSWERED)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: RetryPolicy(attempts=2), "attempts must be from 3 to 20, not 2"),
        (lambda: RetryPolicy(attempts=0), "attempts must be from 3 to 20, not 0"),
        (lambda: RetryPolicy(attempts=21), "attempts must be from 3 to 20, not 21"),
        (lambda: RetryPolicy(interval_s=59), "interval_s must be from 60 to 12000, not 59"),
        (lambda: RetryPolicy(interval_s=12_001), "interval_s must be from 60 to 12000, not 12001"),
        (lambda: RetryPolicy(carousel_delay_s=-1), "carousel_delay_s must be from 0 to 12000, not -1"),
        (lambda: RetryPolicy(intervals={Outcome.BUSY: 1}), "intervals.busy must be from 60 to 12000, not 1"),
        (
            lambda: RetryPolicy(outcomes=frozenset({Outcome.INVALID_NUMBER})),
            "outcomes: invalid_number is never retried",
        ),
        (lambda: RetryPolicy(outcomes=frozenset({Outcome.ANSWERED})), "outcomes: answered is never retried"),
    ],
)
def test_bad_policies_name_the_field_and_its_bounds(make: Callable[[], RetryPolicy], says: str) -> None:
    with pytest.raises(BadInput) as caught:
        make()
    assert str(caught.value) == says
