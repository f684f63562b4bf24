"""Diallings and ends of many calls at once: one statement for all, and for each call what it would have had alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import asyncpg
import pytest

from engine.dialer.attempts import Attempts, persist
from engine.dialer.retry import RetryPolicy
from engine.domain.attempt import Attempt, CallRecord
from engine.domain.campaign import Campaign, NextStep
from engine.domain.ids import CallId
from engine.domain.outcome import Outcome
from tests.integration.storage.conftest import DONE, Books, record
from tests.support.world import until

pytestmark = pytest.mark.integration
MANY = 12
LONG_S = 30.0


async def states(books: Books, campaign: Campaign) -> set[str]:
    return {row["state"] for row in await books.calls.report(campaign.id)}


async def test_each_end_is_its_own(books: Books) -> None:
    """Answered and charged, to be called again, blacklisted meanwhile, of a run that is over: in one batch."""
    campaign = await books.campaign(4)
    talked, busy, unwanted, old = await books.claim(campaign, 4)
    await books.database.execute(
        "insert into blacklist (account_id, phone) values ($1, $2)", books.account, unwanted.phone
    )
    await books.database.execute("update calls set run = run - 1 where id = $1", old.call_id)
    again = NextStep(datetime.now(UTC), True, "retry")
    ends = [
        books.finish(talked.call_id),
        books.finish(busy.call_id, again, "0", outcome=Outcome.BUSY),
        books.finish(unwanted.call_id, again, "0", outcome=Outcome.BUSY),
        books.finish(old.call_id, DONE, "1.20"),
        books.finish(talked.call_id, again, "9", outcome=Outcome.BUSY),
        books.finish(CallId("00000000-0000-0000-0000-000000000000"), DONE),
    ]
    assert await asyncio.gather(*ends) == [True, True, True, True, False, False]
    assert {row["phone"]: row["outcome"] for row in await books.calls.report(campaign.id)} == {
        talked.phone: "answered", busy.phone: "busy", unwanted.phone: "busy", old.phone: "answered"
    }  # fmt: skip
    assert await books.contacts(campaign.id) == [
        ("done", 1, "answered"), ("waiting", 1, "retry"), ("blocked", 1, "blacklist"), ("waiting", 1, "")
    ]  # fmt: skip
    assert await books.catalogue.balance(books.account) == 1000 - Decimal("3.60")
    assert (await books.campaigns.progress(campaign.id))["spent"] == Decimal("3.60")


async def test_ends_and_claims_of_several_campaigns_do_not_wait_for_each_other_for_ever(books: Books) -> None:
    """They lock the same customer's account; a deadlock would be raised as Unavailable. Fewer contacts than the trunk's burst,
    so that its calls per second let all of them be claimed at once."""
    campaigns = [await books.campaign(40), await books.campaign(40)]
    claims = [await books.claim(campaign, 20) for campaign in campaigns]
    mixed = [claim for pair in zip(*claims, strict=True) for claim in pair]
    ended, claimed = await asyncio.gather(
        asyncio.gather(*(books.finish(claim.call_id) for claim in reversed(mixed))),
        asyncio.gather(*(books.claim(campaign, 5) for campaign in campaigns * 6)),
    )
    assert ended == [True] * 40
    assert sum(len(some) for some in claimed) == 40


@pytest.mark.parametrize("bad", [{"cause": "half\0"}, {"q850": 2**40}], ids=["server", "driver"])
async def test_a_bad_end_does_not_sink_its_neighbours(books: Books, bad: dict[str, Any]) -> None:
    campaign = await books.campaign(MANY)
    claims = await books.claim(campaign, MANY)
    ends = await asyncio.gather(
        *(books.finish(claim.call_id, **(bad if number == 3 else {})) for number, claim in enumerate(claims)),
        return_exceptions=True,
    )
    assert isinstance(ends[3], asyncpg.PostgresError)
    assert ends[:3] + ends[4:] == [True] * (MANY - 1)
    left = [row["phone"] for row in await books.calls.report(campaign.id) if row["state"] != "ended"]
    assert left == [claims[3].phone]
    assert await books.catalogue.balance(books.account) == 1000 - (MANY - 1) * Decimal("2.40")


async def test_the_server_breaks_off_in_the_middle_of_a_batch(books: Books) -> None:
    """Its answers are lost, nothing else is: all are written when it is back, and charged once."""
    campaign = await books.campaign(MANY)
    claims = await books.claim(campaign, MANY)
    waiting = "select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    async with books.database.transaction() as other:
        await other.execute("select 1 from calls where id = $1 for update", claims[5].call_id)
        ends = [asyncio.ensure_future(persist(partial(books.finish, claim.call_id))) for claim in claims]
        await until(lambda: books.database.fetchval(waiting), LONG_S)
        await books.database.fetchval("select pg_terminate_backend($1)", await books.database.fetchval(waiting))
    assert await asyncio.gather(*ends) == [True] * MANY
    assert await states(books, campaign) == {"ended"}
    assert await books.catalogue.balance(books.account) == 1000 - MANY * Decimal("2.40")


async def test_an_answer_lost_after_the_commit(books: Books) -> None:
    """The repetition finds the first write: diallings are still ours, ends are written once."""
    campaign = await books.campaign(MANY)
    claims = await books.claim(campaign, MANY)
    at = datetime.now(UTC)
    for _ in range(2):
        dialled = await asyncio.gather(*(books.calls.dialing(claim.call_id, "+7", at) for claim in claims))
        assert dialled == [True] * MANY
    later = datetime.now(UTC)
    mixed = (books.calls.dialing(claim.call_id, "+7", when) for claim in claims for when in (later, at))
    assert await asyncio.gather(*mixed) == [False, True] * MANY, "another's write is not ours"
    for first in (True, False):
        assert await asyncio.gather(*(books.finish(claim.call_id) for claim in claims)) == [first] * MANY
    assert await books.catalogue.balance(books.account) == 1000 - MANY * Decimal("2.40")


async def test_the_owner_goes_while_it_gathers(books: Books) -> None:
    campaign = await books.campaign(2)
    gone, stays = await books.claim(campaign, 2)
    leaving = asyncio.ensure_future(books.finish(gone.call_id))
    staying = asyncio.ensure_future(books.finish(stays.call_id))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying
    assert await states(books, campaign) == {"ended"}, "an outcome is written whoever waits for it"


@dataclass
class Lines:
    """Satisfies ``Caller``: calls that look into their row when they would be placed."""

    books: Books
    placed: list[str] = field(default_factory=list)
    free: int = 100

    async def rehearse(self, campaign: Campaign, contacts: Sequence[Mapping[str, str]]) -> None: ...

    async def prepare(self, attempt: Attempt) -> Placed:
        return Placed(self, attempt.call_id)


@dataclass
class Placed:
    lines: Lines
    call: CallId

    async def run(self) -> CallRecord:
        """From a connection of its own, so that only what is committed is seen."""
        row = "select state::text || caller_id from calls where id = $1"
        self.lines.placed.append(await self.lines.books.database.fetchval(row, self.call))
        return record(self.call)


async def test_a_dialling_is_committed_before_its_call_is_placed(books: Books) -> None:
    campaign = await books.campaign(MANY)
    claims = await books.claim(campaign, MANY)
    lines = Lines(books)
    attempts = Attempts(books.calls, lines, lambda *_: None)
    assert (
        await asyncio.gather(*(attempts.run(campaign, RetryPolicy(), claim, []) for claim in claims)) == [None] * MANY
    )
    assert lines.placed == ["dialing+74951234567"] * MANY
    assert await states(books, campaign) == {"ended"}
