"""Pause, resume, stop, start from the beginning, restart for those who did not answer."""

from __future__ import annotations

from collections import Counter

import pytest

from engine.domain.errors import Refused
from engine.domain.ids import CampaignId
from tests.support.world import World, node, phone, sound, until

pytestmark = pytest.mark.acceptance

SCENARIO = {"name": "control", "start": node("hello", play=sound(), next=node("again", play=sound()))}
WHOLE = ["hello", "again"]


async def _talking(world: World, campaign: CampaignId, count: int) -> bool:
    return bool((await world.campaigns.progress(campaign))["talking"] >= count)


async def _quiet(world: World, campaign: CampaignId) -> bool:
    return bool((await world.campaigns.progress(campaign))["open"] == 0)


async def test_pause_lets_calls_end_and_resume_goes_on(world: World) -> None:
    people = [phone("04", number) for number in range(8)]
    campaign = await world.campaign(people, SCENARIO, max_channels=3)
    async with world.engine():
        await until(lambda: _talking(world, campaign, 3), 10)
        await world.campaigns.pause(campaign)
        before = await world.ended(campaign)
        # The calls in progress were heard out, and not one was begun in their place.
        assert [(row["outcome"], row["hung_up_by"], row["path"]) for row in before] == [
            ("answered", "robot", WHOLE)
        ] * 3
        assert (await world.campaigns.state(campaign))[:2] == ("paused", "by_user")
        with pytest.raises(Refused):
            await world.campaigns.start(campaign)
        await world.campaigns.resume(campaign)
        rows = await world.ended(campaign)
        assert await world.state(campaign) == "finished"
    assert sorted(row["phone"] for row in rows) == people
    assert {(row["outcome"], row["attempt"]) for row in rows} == {("answered", 1)}


async def test_a_stopped_campaign_starts_from_the_beginning(world: World) -> None:
    people = [phone("10" if number == 1 else "04", number) for number in range(5)]
    campaign = await world.campaign(people, SCENARIO, max_channels=2)
    async with world.engine():
        await until(lambda: _talking(world, campaign, 1), 10)
        await world.campaigns.stop(campaign)
        await until(lambda: _quiet(world, campaign), 10)
        first = await world.calls.report(campaign)
        assert await world.state(campaign) == "stopped"
        with pytest.raises(Refused):
            await world.campaigns.resume(campaign)
        assert await world.campaigns.start(campaign) == 2
        await world.ended(campaign)
    assert 1 <= len(first) < len(people)
    assert {row["path"] == WHOLE for row in first if row["outcome"] == "answered"} == {True}
    runs = await world.database.fetch("select run, phone, attempt from calls order by run, phone")
    assert Counter(row["run"] for row in runs) == {1: len(first), 2: len(people)}
    assert [row["phone"] for row in runs if row["run"] == 2] == sorted(people)
    assert {row["attempt"] for row in runs} == {1}


async def test_start_while_the_stopped_runs_calls_still_talk(world: World) -> None:
    """Nobody is called while the call of the run before is still on the line."""
    campaign = await world.campaign([phone("04")], SCENARIO)
    async with world.engine():
        await until(lambda: _talking(world, campaign, 1), 10)
        await world.campaigns.stop(campaign)
        await world.campaigns.start(campaign)
        await world.ended(campaign)
    first, second = await world.database.fetch("select run, started_at, ended_at, outcome from calls order by run")
    assert (first["outcome"], second["outcome"], second["run"]) == ("answered", "answered", 2)
    assert second["started_at"] >= first["ended_at"]


async def test_restart_calls_only_those_who_did_not_answer(world: World) -> None:
    people = [phone(who) for who in ("04", "10", "12", "16")]
    campaign = await world.campaign(people, SCENARIO)
    async with world.engine():
        await world.ended(campaign)
        with pytest.raises(Refused):
            await world.campaigns.start(campaign)
        await world.campaigns.restart(campaign)
        await world.ended(campaign)
        assert await world.state(campaign) == "finished"
    rows = await world.database.fetch("select run, phone, outcome from calls")
    again = {row["phone"][-2:]: row["outcome"] for row in rows if row["run"] == 2}
    assert len(rows) == 4 + 3
    assert again == {"10": "busy", "12": "invalid_number", "16": "answered"}
