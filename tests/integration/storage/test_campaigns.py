"""A campaign's states: which commands each allows, who is called then, and that everybody is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from engine.domain.campaign import CampaignState, NextStep
from engine.domain.errors import Refused
from engine.domain.ids import CampaignId, ContactId
from engine.domain.outcome import Outcome
from engine.storage.campaigns import Campaigns
from engine.storage.database import Listener
from tests.integration.storage.conftest import Books
from tests.support.world import until

pytestmark = pytest.mark.integration
LONG_S = 30.0

COMMANDS: dict[str, Callable[[Campaigns, CampaignId], Awaitable[object]]] = {
    "start": Campaigns.start,
    "pause": Campaigns.pause,
    "resume": Campaigns.resume,
    "stop": Campaigns.stop,
    "restart": Campaigns.restart,
    "finish": Campaigns.finish_if_done,
}
ALLOWED = {
    ("draft", "start"): "running",
    ("running", "pause"): "paused",
    ("running", "stop"): "stopped",
    ("running", "finish"): "finished",
    ("paused", "resume"): "running",
    ("paused", "stop"): "stopped",
    ("stopped", "start"): "running",
    ("finished", "restart"): "running",
}


async def test_every_command_in_every_state(books: Books) -> None:
    campaign = await books.draft(0)
    sql = "update campaigns set state = $2::text::campaign_state where id = $1"
    for begin in (state.value for state in CampaignState):
        for name, command in COMMANDS.items():
            await books.database.execute(sql, campaign, begin)
            expected = ALLOWED.get((begin, name))
            if expected is None and name != "finish":
                with pytest.raises(Refused) as refused:
                    await command(books.campaigns, campaign)
                assert refused.value.code == "wrong_state"
            else:
                await command(books.campaigns, campaign)
            assert (await books.campaigns.state(campaign))[0] == (expected or begin), (begin, name)


async def test_no_such_campaign(books: Books) -> None:
    nobody = CampaignId(0)
    for name, command in COMMANDS.items():
        if name != "finish":
            with pytest.raises(Refused):
                await command(books.campaigns, nobody)
    with pytest.raises(Refused) as refused:
        await books.campaigns.state(nobody)
    assert refused.value.code == "no_campaign"
    assert not await books.campaigns.finish_if_done(nobody)
    assert await books.campaigns.explain(nobody, ContactId(0)) is None


async def test_a_pause_keeps_its_reason_until_it_ends(books: Books) -> None:
    campaign = await books.campaign(1)
    await books.campaigns.pause(campaign.id, "trunk_failing", "503 ×10")
    assert await books.campaigns.state(campaign.id) == (CampaignState.PAUSED, "trunk_failing", "503 ×10")
    await books.campaigns.resume(campaign.id)
    assert await books.campaigns.state(campaign.id) == (CampaignState.RUNNING, "", "")


async def test_finished_only_when_nobody_waits_or_is_called(books: Books) -> None:
    campaign = await books.campaign(2)
    first, second = await books.claim(campaign, 2)
    assert not await books.campaigns.finish_if_done(campaign.id)
    await books.finish(first.call_id)
    assert not await books.campaigns.finish_if_done(campaign.id)
    await books.finish(second.call_id)
    assert await books.campaigns.finish_if_done(campaign.id)
    assert not await books.campaigns.finish_if_done(campaign.id)
    assert (await books.campaigns.state(campaign.id))[0] is CampaignState.FINISHED


async def test_restart_refills_those_who_did_not_answer(books: Books) -> None:
    campaign = await books.campaign(3)
    answered, busy, blocked = await books.claim(campaign, 3)
    await books.finish(answered.call_id)
    await books.finish(busy.call_id, NextStep(None, False, "exhausted"), "0", outcome=Outcome.BUSY)
    await books.calls.release(blocked.call_id)
    await books.database.execute(
        "insert into blacklist (account_id, phone) values ($1, $2)", books.account, blocked.phone
    )
    assert await books.campaigns.finish_if_done(campaign.id)
    await books.campaigns.restart(campaign.id)
    assert (await books.running(campaign.id)).run == 2
    assert await books.contacts(campaign.id) == [
        ("done", 1, "answered"),
        ("waiting", 0, ""),
        ("blocked", 0, "blacklist"),
    ]
    (claim,) = await books.claim(campaign, 5)
    assert (claim.contact, claim.number) == (busy.contact, 1)
    assert await books.calls.history(campaign.id, busy.contact, 2) == [], "the run before counts as attempts"


async def test_a_start_from_the_beginning_forgets_the_run_before(books: Books) -> None:
    campaign = await books.campaign(2)
    first, second = await books.claim(campaign, 2)
    await books.finish(first.call_id)
    await books.finish(second.call_id, NextStep(datetime.now(UTC), True, "retry"), "0", outcome=Outcome.BUSY)
    await books.campaigns.stop(campaign.id)
    assert await books.campaigns.start(campaign.id) == 2
    assert await books.contacts(campaign.id) == [("waiting", 0, "")] * 2
    assert [(claim.number, claim.carousel) for claim in await books.claim(campaign, 5)] == [(1, False)] * 2


async def test_a_start_waits_for_a_call_that_is_just_ending(books: Books) -> None:
    """Else the contact would enter the new run as being called, by a call that has ended: for ever."""
    campaign = await books.campaign(1)
    (claim,) = await books.claim(campaign)
    await books.calls.dialing(claim.call_id, "+7", datetime.now(UTC))
    await books.campaigns.stop(campaign.id)
    waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    end = """select finish_calls(array[$1::uuid], '{busy}', '{""}', '{17}', '{486}', '{null}', '{null}', array[now()], '{""}',
                                 '{0}', '{done}', '{null}', '{false}', '{""}')"""
    async with books.database.transaction() as ending:
        await ending.execute(end, claim.call_id)
        start = asyncio.ensure_future(books.campaigns.start(campaign.id))
        await until(lambda: books.database.fetchval(waiting), LONG_S)
    assert await start == 2
    assert await books.contacts(campaign.id) == [("waiting", 0, "")]


async def test_changes_are_announced(books: Books, dsn: str) -> None:
    told: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    channels = ("dozvon_campaign", "dozvon_call")
    listener = Listener(dsn, channels, lambda channel, payload: told.put_nowait((channel, payload)))
    task = asyncio.ensure_future(listener.run())

    async def heard() -> dict[str, object]:
        channel, payload = await asyncio.wait_for(told.get(), LONG_S)
        return {"channel": channel, **(json.loads(payload) if payload else {})}

    try:
        assert [await heard(), await heard()] == [{"channel": name} for name in channels], "look for yourself first"
        campaign = await books.draft(1)
        note = {"channel": "dozvon_campaign", "account": books.account, "campaign": campaign, "reason": ""}
        assert await heard() == {**note, "state": "draft"}
        await books.campaigns.start(campaign)
        assert await heard() == {**note, "state": "running"}
        (claim,) = await books.claim(await books.running(campaign))
        call = {"channel": "dozvon_call", "campaign": campaign, "call": claim.call_id}
        assert await heard() == {**call, "state": "claimed"}
        await books.calls.dialing(claim.call_id, "+7", datetime.now(UTC))
        assert await heard() == {**call, "state": "dialing"}
        await books.finish(claim.call_id)
        assert await heard() == {**call, "state": "ended"}
        await books.campaigns.pause(campaign, "no_funds", "")
        assert await heard() == {**note, "state": "paused", "reason": "no_funds"}
        # A lost connection is made anew, and begins by saying that something may have been missed.
        await books.database.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen %' and pid <> pg_backend_pid()"
            " and datname = current_database()"
        )
        assert [await heard(), await heard()] == [{"channel": name} for name in channels]
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_why_not_called_yet(books: Books) -> None:
    campaign = await books.campaign(3)
    first, second = await books.claim(campaign, 2)
    at = datetime.now(UTC)
    await books.finish(first.call_id, NextStep(at, False, "retry"), "0", outcome=Outcome.BUSY)
    facts = await books.campaigns.explain(campaign.id, first.contact)
    assert facts is not None
    assert (facts["state"], facts["reason"], facts["attempts"], facts["last_outcome"]) == (
        "waiting",
        "retry",
        1,
        "busy",
    )
    assert (facts["next_at"], facts["ahead"], facts["campaign_state"]) == (at, 1, "running")
    facts = await books.campaigns.explain(campaign.id, second.contact)
    assert facts is not None
    assert facts["state"] == "calling"


async def test_progress_and_outcomes(books: Books) -> None:
    campaign = await books.campaign(3)
    first, second = await books.claim(campaign, 2)
    await books.calls.dialing(second.call_id, "+7", datetime.now(UTC))
    await books.calls.answered(second.call_id, datetime.now(UTC))
    await books.finish(first.call_id)
    progress = await books.campaigns.progress(campaign.id)
    assert {name: progress[name] for name in ("contacts", "done", "open", "talking", "attempts")} == {
        "contacts": 3, "done": 1, "open": 1, "talking": 1, "attempts": 2,
    }  # fmt: skip
    (row,) = await books.campaigns.outcomes(campaign.id)
    assert (row["outcome"], row["n"], str(row["cost"])) == ("answered", 1, "2.4000")


async def test_a_start_from_the_beginning_counts_leads_and_money_anew(books: Books) -> None:
    campaign = (await books.campaign(1)).id
    await books.database.execute("update campaigns set leads = 3, spent = 5 where id = $1", campaign)
    await books.campaigns.stop(campaign)
    await books.campaigns.start(campaign)
    row = await books.database.fetchrow("select leads, spent, run from campaigns where id = $1", campaign)
    assert row is not None
    assert (row["leads"], row["spent"], row["run"]) == (0, 0, 2)
