"""Further attempts at those who were not reached: how many, when, from which number."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from engine.dialer.loop import Dialer
from engine.domain.ids import CampaignId
from tests.support.world import CALLER_ID, Row, World, phone, sound, until

pytestmark = pytest.mark.acceptance

SCENARIO: Mapping[str, Any] = {"name": "retries", "start": {"id": "hello", "play": sound()}}
OTHERS = ("+74950000001", "+74950000002", "+74950000003")
WHO = ("10", "12", "14", "16", "04")


async def run(world: World, retry: Mapping[str, Any]) -> tuple[CampaignId, dict[str, list[Row]]]:
    """A campaign over WHO to its end, its waiting times cut short; every attempt by persona, oldest first."""
    campaign = await world.campaign([phone(who) for who in WHO], SCENARIO, retry=retry)
    async with world.engine() as dialer:
        await until(lambda: _hurried(world, campaign, dialer), 30)
        rows = await world.ended(campaign)
    return campaign, {who: [row for row in rows if row["phone"] == phone(who)] for who in WHO}


async def _hurried(world: World, campaign: CampaignId, dialer: Dialer) -> bool:
    """Whoever waits is due now: the shortest interval is a minute, and nothing here tests the clock on the wall."""
    sooner = (
        "update campaign_contacts set next_at = now() where campaign_id = $1 and state = 'waiting' and next_at > now()"
    )
    await world.database.execute(sooner, campaign)
    dialer.wake()
    return await world.state(campaign) == "finished"


async def _contacts(world: World, campaign: CampaignId) -> dict[str, tuple[str, str]]:
    rows = await world.database.fetch(
        "select phone, state::text, reason from campaign_contacts where campaign_id = $1", campaign
    )
    return {row["phone"][-2:]: (row["state"], row["reason"]) for row in rows}


async def test_attempts_then_one_from_the_carousel(world: World) -> None:
    await world.catalogue.add_caller_ids((CALLER_ID, *OTHERS), None, carousel=True)
    campaign, rows = await run(world, {"attempts": 3, "interval_s": 60, "carousel": True})

    assert {who: [row["outcome"] for row in rows[who]] for who in WHO} == {
        "10": ["busy"] * 4,
        "12": ["invalid_number"],
        "14": ["declined"],
        "16": ["busy", "answered"],
        "04": ["answered"],
    }
    assert [row["attempt"] for row in rows["10"]] == [1, 2, 3, 4]
    assert [row["carousel"] for row in rows["10"]] == [False, False, False, True]
    used = [row["caller_id"] for row in rows["10"]]
    assert used[:3] == [CALLER_ID] * 3
    assert used[3] in OTHERS
    assert {row["caller_id"] for who in WHO for row in rows[who] if not row["carousel"]} == {CALLER_ID}
    assert await _contacts(world, campaign) == {
        "10": ("done", "exhausted"),
        "12": ("done", "not_retried"),
        "14": ("done", "not_retried"),
        "16": ("done", "answered"),
        "04": ("done", "answered"),
    }


async def test_the_carousel_alone_is_exactly_one_more_attempt(world: World) -> None:
    await world.catalogue.add_caller_ids(OTHERS, None, carousel=True)
    _, rows = await run(world, {"carousel": True, "carousel_delay_s": 0})

    assert {who: [(row["outcome"], row["carousel"]) for row in rows[who]] for who in WHO} == {
        "10": [("busy", False), ("busy", True)],
        "12": [("invalid_number", False)],
        "14": [("declined", False)],
        "16": [("busy", False), ("answered", True)],
        "04": [("answered", False)],
    }
    assert rows["16"][1]["caller_id"] in OTHERS


async def test_nobody_is_called_again_before_the_interval(world: World) -> None:
    campaign = await world.campaign(
        [phone("10"), phone("15")],
        SCENARIO,
        retry={"attempts": 3, "interval_s": 600, "intervals": {"unreachable": 1200}},
    )

    async def both_wait() -> bool:
        progress = await world.campaigns.progress(campaign)
        return bool(progress["attempts"] == 2 and progress["open"] == 0)

    async with world.engine():
        await until(both_wait, 20)
        rows = await world.database.fetch(
            "select calls.phone, calls.ended_at, cc.next_at, cc.state::text, cc.reason from calls"
            " join campaign_contacts cc using (campaign_id, contact_id)"
        )
        assert await world.state(campaign) == "running"
    assert {row["phone"][-2:]: row["next_at"] - row["ended_at"] for row in rows} == {
        "10": timedelta(seconds=600),
        "15": timedelta(seconds=1200),
    }
    assert {(row["state"], row["reason"]) for row in rows} == {("waiting", "retry")}
