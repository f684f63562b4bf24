"""The calling window closes in mid-campaign, and lies elsewhere for contacts in other time zones."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.domain.ids import CampaignId
from tests.support.world import QUESTION, World, node, phone, sound, speech, until

pytestmark = pytest.mark.acceptance

SCENARIO = {"name": "window", "start": node("hello", play=sound())}
HERE, AWAY = "Asia/Yekaterinburg", "Pacific/Honolulu"


def window(opens: datetime, closes: datetime, zone: str = HERE, **more: Any) -> Mapping[str, Any]:
    """From one moment to another, as times on the clocks of ``zone``."""
    wall = [at.astimezone(ZoneInfo(zone)).strftime("%H:%M:%S") for at in (opens, closes)]
    return {"opens": wall[0], "closes": wall[1], "zone": zone, **more}


def around(now: datetime) -> Mapping[str, Any]:
    """Open for an hour on each side of ``now``."""
    return window(now - timedelta(hours=1), now + timedelta(hours=1))


async def _states(world: World, campaign: CampaignId) -> dict[str, str]:
    sql = "select phone, state::text from campaign_contacts where campaign_id = $1"
    return {row["phone"]: row["state"] for row in await world.database.fetch(sql, campaign)}


async def test_nobody_is_called_after_the_close(world: World) -> None:
    people = [phone("04", number) for number in range(30)]
    campaign = await world.campaign(people, SCENARIO, start=False, per_hour=4 * 3600, burst=1)
    async with world.engine():
        now = datetime.now(UTC)
        closes = now.replace(microsecond=0) + timedelta(seconds=5)
        await _change(world, campaign, window(now - timedelta(hours=1), closes))
        await world.campaigns.start(campaign)
        await until(lambda: datetime.now(UTC) > closes + timedelta(seconds=2.5), 10)
        await until(lambda: _open_calls(world, campaign, 0), 20)
        rows = await world.calls.report(campaign)
        assert await world.state(campaign) == "running", "it goes on tomorrow"
    claimed = await world.database.fetch("select claimed_at from calls")
    assert 8 <= len(claimed) <= 22
    # The engine looks at the clock, then claims: what is written is a moment later than what it saw.
    last = max(row["claimed_at"] for row in claimed)
    assert closes - timedelta(seconds=1) < last < closes + timedelta(seconds=0.5)
    # What was begun inside the window is talked to the end.
    assert {(row["outcome"], row["hung_up_by"]) for row in rows} == {("answered", "robot")}
    assert list((await _states(world, campaign)).values()).count("waiting") == len(people) - len(claimed)


async def test_a_window_changed_in_mid_campaign(world: World) -> None:
    now = datetime.now(UTC)
    listens = {"name": "window", "start": node("hello", play=speech(QUESTION))}  # until the window is changed
    campaign = await world.campaign(
        [phone("04", number) for number in range(6)], listens, call_window=around(now), max_channels=2
    )

    async def some_talk() -> bool:
        return bool((await world.campaigns.progress(campaign))["talking"] == 2)

    async with world.engine() as dialer:
        await until(some_talk, 10)
        await _change(world, campaign, window(now + timedelta(hours=2), now + timedelta(hours=3)))
        await until(lambda: _open_calls(world, campaign, 0), 10)
        await asyncio.sleep(0.5)  # the loop has been woken by the calls' ends, and would have claimed by now
        assert list((await _states(world, campaign)).values()).count("waiting") == 4
        await _change(world, campaign, around(now))
        dialer.wake()
        rows = await world.ended(campaign)
    assert len(rows) == 6
    assert await world.state(campaign) == "finished"


async def test_each_contacts_own_zone(world: World) -> None:
    """Open here; night in Honolulu; a zone that cannot be understood blocks its contact; unknown: the campaign's zone."""
    now = datetime.now(UTC)
    people = {HERE: phone("04", 1), AWAY: phone("04", 2), "Mars/Olympus": phone("04", 3), None: phone("04", 4)}
    campaign = await world.campaign(
        list(people.values()), SCENARIO, start=False, call_window={**around(now), "by_contact_zone": True}
    )
    for zone, number in people.items():
        await world.database.execute("update contacts set zone = $2 where phone = $1", number, zone)
    await world.campaigns.start(campaign)

    async def two_done() -> bool:
        return list((await _states(world, campaign)).values()).count("done") == 2

    async with world.engine():
        await until(two_done, 15)
        await asyncio.sleep(0.5)  # the loop goes round once more after the last call
        assert await world.state(campaign) == "running"
    assert await _states(world, campaign) == {
        people[HERE]: "done",
        people[None]: "done",
        people[AWAY]: "waiting",
        people["Mars/Olympus"]: "blocked",
    }


async def test_a_window_that_does_not_open_again_pauses(world: World) -> None:
    yesterday = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    over = await world.campaign(
        [phone("04")],
        SCENARIO,
        call_window={"opens": "00:00:00", "closes": "00:00:00", "zone": HERE, "last": yesterday},
    )
    broken = await world.campaign([phone("04", 1)], SCENARIO, call_window={"opens": "later", "zone": HERE})
    async with world.engine():
        assert await world.ended(over) == []
        assert await world.ended(broken) == []
    assert (await world.campaigns.state(over))[:2] == ("paused", "window_over")
    assert (await world.campaigns.state(broken))[:2] == ("paused", "bad_window")


async def _change(world: World, campaign: CampaignId, to: Mapping[str, Any]) -> None:
    await world.database.execute("update campaigns set call_window = $2 where id = $1", campaign, to)


async def _open_calls(world: World, campaign: CampaignId, count: int) -> bool:
    return bool((await world.campaigns.progress(campaign))["open"] == count)
