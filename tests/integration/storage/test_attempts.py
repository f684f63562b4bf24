"""An attempt's rows: marks on the way, one end, what becomes of the contact and the money."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from engine.domain.attempt import Marks, Recording, Result, SideEffect, Turn, TurnKind
from engine.domain.campaign import NextStep
from engine.domain.ids import CallId
from engine.domain.outcome import Outcome
from tests.integration.storage.conftest import DONE, Books

pytestmark = pytest.mark.integration


async def test_an_end_is_written_once(books: Books) -> None:
    campaign = await books.campaign(1)
    (claim,) = await books.claim(campaign)
    start = datetime.now(UTC).replace(microsecond=0)
    await books.calls.dialing(claim.call_id, "+7495", start)
    await books.calls.ringing(claim.call_id, start + timedelta(seconds=1))
    await books.calls.answered(claim.call_id, start + timedelta(seconds=2))
    end = start + timedelta(seconds=12)
    assert await books.finish(claim.call_id, cause="done", ended_at=end, hung_up_by="robot")
    assert await books.calls.unrecorded([str(claim.call_id)]) == [claim.call_id]
    await books.calls.recorded(claim.call_id, Recording("/a.wav", 10.0, "abc"))
    await books.calls.recorded(claim.call_id, Recording("/b.wav", 11.0, "def"))
    assert await books.calls.unrecorded([str(claim.call_id)]) == []
    assert not await books.finish(claim.call_id, NextStep(end, False, "retry"), "9", outcome=Outcome.BUSY)

    (row,) = await books.calls.report(campaign.id)
    assert (row["state"], row["outcome"], row["cause"], row["hung_up_by"]) == ("ended", "answered", "done", "robot")
    assert (row["started_at"], row["answered_at"], row["ended_at"]) == (start, start + timedelta(seconds=2), end)
    assert (row["duration"], row["cost"]) == (10.0, Decimal("2.40"))
    assert (row["recording"], row["recording_s"], row["recording_sha256"]) == ("/a.wav", 10.0, "abc")
    assert await books.contacts(campaign.id) == [("done", 1, "answered")]
    assert (await books.campaigns.progress(campaign.id))["spent"] == Decimal("2.40")
    assert await books.catalogue.balance(books.account) == 1000 - Decimal("2.40")
    # Late news of an ended call changes nothing either.
    await books.calls.mark(claim.call_id, Marks(path=("late",), result=Result.LEAD, blacklist=True))
    await books.calls.ringing(claim.call_id, end)
    (after,) = await books.calls.report(campaign.id)
    assert after == row
    assert (await books.campaigns.progress(campaign.id))["leads"] == 0
    assert await books.database.fetchval("select count(*) from blacklist") == 0


async def test_marks_may_be_written_again_and_again(books: Books) -> None:
    campaign = await books.campaign(1)
    (claim,) = await books.claim(campaign)
    one = SideEffect("a:1", "message", {"text": "Привет"})
    two = SideEffect("a:2", "webhook", {"n": 2})
    first = Marks(path=("ask",), dtmf="1", tags=("hot",), legs=2, effects=(one,))
    last = Marks(
        path=("ask", "ask:1", "lead"), dtmf="12", tags=("hot", "vip"), result=Result.LEAD, blacklist=True,
        transferred_to="+7", machine="ivr", effects=(one, two),
    )  # fmt: skip
    for marks in (first, first, last, last):
        await books.calls.mark(claim.call_id, marks)
    (row,) = await books.calls.report(campaign.id)
    assert (row["path"], row["dtmf"], row["tags"]) == (["ask", "ask:1", "lead"], "12", ["hot", "vip"])
    assert (row["result"], row["blacklisted"], row["transferred_to"], row["machine"]) == ("lead", True, "+7", "ivr")
    assert (await books.campaigns.progress(campaign.id))["leads"] == 1
    effects = await books.database.fetch("select key, kind, payload from side_effects order by key")
    assert [tuple(row) for row in effects] == [("a:1", "message", {"text": "Привет"}), ("a:2", "webhook", {"n": 2})]
    # What was reached once is not lost by a later look that does not know of it.
    await books.calls.mark(claim.call_id, Marks())
    (row,) = await books.calls.report(campaign.id)
    assert (row["result"], row["blacklisted"], row["transferred_to"], row["machine"]) == ("lead", True, "+7", "ivr")


async def test_who_asked_not_to_be_called_is_not_called_again(books: Books) -> None:
    """Not by a retry of this campaign, not by the customer's other campaigns; also when the marks come with the end."""
    campaign, other = await books.campaign(1), await books.draft(0)
    await books.database.execute(
        "update campaigns set audience_id = (select audience_id from campaigns where id = $1) where id = $2",
        campaign.id,
        other,
    )
    await books.campaigns.start(other)
    (claim,) = await books.claim(campaign)
    await books.calls.mark(claim.call_id, Marks(result=Result.BLACKLIST, blacklist=True))
    assert await books.contacts(other) == [("blocked", 0, "blacklist")]
    await books.finish(claim.call_id, NextStep(datetime.now(UTC), False, "retry"))
    assert await books.contacts(campaign.id) == [("blocked", 1, "blacklist")]
    assert await books.campaigns.finish_if_done(campaign.id)


