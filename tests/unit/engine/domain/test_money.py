from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.money import Tariff, roubles

prices = st.decimals(min_value=0, max_value=10_000, places=4)
talks = st.floats(min_value=0, max_value=36_000, allow_nan=False)


@pytest.mark.parametrize(
    ("seconds", "minutes"),
    [(-1, 0), (0, 0), (0.0004, 1), (0.02, 1), (59.999, 1), (60, 1), (60.02, 2), (120, 2), (121, 3)],
)
def test_every_started_minute_is_charged_in_full(seconds: float, minutes: int) -> None:
    assert Tariff(Decimal("2.35")).cost(seconds) == Decimal("2.35") * minutes


@given(prices, talks)
def test_cost_is_whole_minutes_and_never_less_than_the_time_talked(price: Decimal, talk: float) -> None:
    cost = Tariff(price).cost(talk)
    assert cost >= 0
    assert cost.as_tuple().exponent == -4
    if price:
        minutes = cost / price
        assert minutes == int(minutes)
        assert minutes * 60 >= Decimal(talk) - Decimal("0.001")
        assert (minutes - 1) * 60 < talk or minutes == 0


@given(prices, talks, talks)
def test_longer_never_costs_less(price: Decimal, one: float, other: float) -> None:
    tariff = Tariff(price)
    assert tariff.cost(min(one, other)) <= tariff.cost(max(one, other))


@given(prices, st.integers(min_value=1, max_value=36_000), st.floats(min_value=0, max_value=1))
def test_the_hold_covers_any_call_that_keeps_to_its_limit(price: Decimal, longest: int, part: float) -> None:
    tariff = Tariff(price)
    assert tariff.cost(longest * part) <= tariff.hold(longest)


@pytest.mark.parametrize(("value", "rounded"), [("1.00005", "1.0001"), ("1.00004", "1.0000"), ("-1.00005", "-1.0001")])
def test_roubles_round_half_up(value: str, rounded: str) -> None:
    assert str(roubles(value)) == rounded
