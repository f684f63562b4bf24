from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dialer.pacer import MOST_BURST, MOST_PER_HOUR, Limit, Pace, Rate, grant, room
from engine.domain.errors import BadInput

NOW = 1_765_000_000.0
limits: st.SearchStrategy[Limit] = st.one_of(
    st.builds(Pace, st.integers(1, 100_000), st.integers(1, 50)),
    st.builds(Rate, st.floats(min_value=0.01, max_value=200), st.integers(1, 50)),
)
asks = st.lists(st.tuples(st.floats(min_value=0, max_value=5_000), st.integers(0, 80)), min_size=1, max_size=40)


def _run(limit: Limit, steps: list[tuple[float, int]], now: float = NOW) -> list[tuple[float, int]]:
    tat: float | None = None
    granted = []
    for pause, wanted in steps:
        now += pause
        got = grant(limit, tat, now, wanted)
        tat = got.tat
        granted.append((now, got.count))
    return granted


@given(limits, asks)
def test_no_interval_holds_more_than_the_burst_and_the_rate(limit: Limit, steps: list[tuple[float, int]]) -> None:
    granted = _run(limit, steps)
    for first in range(len(granted)):
        total = 0
        for at, count in granted[first:]:
            total += count
            allowed = limit.burst + (at - granted[first][0] + 1e-5) / limit.interval_s
            assert total <= math.floor(allowed)


@given(limits, asks)
def test_never_more_than_asked_for(limit: Limit, steps: list[tuple[float, int]]) -> None:
    assert all(0 <= count <= wanted for (_, count), (_, wanted) in zip(_run(limit, steps), steps, strict=True))


@given(limits, asks, st.floats(min_value=0, max_value=1e6))
def test_a_pause_earns_one_burst_and_no_more(limit: Limit, steps: list[tuple[float, int]], pause: float) -> None:
    granted = _run(limit, [*steps, (limit.burst * limit.interval_s + pause, 10_000)])
    assert granted[-1][1] in (limit.burst, limit.burst + 1)
    assert _run(limit, [(0, 10_000)])[0][1] == limit.burst, "a fresh start is one burst too"


@given(limits, asks)
def test_waiting_as_told_gives_the_next_call(limit: Limit, steps: list[tuple[float, int]]) -> None:
    tat: float | None = None
    now = NOW
    for pause, wanted in steps:
        now += pause
        got = grant(limit, tat, now, wanted)
        assert got.count == wanted or got.wait_s > 0
        assert 0 <= got.wait_s <= limit.interval_s + 1e-5
        now += got.wait_s
        tat = got.tat
        assert room(limit, tat, now) >= 1


@given(st.integers(1, 36_000), st.integers(1, 10))
def test_a_dialer_that_always_asks_reaches_its_speed(per_hour: int, burst: int) -> None:
    pace = Pace(per_hour, burst)
    tat: float | None = None
    now, calls = NOW, 0
    while calls < 500:
        got = grant(pace, tat, now, 1)
        calls += got.count
        tat = got.tat
        now += got.wait_s
    assert (now - NOW) / pace.interval_s == pytest.approx(calls - burst + 1, abs=0.01 + 1e-3 / pace.interval_s)


def test_calls_are_spaced_evenly() -> None:
    pace = Pace(per_hour=360, burst=1)
    first = grant(pace, None, NOW, 5)
    assert (first.count, first.wait_s) == (1, 10.0)
    assert grant(pace, first.tat, NOW + 9.9, 1).count == 0
    assert grant(pace, first.tat, NOW + 10, 1).count == 1


@given(limits, st.floats(min_value=0.001, max_value=1e7))
def test_a_clock_set_back_gives_neither_a_burst_nor_a_stall(limit: Limit, back: float) -> None:
    used = grant(limit, None, NOW, limit.burst)
    later = grant(limit, used.tat, NOW - back, 10_000)
    assert later.count == 0
    assert (
        later.wait_s <= limit.interval_s * (limit.burst if back < limit.burst * limit.interval_s else 1) + back + 1e-5
    )
    if back > 1:
        assert later.wait_s <= limit.interval_s + 1e-3
    assert grant(limit, later.tat, NOW - back + later.wait_s, 10_000).count == 1


def test_a_faster_pace_takes_effect_at_once() -> None:
    slow = grant(Pace(per_hour=1), None, NOW, 1)
    assert grant(Pace(per_hour=3600), slow.tat, NOW, 1).wait_s == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Pace(0), "per_hour"),
        (lambda: Pace(MOST_PER_HOUR + 1), "per_hour"),
        (lambda: Pace(10, 0), "burst"),
        (lambda: Pace(10, MOST_BURST + 1), "burst"),
        (lambda: Rate(0.0), "per_second"),
        (lambda: Rate(math.nan), "per_second"),
        (lambda: Rate(math.inf), "per_second"),
    ],
)
def test_bounds_are_named(make: Callable[[], Limit], field: str) -> None:
    with pytest.raises(BadInput, match=field) as caught:
        make()
    assert caught.value.code == "pace_out_of_bounds"