async def test_an_unanswered_attempt_costs_nothing_and_waits_for_the_next(books: Books) -> None:
    campaign = await books.campaign(1)
    (claim,) = await books.claim(campaign)
    at = datetime.now(UTC) + timedelta(minutes=1)
    await books.finish(claim.call_id, NextStep(at, False, "retry"), "0", outcome=Outcome.BUSY)
    assert await books.contacts(campaign.id) == [("waiting", 1, "retry")]
    assert await books.claim(campaign) == [], "called before its time"
    assert await books.campaigns.next_due(campaign.id, ("",)) == at
    assert await books.database.fetchval("select count(*) from ledger_journals where key like 'call:%'") == 0
    assert not await books.campaigns.finish_if_done(campaign.id), "finished with somebody left to call"


async def test_the_database_itself_refuses_a_second_call_for_one_attempt(books: Books) -> None:
    """The last line of defence, should a claim ever be wrong."""
    campaign = await books.campaign(1)
    (claim,) = await books.claim(campaign)
    again = (
        "insert into calls (campaign_id, contact_id, account_id, trunk_id, scenario_id, run, attempt, phone, cell_id, hold)"
        " select campaign_id, contact_id, account_id, trunk_id, scenario_id, run, attempt, phone, cell_id, hold from calls"
        " where id = $1 on conflict (campaign_id, run, contact_id, attempt) do nothing"
    )
    assert await books.database.execute(again, claim.call_id) == "INSERT 0 0"


@pytest.mark.parametrize("dialled", [True, False])
async def test_a_call_of_an_earlier_run_frees_its_contact(books: Books, dialled: bool) -> None:
    """Stopped and started anew while a call goes on: the contact is called after that call's end, as from the start."""
    campaign = await books.campaign(2)
    (claim,) = await books.claim(campaign)
    if dialled:
        await books.calls.dialing(claim.call_id, "+7495", datetime.now(UTC))
    await books.campaigns.stop(campaign.id)
    assert await books.campaigns.start(campaign.id) == 2
    assert await books.contacts(campaign.id) == [("calling", 0, ""), ("waiting", 0, "")]
    assert not await books.campaigns.finish_if_done(campaign.id)
    assert await (books.finish(claim.call_id) if dialled else books.calls.release(claim.call_id))
    assert await books.contacts(campaign.id) == [("waiting", 0, "")] * 2
    claims = await books.claim(await books.running(campaign.id), 5)
    assert [(each.contact, each.number) for each in claims][:1] == [(claim.contact, 1)]
    # Had he asked not to be called again, he would not be.
    await books.calls.mark(claims[0].call_id, Marks(blacklist=True))
    await books.campaigns.stop(campaign.id)
    await books.database.execute("delete from blacklist")
    await books.campaigns.start(campaign.id)
    await books.database.execute(
        "insert into blacklist (account_id, phone) values ($1, $2)", books.account, claims[0].phone
    )
    await books.finish(claims[0].call_id)
    assert (await books.contacts(campaign.id))[0] == ("blocked", 0, "blacklist")


