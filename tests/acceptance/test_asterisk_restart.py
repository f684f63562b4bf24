"""Asterisk killed and started again, and the connection to it cut, under a living engine: every open attempt is settled, its slot is
free again, and the campaign goes on."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.domain.ids import CampaignId
from engine.host.asterisk import AsteriskInstance
from tests.support.process import (
    assert_dialled_once,
    assert_nothing_left,
    assert_settled,
    engine_process,
    finished,
    incoming,
)
from tests.support.proxy import Proxy
from tests.support.world import Row, World, ask, channels, node, phone, sound, speech, until

pytestmark = pytest.mark.acceptance
OPERATOR = "+79000000040"
RINGS, PRESSES, SILENT = "11", "02", "04"
LONG = "Это длинное сообщение, которое звучит дольше, чем длится обрыв связи. " * 2 + "Нажмите один или два."
CUT_S = 2.0


def _phones(count: int, *personas: str) -> list[str]:
    return [phone(personas[number % len(personas)], number) for number in range(count)]


async def _counts(world: World, campaign: CampaignId) -> Row:
    row = await world.database.fetchrow(
        """select count(*) filter (where state = 'ringing') as ringing,
                  count(*) filter (where state = 'answered') as talking,
                  count(*) filter (where state = 'answered' and transferred_to is not null) as transferred,
                  count(*) filter (where state = 'ended') as ended,
                  (select count(*) from campaign_contacts where campaign_id = $1 and state = 'waiting') as waiting
           from calls where campaign_id = $1""",
        campaign,
    )
    assert row is not None
    return dict(row)


async def test_asterisk_killed_in_mid_campaign(world: World, tmp_path: Path) -> None:
    """More calls ring than the circuit breaker looks at: a lost Asterisk must not be taken for a dead trunk."""
    platform, carrier = world.stack.platform, world.stack.carrier
    assert platform is not None
    assert carrier is not None
    operator = node("operator", goal=True, transfer={"numbers": [OPERATOR]})
    campaign = await world.campaign(
        _phones(90, RINGS, PRESSES, RINGS),
        ask(("1", operator)),
        record=True,
        per_hour=21_600,
        burst=6,
        max_channels=60,
        answer_timeout_s=20,
    )

    async def busy() -> bool:
        now = await _counts(world, campaign)
        return bool(now["ringing"] >= 22 and now["transferred"] and now["waiting"])

    with incoming(carrier) as got:
        async with engine_process(world, tmp_path) as engine:
            await until(busy, 60)
            open_before = await _open_calls(world)
            _kill(platform)
            await until(lambda: engine.metric("dozvon_ari_up") == 0, 10)
            platform.start()
            await asyncio.to_thread(platform.wait_ready, 30)
            await until(lambda: engine.metric("dozvon_ari_up") == 1, 15)

            async def settled() -> bool:
                return not open_before & await _open_calls(world)

            await until(settled, 8)
            await world.database.execute("update campaigns set answer_timeout_s = 5 where id = $1", campaign)
            rows = await finished(world, campaign, 90)
            assert engine.metric("dozvon_calls") == 0
            assert await engine.terminate(20) == 0
    carrier.command("channel request hangup all")  # nobody tells it that the other side of its calls is dead
    lost = [row for row in rows if row["cause"] == "asterisk_lost"]
    assert {str(row["id"]) for row in lost} <= open_before
    assert len(lost) >= 20
    assert {row["outcome"] for row in lost} == {"failed", "answered"}
    after = [row for row in rows if str(row["id"]) not in open_before]
    assert any(row["transferred_to"] for row in after), "no call went well after the restart"
    unsure = {str(row["id"]) for row in rows if row["hung_up_by"] == "engine"}
    assert_dialled_once(rows, got, unsure=unsure)
    await assert_settled(world, campaign)
    assert_nothing_left(world)


def _kill(instance: AsteriskInstance) -> None:
    pid = instance.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    instance.stop()  # waits for the end of the process


async def _open_calls(world: World) -> set[str]:
    return {str(row["id"]) for row in await world.database.fetch("select id from calls where state <> 'ended'")}


@asynccontextmanager
async def _proxy(world: World) -> AsyncIterator[Proxy]:
    proxy = Proxy(world.stack.ports.platform_http)
    await proxy.open()
    try:
        yield proxy
    finally:
        await proxy.close()


async def test_connection_cut_while_prompts_play(world: World, tmp_path: Path) -> None:
    """Whoever is listening notices nothing; the end of a prompt that fell into the gap is made up for."""
    assert world.stack.carrier is not None
    goal = node("thanks", goal=True, play=sound())
    short = node(
        "short", play=sound(), recognition={"branches": [{"when": {"type": "digits", "digits": "1"}, "then": goal}]}
    )
    long = {"name": "long", "start": {**short, "id": "long", "play": speech(LONG)}}
    with incoming(world.stack.carrier) as got:
        async with _proxy(world) as proxy, engine_process(world, tmp_path, ari=proxy.address) as engine:
            # Prompts of one second end in the gap, the long ones after it.
            first = await world.campaign(_phones(10, PRESSES), long, action_timeout_s=5)
            await until(lambda: _talking(world, first, 10), 30)
            second = await world.campaign(
                [phone(SILENT, number) for number in range(100, 106)],
                {"name": "short", "start": short},
                action_timeout_s=5,
            )
            await until(lambda: _talking(world, second, 6), 30)
            await until(lambda: _all_hear(world, second), 5)
            await proxy.cut(CUT_S)
            await until(lambda: engine.metric("dozvon_ari_up") == 1, 20)
            rows = [*await finished(world, first, 60), *await finished(world, second, 60)]
            assert await engine.terminate(20) == 0
    assert {row["outcome"] for row in rows} == {"answered"}
    assert [row["result"] for row in rows if row["phone"].endswith(PRESSES)] == ["lead"] * 10
    assert {(row["hung_up_by"], row["cause"]) for row in rows} == {
        ("robot", "16 normal clearing"),  # a lead, thanked
        ("robot", "no_input"),  # silence after a prompt that was heard to its end
    }
    assert_dialled_once(rows, got)
    await assert_settled(world, first)
    assert channels(world.stack.platform) == 0


async def _all_hear(world: World, campaign: CampaignId) -> bool:
    """The first prompt has been begun in every call: the path tells of it afterwards."""
    deaf = "select count(*) from calls where campaign_id = $1 and path = '{}'"
    return bool(await world.database.fetchval(deaf, campaign) == 0)


async def _talking(world: World, campaign: CampaignId, count: int) -> bool:
    return bool((await world.campaigns.progress(campaign))["talking"] == count)
