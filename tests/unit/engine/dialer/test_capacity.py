"""All limits in one place: the least of them counts, and its name is told."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dialer.capacity import Hold, share
from engine.domain.campaign import CampaignState, Room

NOW = 1_800_000_000.0
WIDE = Room(
    state=CampaignState.RUNNING,
    run=1,
    pace_tat=None,
    rate_tat=None,
    per_hour=360_000,
    burst=1000,
    calls_per_second=1000,
    channels_free=1000,
    trunk_free=1000,
    leads_free=None,
    spend_free=None,
    balance_free=Decimal(100_000),
    hold=Decimal("2.40"),
    open_calls=0,
    account_calls=0,
)


def test_nothing_holds() -> None:
    granted = share(WIDE, NOW, 7)
    assert (granted.count, granted.hold, granted.wait_s) == (7, None, None)
    assert granted.pace_tat == pytest.approx(NOW + 7 * 0.01)
    assert granted.rate_tat == pytest.approx(NOW + 7 * 0.001)


@pytest.mark.parametrize(
    ("change", "count", "hold"),
    [
        ({"state": CampaignState.PAUSED}, 0, Hold.NOT_RUNNING),
        ({"leads_free": 2}, 2, Hold.LEAD_LIMIT),
        ({"leads_free": -3}, 0, Hold.LEAD_LIMIT),
        ({"spend_free": Decimal("7.19")}, 2, Hold.SPEND_LIMIT),
        ({"spend_free": Decimal("7.20")}, 3, Hold.SPEND_LIMIT),
        ({"balance_free": Decimal("-0.01")}, 0, Hold.NO_FUNDS),
        ({"balance_free": Decimal("2.40")}, 1, Hold.NO_FUNDS),
        ({"channels_free": 4}, 4, Hold.CAMPAIGN_CHANNELS),
        ({"trunk_free": -1}, 0, Hold.TRUNK_CHANNELS),
        ({"burst": 3}, 3, Hold.PACE),
        ({"calls_per_second": 40}, 4, Hold.TRUNK_RATE),
        ({"calls_per_second": 5}, 1, Hold.TRUNK_RATE),
        ({"channels_free": 2, "trunk_free": 2, "leads_free": 2}, 2, Hold.LEAD_LIMIT),
        ({"channels_free": 0, "burst": 1, "pace_tat": NOW + 99}, 0, Hold.CAMPAIGN_CHANNELS),
    ],
)
def test_each_limit_holds_and_is_named(change: dict[str, Any], count: int, hold: Hold) -> None:
    granted = share(replace(WIDE, **change), NOW, 10)
    assert (granted.count, granted.hold) == (count, hold)


def test_a_free_call_needs_no_money() -> None:
    assert share(replace(WIDE, hold=Decimal(0), balance_free=Decimal(0)), NOW, 5).count == 5


def test_a_pace_says_when_it_grants_the_next() -> None:
    room = replace(WIDE, per_hour=3600, burst=2)
    first = share(room, NOW, 10)
    assert (first.count, first.hold) == (2, Hold.PACE)
    assert first.wait_s == pytest.approx(1.0)
    then = share(replace(room, pace_tat=first.pace_tat, rate_tat=first.rate_tat), NOW + 0.4, 10)
    assert (then.count, then.hold) == (0, Hold.PACE)
    assert then.wait_s == pytest.approx(0.6)
    assert share(replace(room, pace_tat=then.pace_tat, rate_tat=then.rate_tat), NOW + 1.0, 10).count == 1


def test_a_trunk_of_one_attempt_a_second_is_named_too() -> None:
    room = replace(WIDE, calls_per_second=1, rate_tat=NOW + 1)
    granted = share(room, NOW, 10)
    assert (granted.count, granted.hold) == (0, Hold.TRUNK_RATE)
    assert granted.wait_s == pytest.approx(1.0)


MAYBE = st.none() | st.decimals(-100, 100, places=2)
ROOMS = st.builds(
    Room,
    state=st.sampled_from(CampaignState),
    run=st.just(1),
    pace_tat=st.none() | st.floats(NOW - 10, NOW + 10),
    rate_tat=st.none() | st.floats(NOW - 10, NOW + 10),
    per_hour=st.integers(1, 360_000),
    burst=st.integers(1, 50),
    calls_per_second=st.integers(1, 200),
    channels_free=st.integers(-5, 60),
    trunk_free=st.integers(-5, 60),
    leads_free=st.none() | st.integers(-5, 60),
    spend_free=MAYBE,
    balance_free=st.decimals(-100, 100, places=2),
    hold=st.decimals(0, 20, places=2),
    open_calls=st.integers(0, 10),
    account_calls=st.integers(0, 10),
)


@given(room=ROOMS, wanted=st.integers(0, 60))
def test_no_limit_is_ever_exceeded(room: Room, wanted: int) -> None:
    granted = share(room, NOW, wanted)
    count = granted.count
    assert 0 <= count <= wanted
    if count:
        assert room.state is CampaignState.RUNNING
        assert count <= min(room.channels_free, room.trunk_free, room.burst)
        assert room.leads_free is None or count <= room.leads_free
        assert room.spend_free is None or count * room.hold <= max(room.spend_free, Decimal(0))
        assert count * room.hold <= max(room.balance_free, Decimal(0))
        assert count <= max(1, room.calls_per_second // 10)
    assert (granted.hold is None) == (count == wanted and room.state is CampaignState.RUNNING)
    assert granted.wait_s is None or granted.hold in (Hold.PACE, Hold.TRUNK_RATE)
    assert granted.wait_s is None or granted.wait_s >= 0


@given(room=ROOMS, wanted=st.integers(1, 30))
def test_what_holds_is_the_reason(room: Room, wanted: int) -> None:
    """With the named limit lifted, at least as many calls are granted, or another one is named."""
    granted = share(room, NOW, wanted)
    lifted = (
        {
            Hold.LEAD_LIMIT: replace(room, leads_free=None),
            Hold.SPEND_LIMIT: replace(room, spend_free=None),
            Hold.NO_FUNDS: replace(room, balance_free=Decimal(10_000)),
            Hold.CAMPAIGN_CHANNELS: replace(room, channels_free=1000),
            Hold.TRUNK_CHANNELS: replace(room, trunk_free=1000),
            Hold.PACE: replace(room, per_hour=360_000, burst=1000, pace_tat=None),
            Hold.TRUNK_RATE: replace(room, calls_per_second=1000, rate_tat=None),
        }.get(granted.hold)
        if granted.hold
        else None
    )
    if lifted is not None:
        after = share(lifted, NOW, wanted)
        assert after.count >= granted.count
        assert after.hold is not granted.hold
