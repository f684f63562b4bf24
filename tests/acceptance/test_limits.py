"""Limits are never exceeded, not for a moment: leads, money, channels of a campaign and of a trunk, pace."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.domain.ids import CampaignId
from tests.support.world import World, node, phone, sound, speech

pytestmark = pytest.mark.acceptance

KEY = {"branches": [{"when": {"type": "digits", "digits": "1"}, "then": node("lead", goal=True)}], "timeout_s": 3}
SCENARIO = {"name": "limits", "start": node("ask", play=speech("Здравствуйте! Нажмите один."), recognition=KEY)}
PLAIN = {"name": "plain", "start": node("hello", play=sound())}
PRICE = Decimal("2.40")
GRANTED = "select claimed_at from calls where campaign_id = $1 order by claimed_at"
HOLD = 2 * PRICE
"""The longest call is two minutes."""


@dataclass
class Peaks:
    """The most of everything that was seen at one moment."""

    open: dict[CampaignId, int] = field(default_factory=dict)
    channels: int = 0
    held: Decimal = Decimal(0)
    samples: int = 0

    async def look(self, world: World) -> None:
        rows = await world.database.fetch(
            "select campaign_id, count(*) as n from calls where state <> 'ended' group by campaign_id"
        )
        for row in rows:
            self.open[row["campaign_id"]] = max(self.open.get(row["campaign_id"], 0), row["n"])
        held = await world.database.fetchval("select coalesce(sum(hold), 0) from calls where state <> 'ended'")
        self.held = max(self.held, held)
        assert world.stack.platform is not None
        counted = await asyncio.to_thread(world.stack.platform.command, "core show channels count")
        self.channels = max(self.channels, int(counted.split()[0]))
        self.samples += 1


@asynccontextmanager
async def watched(world: World) -> AsyncIterator[Peaks]:
    """An engine at work, looked at about ten times a second."""
    peaks = Peaks()

    async def look_again() -> None:
        while True:
            await peaks.look(world)
            await asyncio.sleep(0.05)

    async with world.engine():
        watcher = asyncio.ensure_future(look_again())
        yield peaks
        assert not watcher.done(), "the watcher broke"
        watcher.cancel()
    assert peaks.samples > 10


async def test_leads(world: World) -> None:
    """Two of three are leads; calls in progress count as leads until they have ended without one."""
    people = [phone("04" if number % 3 == 1 else "02", number) for number in range(24)]
    campaign = await world.campaign(people, SCENARIO, max_leads=5)
    async with watched(world) as peaks:
        rows = await world.ended(campaign)
    assert [row["result"] for row in rows].count("lead") == 5
    assert len(rows) < len(people)
    assert (await world.campaigns.state(campaign))[:2] == ("paused", "lead_limit")
    assert peaks.open[campaign] == 5


async def test_spend(world: World) -> None:
    campaign = await world.campaign([phone("04", n) for n in range(9)], PLAIN, max_spend=2 * HOLD)
    async with watched(world) as peaks:
        rows = await world.ended(campaign)
    progress = await world.campaigns.progress(campaign)
    assert (progress["state"], progress["reason"]) == ("paused", "spend_limit")
    # Two at first; when both are settled, 4.80 are left, which holds one more, and then 2.40, which hold none.
    assert (len(rows), progress["spent"]) == (3, 3 * PRICE)
    assert peaks.held <= 2 * HOLD


async def test_balance_is_shared_by_the_customers_campaigns(world: World) -> None:
    poor = await world.catalogue.create_account("Poor")
    await world.catalogue.top_up(poor, "poor", Decimal("12.00"), "")
    project = await world.catalogue.create_project(poor, "Poor")
    theirs = replace(world, account=poor, project=project)
    campaigns = [await theirs.campaign([phone("04", n) for n in range(first, first + 5)], PLAIN) for first in (0, 10)]
    async with watched(world) as peaks:
        rows = [await world.ended(campaign) for campaign in campaigns]
    states = [(await world.campaigns.state(campaign))[:2] for campaign in campaigns]
    assert states == [("paused", "no_funds")] * 2
    answered = sum(len(each) for each in rows)
    balance = await world.catalogue.balance(poor)
    assert balance == 12 - PRICE * answered
    assert 0 <= balance < HOLD
    assert peaks.held <= 12


async def test_channels(world: World) -> None:
    await world.catalogue.set_trunk("carrier", 5, 50)
    first = await world.campaign([phone("04", n) for n in range(12)], PLAIN, max_channels=3)
    second = await world.campaign([phone("04", 20 + n) for n in range(12)], PLAIN, max_channels=4)
    async with watched(world) as peaks:
        rows = [*await world.ended(first), *await world.ended(second)]
    assert {row["outcome"] for row in rows} == {"answered"}
    assert len(rows) == 24
    assert peaks.open == {first: 3, second: pytest.approx(3, abs=1)}
    assert peaks.channels == 5


async def test_pace_and_attempts_per_second(world: World) -> None:
    await world.catalogue.set_trunk("carrier", 200, 8)
    people = [phone("10", n) for n in range(12)]
    even = await world.campaign(people, PLAIN, per_hour=3 * 3600, burst=1)
    fast = await world.campaign([phone("10", 50 + n) for n in range(20)], PLAIN)
    async with world.engine():
        rows = {campaign: await world.ended(campaign) for campaign in (even, fast)}
    # When they were granted: how much later each is dialled is a matter of the machine.
    granted = [row["claimed_at"] for row in await world.database.fetch(GRANTED, even)]
    gaps = [later - earlier for earlier, later in itertools.pairwise(granted)]
    # 11 gaps of a third of a second. The loop must have been woken for each: its own sleeps are of 5 s.
    assert timedelta(seconds=3.5) < granted[-1] - granted[0] < timedelta(seconds=10)
    assert min(gaps) > timedelta(seconds=0.2), "bunched"
    everything = sorted(row["started_at"] for each in rows.values() for row in each)
    within = max(sum(at <= other < at + timedelta(seconds=1) for other in everything) for at in everything)
    assert within <= 10  # 8 a second, and what a delayed start may add at the edges
