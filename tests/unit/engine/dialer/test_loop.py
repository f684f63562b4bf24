"""The dialer's loop: it claims what may be called, sleeps when nothing can change, and stops campaigns that must stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.dialer.loop import Dialer
from engine.domain.attempt import CallRecord
from engine.domain.campaign import CampaignState
from engine.domain.errors import BadInput
from engine.domain.outcome import Outcome
from tests.unit.engine.dialer.paper import ALWAYS, CAMPAIGN, PaperCaller, PaperDatabase


async def until(condition: Callable[[], Any]) -> None:
    """Give the loop its turns until this holds; the loop's own sleeps are longer than this waits."""
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come to that")


@asynccontextmanager
async def dialling(database: PaperDatabase, caller: PaperCaller, *, connected: bool = True) -> AsyncIterator[Dialer]:
    ended: list[CallRecord] = []
    dialer = Dialer(database, database, caller, "cell", ended.append)
    dialer.connected(connected)
    task = asyncio.ensure_future(dialer.run())
    try:
        yield dialer
        assert not task.done(), "the loop broke"
    finally:
        task.cancel()
        caller.go_on.set()
        await dialer.drain()
        await asyncio.gather(task, return_exceptions=True)
    assert {record.call_id for record in ended} == set(database.finished)


async def test_everybody_is_called_and_the_campaign_finished() -> None:
    database, caller = PaperDatabase(waiting=120), PaperCaller()
    async with dialling(database, caller) as dialer:
        await until(lambda: len(caller.talking) == 120)
        assert len(dialer.in_progress) == 120
        assert database.state is CampaignState.RUNNING
        caller.go_on.set()
        await until(lambda: database.state is CampaignState.FINISHED)
        assert len(database.finished) == 120
        assert not dialer.in_progress


async def test_nothing_is_claimed_while_asterisk_is_away() -> None:
    database, caller = PaperDatabase(waiting=3), PaperCaller()
    async with dialling(database, caller, connected=False) as dialer:
        dialer.wake()
        await asyncio.sleep(0.02)
        assert (database.claimed, database.rounds) == (0, 0)
        dialer.connected(True)
        await until(lambda: database.claimed == 3)


async def test_a_cell_takes_no_more_than_it_carries() -> None:
    database, caller = PaperDatabase(waiting=9), PaperCaller(places=0)
    async with dialling(database, caller):
        await until(lambda: database.rounds > 0)
        await asyncio.sleep(0.02)
        assert database.claimed == 0
        caller.places = 4
        await until(lambda: database.claimed >= 4)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"leads_free": 0}, "lead_limit"),
        ({"spend_free": Decimal(1)}, "spend_limit"),
        ({"balance_free": Decimal(1)}, "no_funds"),
    ],
)
async def test_a_limit_pauses_once_its_calls_have_ended(limits: dict[str, Any], reason: str) -> None:
    """Calls in progress may still free what they hold."""
    database, caller = PaperDatabase(waiting=60), PaperCaller()
    database.limits = {"channels_free": 2}
    async with dialling(database, caller) as dialer:
        await until(lambda: len(caller.talking) == 2)
        database.limits = limits
        dialer.wake()
        await asyncio.sleep(0.02)
        assert database.state is CampaignState.RUNNING
        caller.go_on.set()
        await until(lambda: database.state is CampaignState.PAUSED)
    assert (database.reason, database.claimed) == (reason, 2)


@pytest.mark.parametrize("limits", [{"channels_free": 0}, {"trunk_free": 0}, {"pace_tat": 9e9, "burst": 1}])
async def test_other_limits_only_hold(limits: dict[str, Any]) -> None:
    database = PaperDatabase(waiting=5, limits=limits)
    async with dialling(database, PaperCaller()):
        await until(lambda: database.rounds > 0)
        await asyncio.sleep(0.02)
        assert (database.state, database.claimed) == (CampaignState.RUNNING, 0)
        assert database.rounds < 5, "it spins"


@pytest.mark.parametrize("limits", [{"leads_free": 0}, {"channels_free": 0}, {"pace_tat": 9e9, "burst": 1}])
async def test_with_nobody_left_to_call_no_limit_keeps_a_campaign_open(limits: dict[str, Any]) -> None:
    database = PaperDatabase(waiting=0, limits=limits)
    async with dialling(database, PaperCaller()):
        await until(lambda: database.state is CampaignState.FINISHED)


