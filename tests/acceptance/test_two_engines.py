"""Two cells on one database, each an engine with an Asterisk of its own: one campaign, shared; its limits hold for both together; one
cell closes what the other leaves behind when it dies."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from engine.domain.ids import CampaignId
from engine.host.asterisk import AsteriskInstance
from engine.host.instance_files import InstanceSpec, Peer, Role
from engine.host.ports import free_port, free_range
from engine.stack import CARRIER, Stack
from tests.support.process import (
    EngineProcess,
    assert_dialled_once,
    assert_settled,
    engine_process,
    finished,
    incoming,
)
from tests.support.world import World, ask, channels, node, phone, sound, until

pytestmark = pytest.mark.acceptance
SILENT_S = 6


@pytest.fixture
async def second(pair: Stack) -> AsyncIterator[AsteriskInstance]:
    """Another platform's Asterisk beside the stack's own, at the same carrier."""
    assert pair.platform is not None
    spec = InstanceSpec(
        "test-platform-2",
        Role.PLATFORM,
        free_port(),
        free_port(),
        *free_range(200, first=50000),
        ari_password=pair.password_file.read_text().strip(),
        peers=(Peer(CARRIER, pair.ports.carrier_sip),),
    )
    instance = AsteriskInstance(pair.state, pair.platform.install, spec)
    instance.start()
    try:
        await asyncio.to_thread(instance.wait_ready, 30)
        yield instance
    finally:
        await asyncio.to_thread(instance.stop)


@asynccontextmanager
async def _cells(
    world: World, second: AsteriskInstance, folder: Path
) -> AsyncIterator[tuple[EngineProcess, EngineProcess]]:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(engine_process(world, folder, cell="first", silent_s=SILENT_S))
        ari = f"http://127.0.0.1:{second.spec.http_port}"
        other = await stack.enter_async_context(
            engine_process(world, folder, cell="second", silent_s=SILENT_S, ari=ari)
        )
        yield first, other


async def test_limits_hold_for_both_together(world: World, second: AsteriskInstance, tmp_path: Path) -> None:
    """Channels, pace and leads. Every subscriber would become a lead; those in progress count as if they had."""
    per_second, burst, most, leads = 8, 4, 12, 20
    scenario = ask(("1", node("lead", goal=True)))
    campaign = await world.campaign(
        [phone("02", number) for number in range(60)],
        scenario,
        start=False,
        per_hour=per_second * 3600,
        burst=burst,
        max_channels=most,
        max_leads=leads,
    )
    carrier = world.stack.carrier
    assert carrier is not None
    peak = before = 0
    with incoming(carrier) as got:
        async with _cells(world, second, tmp_path) as cells:
            await world.campaigns.start(campaign)

            async def over() -> bool:
                nonlocal peak, before
                now = await asyncio.to_thread(channels, carrier)
                peak, before = (
                    max(peak, min(before, now)),
                    now,
                )  # one that is just being hung up is gone at the next look
                progress = await world.campaigns.progress(campaign)
                assert progress["open"] <= most
                return bool(progress["state"] != "running" and progress["open"] == 0)

            await until(over, 90)
            for cell in cells:
                assert cell.lines("error") == []
                assert await cell.terminate(20) == 0
    rows = await world.calls.report(campaign)
    state, reason, _ = await world.campaigns.state(campaign)
    assert (state.value, reason) == ("paused", "lead_limit")
    assert Counter(row["result"] for row in rows)["lead"] == leads
    assert most / 2 < peak <= most
    _assert_paced([row["started_at"] for row in rows], per_second, burst)
    shares = await _shares(world, campaign)
    assert min(shares[cell] for cell in ("first", "second")) >= 3, shares
    assert_dialled_once(rows, got)


def _assert_paced(begun: list[datetime], per_second: int, burst: int) -> None:
    """Over any time t at most ``burst + t * per_second`` calls. They are granted by the database and begun a moment later, so
    a second's worth is allowed for what waits in a loaded machine."""
    times = sorted(begun)
    for number, start in enumerate(times):
        within = sum(1 for time in times[number:] if time - start < timedelta(seconds=1))
        assert within <= burst + 2 * per_second
    assert (times[-1] - times[0]).total_seconds() >= (len(times) - burst) / per_second - 1


async def _shares(world: World, campaign: CampaignId) -> dict[str, int]:
    rows = await world.database.fetch(
        "select cell_id, count(*) as n from calls where campaign_id = $1 group by cell_id", campaign
    )
    return {row["cell_id"]: row["n"] for row in rows}


async def test_one_killed_the_other_takes_over(world: World, second: AsteriskInstance, tmp_path: Path) -> None:
    assert world.stack.carrier is not None
    campaign = await world.campaign(
        [phone(("04", "02", "11", "10")[number % 4], number) for number in range(48)],
        ask(("1", node("lead", goal=True, play=sound()))),
        start=False,
        per_hour=14_400,
        burst=4,
        answer_timeout_s=5,
    )
    with incoming(world.stack.carrier) as got:
        async with _cells(world, second, tmp_path) as (survivor, victim):
            await world.campaigns.start(campaign)

            async def both_talk() -> bool:
                rows = await world.database.fetch("select distinct cell_id from calls where state = 'answered'")
                return len(rows) == 2

            await until(both_talk, 30)
            victim.kill()
            left = {
                str(row["id"])
                for row in await world.database.fetch(
                    "select id from calls where state <> 'ended' and cell_id = 'second'"
                )
            }
            theirs = {
                str(row["id"])
                for row in await world.database.fetch(
                    "select id from calls where state <> 'ended' and cell_id = 'first'"
                )
            }
            assert left
            rows = await finished(world, campaign, 60)
            assert survivor.lines("error") == []
            # What the dead one's Asterisk still has ends as soon as its engine is back.
            victim.start()
            await victim.ready()
            await until(lambda: channels(second) == 0, 8)
            for cell in (survivor, victim):
                assert await cell.terminate(20) == 0
    closed = {str(row["id"]) for row in rows if row["cause"].startswith("interrupted")}
    assert closed <= left
    assert closed
    assert not closed & theirs
    assert_dialled_once(rows, got, unsure=left)
    await assert_settled(world, campaign)
