from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dialer.breaker import BreakerPolicy, BreakerState, Fact, feed, trunk_failed, verdict
from engine.domain.errors import BadInput
from engine.domain.outcome import Outcome

DEAD = Fact(Outcome.CONGESTION, sip=503, q850=34)
FINE = Fact(Outcome.BUSY, sip=486, q850=17)
facts = st.builds(Fact, st.sampled_from(Outcome), st.sampled_from([0, 408, 480, 486, 503]), st.integers(0, 127))


def _fed(facts: Iterable[Fact], policy: BreakerPolicy | None = None) -> BreakerState:
    state = BreakerState(policy or BreakerPolicy())
    for fact in facts:
        state = feed(state, fact)
    return state


def test_a_dead_trunk_trips_at_the_tenth_call_and_says_why() -> None:
    assert verdict(_fed([DEAD] * 9)) is None
    trip = verdict(_fed([*[DEAD] * 7, *[Fact(Outcome.FAILED, sip=500)] * 3]))
    assert trip is not None
    assert dict(trip.counts) == {"503 Service Unavailable / 34 no circuit available": 7, "500 Server Internal Error": 3}
    assert trip.reason == (
        "The trunk failed for 10 of the last 10 calls: "
        "503 Service Unavailable / 34 no circuit available ×7, 500 Server Internal Error ×3"
    )


def test_one_good_call_of_twenty_does_not_hide_a_dead_trunk_but_two_do() -> None:
    assert verdict(_fed([FINE, *[DEAD] * 18])) is None
    assert verdict(_fed([FINE, *[DEAD] * 19])) is not None
    assert verdict(_fed([FINE, FINE, *[DEAD] * 18])) is None


def test_old_calls_are_forgotten() -> None:
    assert verdict(_fed([*[FINE] * 1000, *[DEAD] * 19])) is not None
    assert verdict(_fed([*[DEAD] * 19, *[FINE] * 2])) is None


def test_our_own_cancellations_leave_no_trace() -> None:
    assert _fed([Fact(Outcome.FAILED, ours=True)] * 50) == BreakerState()


@pytest.mark.parametrize(
    ("fact", "failed"),
    [
        (Fact(Outcome.CONGESTION, q850=34), True),
        (Fact(Outcome.FAILED, sip=401), True),
        (Fact(Outcome.DECLINED, sip=403), True),
        (Fact(Outcome.DECLINED, sip=603), False),
        (Fact(Outcome.DECLINED, q850=21), False),
        (Fact(Outcome.UNREACHABLE, sip=408, q850=18), True),
        (Fact(Outcome.UNREACHABLE), True),
        (Fact(Outcome.UNREACHABLE, sip=480, q850=19), False),
        (Fact(Outcome.UNREACHABLE, q850=20), False),
        (Fact(Outcome.NO_ANSWER, sip=487), False),
        (Fact(Outcome.INVALID_NUMBER, sip=404), False),
        (Fact(Outcome.ANSWERED), False),
        (Fact(Outcome.FAILED, ours=True), False),
    ],
)
def test_what_counts_against_the_trunk(fact: Fact, failed: bool) -> None:
    assert trunk_failed(fact) is failed


@given(st.lists(facts, max_size=60), st.integers(1, 30), st.integers(1, 30), st.floats(0.01, 1))
def test_it_trips_exactly_at_its_share_of_the_last_calls(
    fed: list[Fact], window: int, least: int, share: float
) -> None:
    policy = BreakerPolicy(window, min(least, window), share)
    state = _fed(fed, policy)
    seen = [trunk_failed(fact) for fact in fed[-window:]]
    assert len(state.marks) == len(seen)
    trip = verdict(state)
    assert (trip is not None) == (len(seen) >= policy.min_calls and sum(seen) >= share * len(seen))
    if trip:
        assert trip.failed == sum(trip.counts.values()) == sum(seen)
        assert trip.calls == len(seen)


@given(st.lists(st.sampled_from([FINE, Fact(Outcome.NO_ANSWER), Fact(Outcome.INVALID_NUMBER, 404)]), max_size=60))
def test_a_bad_list_never_trips(fed: list[Fact]) -> None:
    assert verdict(_fed(fed)) is None


@pytest.mark.parametrize(
    "policy", [(0, 1, 0.9), (1001, 1, 0.9), (20, 0, 0.9), (20, 21, 0.9), (20, 10, 0.0), (20, 10, 1.1)]
)
def test_bad_policies(policy: tuple[int, int, float]) -> None:
    with pytest.raises(BadInput):
        BreakerPolicy(*policy)
