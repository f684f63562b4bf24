"""Ten thousand attempts that nobody answers, at speed, leave nothing behind: no channel, slot, task, open file or memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from engine.domain.ids import CampaignId
from engine.stack import CARRIER
from tests.support.process import EngineProcess, assert_nothing_left, assert_settled, engine_process, incoming
from tests.support.world import World, ask, channels, node, phone, until

pytestmark = pytest.mark.acceptance
STAGES = (2_000, 3_000, 5_000)
"""Attempts; what is in use is compared after each. The engine is warm after the first. Asterisk keeps each failed INVITE's
transaction for 32 s (RFC 3261's timer D), so its memory grows for that long (3,500 calls) and is steady after the second."""
PER_SECOND = 110
IDLE_TASKS = 12
"""The engine's parts, and their connections' readers; a call in progress has one of its own."""
MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Use:
    engine: float
    platform: float
    files: int


def _use(world: World, engine: EngineProcess) -> Use:
    assert world.stack.platform is not None
    return Use(
        engine.process.memory_info().rss / MEGABYTE,
        psutil.Process(world.stack.platform.pid).memory_info().rss / MEGABYTE,
        engine.process.num_fds(),
    )


async def _at_rest(world: World, engine: EngineProcess, campaign: CampaignId, attempts: int) -> Use:
    """What is in use after ``attempts`` calls, when none is in progress."""

    async def done() -> bool:
        progress = await world.campaigns.progress(campaign)
        return bool(progress["attempts"] >= attempts and progress["open"] == 0)

    await until(done, 240)
    await until(lambda: engine.metric("dozvon_calls") == 0 and channels(world.stack.platform) == 0, 10)
    await until(lambda: (engine.metric("dozvon_tasks") or 0) <= IDLE_TASKS, 10)
    return _use(world, engine)


async def test_ten_thousand_unanswered_attempts_leak_nothing(world: World, tmp_path: Path) -> None:
    assert world.stack.carrier is not None
    await world.catalogue.set_trunk(CARRIER, 200, PER_SECOND)
    scenario = ask(("1", node("lead", goal=True)))
    campaigns: list[CampaignId] = []
    uses: list[Use] = []
    with incoming(world.stack.carrier) as got:
        async with engine_process(world, tmp_path) as engine:
            for attempts in STAGES:
                first = sum(STAGES[: len(campaigns)])
                busy = [phone("10", number) for number in range(first, first + attempts)]
                campaigns.append(
                    await world.campaign(busy, scenario, per_hour=PER_SECOND * 3600, burst=50, max_channels=100)
                )
                uses.append(await _at_rest(world, engine, campaigns[-1], attempts))
            assert engine.lines("error") == []
            assert await engine.terminate(20) == 0
    cold, warm, end = uses
    assert end.engine - cold.engine < 15, uses
    assert end.files <= cold.files + 8, uses  # the pools of connections may have grown to their bounds
    assert end.platform - warm.platform < 30, uses  # 6 kB a call; a channel that stays takes 30 and more
    assert Counter(got.values()) == {1: sum(STAGES)}
    for campaign in campaigns:
        rows = await world.calls.report(campaign)
        assert {(row["state"], row["outcome"]) for row in rows} == {("ended", "busy")}
        await assert_settled(world, campaign)
        assert await world.state(campaign) == "finished"
    assert_nothing_left(world)
