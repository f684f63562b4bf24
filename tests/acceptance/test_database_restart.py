"""PostgreSQL stopped for a while in mid-campaign: calls go on, their outcomes are kept and written when it is back."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.host.paths import State
from engine.host.postgres import EmbeddedPostgres
from engine.stack import Stack
from engine.storage.database import migrate, open_database
from tests.support.process import (
    assert_dialled_once,
    assert_nothing_left,
    assert_settled,
    engine_process,
    finished,
    incoming,
)
from tests.support.world import World, ask, node, phone, sound, until

pytestmark = pytest.mark.acceptance
OUTCOMES = {"02": "answered", "04": "answered", "10": "busy", "11": "no_answer", "14": "declined"}
EACH = 8


@pytest.fixture
def server(state: State) -> EmbeddedPostgres:
    """One of its own: the others' stays up."""
    return EmbeddedPostgres(state.root / "stopped-pg")


@pytest.fixture
async def world(pair: Stack, server: EmbeddedPostgres) -> AsyncIterator[World]:
    dsn = await asyncio.to_thread(server.start)
    try:
        async with open_database(dsn, size=6) as database:
            await migrate(database)
            made = await World.make(pair, database, dsn)
            yield made
            await made.close()
    finally:
        await asyncio.to_thread(server.stop)


async def test_postgres_stopped_in_mid_campaign(world: World, server: EmbeddedPostgres, tmp_path: Path) -> None:
    assert world.stack.carrier is not None
    phones = [phone(persona, number) for number in range(EACH) for persona in OUTCOMES]
    scenario = ask(("1", node("lead", goal=True, play=sound())), on_silence=node("bye", play=sound()))
    campaign = await world.campaign(phones, scenario, record=True, per_hour=18_000, burst=5, answer_timeout_s=5)

    async def in_full_swing() -> bool:
        progress = await world.campaigns.progress(campaign)
        return bool(progress["talking"] >= 5 and progress["leads"] and progress["open"] < len(phones))

    with incoming(world.stack.carrier) as got:
        async with engine_process(world, tmp_path) as engine:
            await until(in_full_swing, 30)
            await asyncio.to_thread(server.stop)
            assert not server.running()
            assert engine.metric("dozvon_calls") != 0
            await until(lambda: engine.metric("dozvon_calls") == 0, 40)  # all ended, and nobody could be told
            await asyncio.to_thread(server.start)
            rows = await finished(world, campaign, 60)
            assert not [line for line in engine.log.read_text().splitlines() if "crashed" in line]
            assert await engine.terminate(20) == 0
    assert Counter((row["phone"][-2:], row["outcome"]) for row in rows) == dict.fromkeys(OUTCOMES.items(), EACH)
    assert Counter(row["result"] for row in rows) == {"lead": EACH, None: EACH * 4}
    assert all(row["recording"] for row in rows if row["outcome"] == "answered")
    assert_dialled_once(rows, got)
    await assert_settled(world, campaign)
    assert_nothing_left(world)