async def test_a_failing_trunk_trips_the_breaker() -> None:
    database, caller = PaperDatabase(waiting=500), PaperCaller(ends={"outcome": Outcome.CONGESTION, "sip": 503})
    database.limits = {"channels_free": 2}
    caller.go_on.set()
    async with dialling(database, caller):
        await until(lambda: database.state is CampaignState.PAUSED)
    assert database.reason == "trunk_failing"
    assert 10 <= database.claimed <= 20


async def test_what_cannot_be_played_pauses_the_campaign() -> None:
    database, caller = PaperDatabase(waiting=5), PaperCaller(cannot=BadInput("clip-missing", "There is no clip"))
    async with dialling(database, caller):
        await until(lambda: database.state is CampaignState.PAUSED and not database.open)
    assert (database.reason, database.callers, database.waiting) == ("clip-missing", {}, 5)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"call_window": {}}, "bad_window"),
        ({"call_window": {**ALWAYS, "zone": "Mars/Olympus"}}, "window_zone"),
        ({"call_window": {**ALWAYS, "last": "2020-01-01"}}, "window_over"),
        ({"retry": {"attempts": 99}}, "retry_out_of_bounds"),
        ({"retry": {"attempts": "x"}}, "bad_retry"),
    ],
)
async def test_settings_that_cannot_be_call_nobody(change: dict[str, Any], reason: str) -> None:
    database = PaperDatabase(campaign=replace(CAMPAIGN, **change), waiting=5)
    async with dialling(database, PaperCaller()):
        await until(lambda: database.state is CampaignState.PAUSED)
    assert (database.reason, database.claimed) == (reason, 0)


async def test_outside_the_window_nobody_is_claimed() -> None:
    soon = datetime.now(UTC) + timedelta(hours=2)
    window = {"opens": f"{soon:%H}:00:00", "closes": f"{soon + timedelta(hours=1):%H}:00:00", "zone": "UTC"}
    database = PaperDatabase(campaign=replace(CAMPAIGN, call_window=window), waiting=5)
    async with dialling(database, PaperCaller()):
        await until(lambda: database.rounds > 0)
        await asyncio.sleep(0.02)
        assert (database.state, database.claimed) == (CampaignState.RUNNING, 0)


async def test_the_database_away_does_not_end_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    database, caller = PaperDatabase(waiting=2, failures={"running": 2}), PaperCaller()
    async with dialling(database, caller) as dialer:
        await until(lambda: database.rounds >= 1)
        dialer.wake()
        await until(lambda: database.rounds >= 2)
        dialer.wake()
        await until(lambda: database.claimed == 2)


async def test_an_attempt_that_breaks_leaves_its_row_to_recovery() -> None:
    database, caller = PaperDatabase(waiting=1), PaperCaller(crash=True)
    caller.go_on.set()
    async with dialling(database, caller) as dialer:
        await until(lambda: caller.talking and not dialer.in_progress)
        assert (len(database.open), database.finished) == (1, {})
        assert database.state is CampaignState.RUNNING, "a call is open, the campaign cannot be finished"


async def test_closing_gives_back_and_claims_no_more() -> None:
    database, caller = PaperDatabase(waiting=2), PaperCaller()
    database.limits = {"channels_free": 1}
    dialer = Dialer(database, database, caller, "cell")
    dialer.connected(True)
    task = asyncio.ensure_future(dialer.run())
    await until(lambda: caller.talking)
    dialer.close()
    caller.go_on.set()
    await asyncio.wait_for(dialer.drain(), 20)
    await asyncio.wait_for(task, 20)
    assert (len(database.finished), database.waiting) == (1, 1)


async def test_a_zone_that_nobody_understands_does_not_keep_a_campaign_alive() -> None:
    window = {**ALWAYS, "by_contact_zone": True}
    database = PaperDatabase(replace(CAMPAIGN, zones=("", "Mars/Olympus", "Asia/Omsk"), call_window=window))
    async with dialling(database, PaperCaller()):
        await until(lambda: database.blocked_zones)
    assert database.blocked_zones == ["Mars/Olympus"]
