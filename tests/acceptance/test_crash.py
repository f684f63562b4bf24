"""The engine killed with -9 and started again, and asked to end, in mid-campaign: no number is dialled twice for one attempt, and
nothing that happened is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from engine.domain.ids import CampaignId
from tests.support.process import (
    assert_dialled_once,
    assert_nothing_left,
    assert_settled,
    engine_process,
    finished,
    incoming,
    live,
)
from tests.support.world import World, ask, node, phone, sound, until

pytestmark = pytest.mark.acceptance
OPERATOR = "+79000000040"
PERSONAS = ("02", "11", "02", "04", "02", "25", "10", "02", "00", "02")
RETRY = {"attempts": 3, "interval_s": 60}
SLOW_DIALING = """
create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.7); return new; end $$;
create trigger slow before update on calls for each row when (old.state = 'claimed') execute function slow()
"""
"""A disk that takes its time, so that a kill meets attempts that are claimed and no more."""
SOUND_AGAIN = "drop trigger slow on calls; drop function slow()"


def _phones(count: int) -> list[str]:
    return [phone(PERSONAS[number % len(PERSONAS)], number) for number in range(count)]


def _scenario() -> dict[str, object]:
    operator = node("operator", goal=True, play=sound(), transfer={"numbers": [OPERATOR]})
    return ask(("1", operator), on_silence=node("bye", play=sound()))


async def _busy(world: World, campaign: CampaignId) -> bool:
    """Somebody is rung, somebody listens, somebody talks to an operator, somebody is still to be called."""
    counts = await world.database.fetchrow(
        """select count(*) filter (where state = 'ringing') as ringing,
                  count(*) filter (where state = 'answered' and transferred_to is null) as listening,
                  count(*) filter (where state = 'answered' and transferred_to is not null) as transferred,
                  (select count(*) from campaign_contacts where campaign_id = $1 and state = 'waiting') as waiting
           from calls where campaign_id = $1""",
        campaign,
    )
    assert counts is not None
    return all(counts.values())


async def _open(world: World, *states: str) -> set[str]:
    rows = await world.database.fetch("select id from calls where state::text = any($1)", list(states))
    return {str(row["id"]) for row in rows}


async def _leads(world: World) -> dict[str, list[str]]:
    rows = await world.database.fetch("select id, path from calls where result = 'lead'")
    return {str(row["id"]): row["path"] for row in rows}


async def test_engine_killed_in_mid_campaign(world: World, tmp_path: Path) -> None:
    assert world.stack.carrier is not None
    campaign = await world.campaign(
        _phones(40), _scenario(), record=True, retry=RETRY, per_hour=14_400, burst=4, answer_timeout_s=5
    )
    with incoming(world.stack.carrier) as got:
        async with engine_process(world, tmp_path) as engine:
            # The first kill: calls in every state of a conversation.
            await until(lambda: _busy(world, campaign), 60)
            engine.kill()
            interrupted = await _open(world, "dialing", "ringing", "answered")
            leads = await _leads(world)
            orphans = await live(world)
            assert interrupted & orphans, "the kill left no live channels, so it proves nothing"
            assert leads
            engine.start()
            await engine.ready()

            async def swept() -> bool:
                return not orphans & await live(world)

            await until(swept, 8)
            # The second: attempts claimed, their dialling not yet written.
            await world.database.execute(SLOW_DIALING)
            await until(lambda: _open(world, "claimed"), 30)
            engine.kill()
            claimed = await _open(world, "claimed")
            assert claimed
            await world.database.execute(SOUND_AGAIN)
            unsure = await _open(world, "claimed", "dialing", "ringing", "answered") | interrupted | claimed
            engine.start()
            await engine.ready()
            rows = await finished(world, campaign, 120)
            assert engine.lines("error") == []
            assert await engine.terminate(20) == 0
    assert_dialled_once(rows, got, unsure=unsure)
    await assert_settled(world, campaign)
    assert_nothing_left(world)
    by_id = {str(row["id"]): row for row in rows}
    for call, path in leads.items():
        assert by_id[call]["result"] == "lead"
        assert by_id[call]["path"][: len(path)] == path
    answered = [row for row in rows if row["answered_at"] and row["duration"] > 1]
    assert len(answered) > 20
    for row in answered:
        assert row["recording"] is not None, f"no recording of {row}"
        assert soundfile.info(row["recording"]).duration == pytest.approx(row["recording_s"])


async def test_engine_asked_to_end_in_mid_campaign(world: World, tmp_path: Path) -> None:
    assert world.stack.carrier is not None
    campaign = await world.campaign(_phones(36), _scenario(), record=True, per_hour=10_800, burst=2)
    with incoming(world.stack.carrier) as got:
        async with engine_process(world, tmp_path) as engine:
            await until(lambda: _busy(world, campaign), 60)
            leads = await _leads(world)
            # Attempts that are claimed, but not dialled, when the end is asked for.
            await world.database.execute(SLOW_DIALING)
            await until(lambda: _open(world, "claimed"), 30)
            assert await engine.terminate(15) == 0
            await world.database.execute(SOUND_AGAIN)
            assert await _open(world, "claimed", "dialing", "ringing", "answered") == set()
            assert await live(world) == frozenset()
            assert await world.state(campaign) == "running"
            waiting = await world.database.fetchval("select count(*) from campaign_contacts where state = 'waiting'")
            assert waiting > 0
            stopped = [row for row in await world.calls.report(campaign) if row["cause"] == "engine_stopped"]
            assert stopped
            assert all(row["hung_up_by"] == "engine" for row in stopped)
            engine.start()
            await engine.ready()
            rows = await finished(world, campaign, 60)
            assert engine.lines("error") == []
    assert_dialled_once(rows, got, unsure={str(row["id"]) for row in stopped})
    await assert_settled(world, campaign)
    assert_nothing_left(world)
    assert leads.items() <= {str(row["id"]): row["path"][: len(leads.get(str(row["id"]), []))] for row in rows}.items()
