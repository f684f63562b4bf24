"""The rule of all limits exists twice, in Python and in SQL (0002_claims.sql, granted): both must say the same."""

from __future__ import annotations

from dataclasses import astuple, replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.dialer.capacity import share
from engine.dialer.pacer import MOST_BURST, MOST_PER_HOUR
from engine.domain.campaign import CampaignState, Room
from engine.domain.errors import BadInput
from engine.storage.database import Database
from tests.unit.engine.dialer.test_capacity import NOW, ROOMS, WIDE

pytestmark = pytest.mark.integration

# Beside the pacers' own steps, where rounding decides whether one more is granted.
STEPS = st.builds(lambda per_hour, steps, off: (per_hour, NOW + steps * 3600 / per_hour + off),
                  st.integers(1, MOST_PER_HOUR), st.integers(-3, 120), st.sampled_from([0.0, 1e-6, -1e-6, 2.5e-6, 0.4]))  # fmt: skip
PACED = st.builds(lambda room, step, burst: replace(room, per_hour=step[0], pace_tat=step[1], burst=burst),
                  ROOMS.map(lambda room: replace(WIDE, rate_tat=room.rate_tat, calls_per_second=room.calls_per_second)),
                  STEPS, st.integers(1, MOST_BURST))  # fmt: skip


async def _granted(database: Database, room: Room, wanted: int) -> tuple[int, float, float]:
    row = await database.fetchrow("select * from granted($1, $2, $3)", astuple(room), wanted, NOW)
    assert row is not None
    return row["calls"], row["pace_tat"], row["rate_tat"]


async def test_sql_and_python_grant_the_same(database: Database) -> None:
    drawn: list[tuple[Room, int]] = []

    @settings(max_examples=600, database=None)
    @given(room=ROOMS | PACED, wanted=st.integers(0, 100))
    def draw(room: Room, wanted: int) -> None:
        drawn.append((room, wanted))

    draw()
    assert {room.state for room, _ in drawn} == set(CampaignState)
    for room, wanted in drawn:
        expected, found = share(room, NOW, wanted), await _granted(database, room, wanted)
        assert found[0] == expected.count, room
        if expected.count:
            assert found == (expected.count, expected.pace_tat, expected.rate_tat), room
    assert sum(share(room, NOW, wanted).count > 0 for room, wanted in drawn) > 100


@pytest.mark.parametrize(
    "refused",
    [
        replace(WIDE, per_hour=MOST_PER_HOUR + 1),
        replace(WIDE, burst=MOST_BURST + 1),
        replace(WIDE, calls_per_second=1001),
    ],
    ids=["pace", "burst", "rate"],
)
async def test_settings_that_python_refuses_grant_nothing(database: Database, refused: Room) -> None:
    assert (await _granted(database, WIDE, 5))[0] == 5
    with pytest.raises(BadInput):
        share(refused, NOW, 5)
    assert (await _granted(database, refused, 5))[0] == 0


async def test_money_counts_to_the_last_kopeck(database: Database) -> None:
    room = replace(WIDE, spend_free=Decimal("7.1999"), hold=Decimal("2.40"))
    assert (await _granted(database, room, 10))[0] == 2
    assert (await _granted(database, replace(room, spend_free=Decimal("7.20")), 10))[0] == 3