async def test_what_dead_cells_left_open(books: Books) -> None:
    campaign = await books.campaign(3, retry={"attempts": 3})
    mine, fresh, ended = await books.claim(campaign, 3)
    await books.calls.beat("cell")
    await books.calls.dialing(mine.call_id, "+7495", datetime.now(UTC))
    await books.calls.answered(mine.call_id, datetime.now(UTC))
    await books.finish(ended.call_id)
    assert await books.calls.abandoned("cell", 30, 60) == [], "just claimed: their tasks are about to begin"
    assert {each.call_id for each in await books.calls.abandoned("cell", None, 0)} == {mine.call_id, fresh.call_id}
    await books.database.execute("update calls set claimed_at = now() - interval '61 s' where id <> $1", fresh.call_id)
    (found,) = await books.calls.abandoned("cell", 30, 60)
    assert (found.call_id, found.state, found.retry) == (mine.call_id, "answered", {"attempts": 3})
    assert found.answered_at is not None
    # Another cell takes over only what was left by a cell that has been silent for long.
    assert await books.calls.abandoned("other", 30, 60) == []
    await books.database.execute("update cells set seen_at = now() - interval '31 s'")
    assert {each.call_id for each in await books.calls.abandoned("other", 30, 60)} == {mine.call_id, fresh.call_id}
    await books.calls.beat("cell")
    assert await books.calls.abandoned("other", 30, 60) == []


async def test_an_unknown_call(books: Books) -> None:
    nobody = CallId("00000000-0000-0000-0000-000000000000")
    await books.calls.mark(nobody, Marks(result=Result.LEAD))
    assert not await books.finish(nobody, DONE)
    assert not await books.calls.release(nobody)
    assert not await books.calls.dialing(nobody, "+7", datetime.now(UTC))


async def test_a_transcript_grows_with_the_call(books: Books) -> None:
    """Marks bring new turns, the end brings the rest; what was there is never doubled, and late news changes nothing."""
    campaign = await books.campaign(1)
    (claim,) = await books.claim(campaign)
    call, prompt = claim.call_id, Turn(0, TurnKind.SAID, "Удобно говорить?", 0.1, node="ask")
    await books.calls.mark(call, Marks(turns=(prompt,)))
    await books.calls.mark(call, Marks(turns=(prompt,)))
    assert await books.calls.transcript(call) == [prompt], "an engine that dies now loses nothing"
    said = replace(prompt, end_s=1.5, interrupted=True)
    heard = Turn(1, TurnKind.HEARD, "да", 1.25, 1.75, "ask", "ask:да>yes", 0.5)
    assert await books.finish(call, turns=(said, heard))
    assert await books.calls.transcript(call) == [said, heard]
    late = Turn(2, TurnKind.HEARD, "ещё", 9.0, 9.5)
    await books.calls.mark(call, Marks(turns=(late,)))
    assert not await books.finish(call, turns=(late,), early="busy")
    assert await books.calls.transcript(call) == [said, heard]
    (row,) = await books.calls.report(campaign.id)
    assert [(turn["text"], turn["start_s"]) for turn in row["transcript"]] == [("Удобно говорить?", 0.1), ("да", 1.25)]
    assert row["early"] == ""
    found = await books.calls.find(claim.phone)
    assert found == await books.calls.find(str(call))
    assert found is not None
    assert str(found["id"]) == call
    assert await books.calls.find("+7000") is None
    # It is personal, and goes with its call.
    await books.database.execute("delete from calls where id = $1", call)
    assert await books.database.fetchval("select count(*) from turns") == 0


async def test_what_the_network_played_instead_of_an_answer(books: Books) -> None:
    campaign = await books.campaign(1)
    (claim,) = await books.claim(campaign)
    await books.finish(claim.call_id, cost="0", outcome=Outcome.UNREACHABLE, early="announcement")
    (row,) = await books.calls.report(campaign.id)
    assert (row["outcome"], row["early"], row["transcript"]) == ("unreachable", "announcement", None)
