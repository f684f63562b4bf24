"""A campaign that cannot work stops itself and says why, before its list is burnt."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.world import World, node, phone, sound

pytestmark = pytest.mark.acceptance

PLAIN: dict[str, Any] = {"name": "plain", "start": node("hello", play=sound())}


def speaks(voice: str) -> dict[str, Any]:
    return {"name": "voice", "start": node("hello", play={"type": "tts", "voice": voice, "text": "Здравствуйте!"})}


async def test_a_failing_trunk_pauses_the_campaign(world: World) -> None:
    nowhere = await world.catalogue.set_trunk("nowhere", 100, 50)
    refused = await world.campaign([phone("13", n) for n in range(60)], PLAIN, max_channels=5)
    dead = await world.campaign([phone("04", n) for n in range(60)], PLAIN, max_channels=5, trunk=nowhere)
    async with world.engine():
        rows = [await world.ended(campaign) for campaign in (refused, dead)]
    for campaign, attempts, outcome, words in zip(
        (refused, dead), rows, ("congestion", "failed"), ("503 Service Unavailable", "interworking"), strict=True
    ):
        state, reason, text = await world.campaigns.state(campaign)
        assert (state, reason) == ("paused", "trunk_failing")
        assert words in text
        assert 10 <= len(attempts) <= 20
        assert {row["outcome"] for row in attempts} == {outcome}


async def test_people_who_do_not_answer_are_no_failing_trunk(world: World) -> None:
    people = [phone(who, number) for number in range(8) for who in ("10", "12", "14")]
    campaign = await world.campaign(people, PLAIN)
    async with world.engine():
        rows = await world.ended(campaign)
    assert (len(rows), await world.state(campaign)) == (24, "finished")


async def test_what_cannot_be_played_burns_nobody(world: World) -> None:
    scenarios = {
        "clip-missing": {"name": "missing", "start": node("hello", play=sound("there is none.wav"))},
        "clip-unknown-provider": speaks("nobody:anna"),
        "speech-unknown-voice": speaks("rhvoice:nobody"),
    }
    people = [phone("04", number) for number in range(5)]
    campaigns = {code: await world.campaign(people, scenario) for code, scenario in scenarios.items()}
    async with world.engine():
        for again in (False, True):
            if again:  # whoever resumes it without mending it learns the same
                for campaign in campaigns.values():
                    await world.campaigns.resume(campaign)
            calls = await asyncio.gather(*(world.ended(campaign) for campaign in campaigns.values()))
            assert calls == [[], [], []]
            states = {code: await world.campaigns.state(campaign) for code, campaign in campaigns.items()}
            assert {code: (state.value, reason) for code, (state, reason, _) in states.items()} == {
                code: ("paused", code) for code in scenarios
            }
            assert "there is none.wav" in states["clip-missing"][2]
            assert "nobody" in states["clip-unknown-provider"][2]
            assert "nobody" in states["speech-unknown-voice"][2]
            contacts = await world.database.fetch("select distinct state::text, attempts from campaign_contacts")
            assert [tuple(row) for row in contacts] == [("waiting", 0)]
