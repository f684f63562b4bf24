"""Claiming contacts: who, in which order, how many at once; and that no two claimers get the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from engine.domain.attempt import Marks, Result
from engine.domain.campaign import Campaign, CampaignState, Claim, NextStep
from engine.domain.ids import CampaignId
from engine.storage.catalogue import NewContact
from tests.integration.storage.conftest import Books

pytestmark = pytest.mark.integration


async def test_a_claim_takes_due_contacts_in_order_and_makes_their_calls(books: Books) -> None:
    campaign = await books.campaign([NewContact(f"+7900000000{n}", {"n": str(n)}, None) for n in range(4)])
    later = datetime.now(UTC) + timedelta(hours=1)
    await books.database.execute(
        "update campaign_contacts set next_at = case when phone like '%0' then $1::timestamptz else now() end", later
    )
    claims = await books.claim(campaign, 2)
    assert [(claim.phone, claim.fields, claim.number, claim.carousel) for claim in claims] == [
        ("+79000000001", {"n": "1"}, 1, False),
        ("+79000000002", {"n": "2"}, 1, False),
    ]
    rows = await books.database.fetch("select id::text, state::text, run, attempt, hold, cell_id from calls")
    assert {tuple(row) for row in rows} == {
        (claim.call_id, "claimed", 1, 1, Decimal("2.40"), "cell") for claim in claims
    }
    assert [claim.phone for claim in await books.claim(campaign, 10)] == ["+79000000003"]
    assert await books.campaigns.next_due(campaign.id, ("",)) == later


async def test_only_open_zones_are_looked_into(books: Books) -> None:
    zones = (None, "Europe/Moscow", "Asia/Omsk", "Europe/Moscow")
    campaign = await books.campaign([NewContact(f"+790000000{n}0", {}, zone) for n, zone in enumerate(zones)])
    assert sorted(campaign.zones) == ["", "Asia/Omsk", "Europe/Moscow"]
    assert await books.claim(campaign, 10, zones=()) == []
    assert {claim.zone for claim in await books.claim(campaign, 10, ("", "Asia/Omsk"))} == {"", "Asia/Omsk"}
    assert await books.campaigns.next_due(campaign.id, ("", "Asia/Omsk")) is None
    assert len(await books.claim(campaign, 10, ("Europe/Moscow",))) == 2


async def test_the_blacklist_is_not_called(books: Books) -> None:
    people = [NewContact(f"+7900000000{n}", {}) for n in range(3)]
    await books.database.execute("insert into blacklist (account_id, phone) values ($1, '+79000000000')", books.account)
    campaign = await books.campaign(people)
    assert await books.contacts(campaign.id) == [("blocked", 0, "blacklist"), ("waiting", 0, ""), ("waiting", 0, "")]
    await books.database.execute("insert into blacklist (account_id, phone) values ($1, '+79000000001')", books.account)
    # Another customer's blacklist is no concern of this one.
    other = await books.catalogue.create_account("Other")
    await books.database.execute("insert into blacklist (account_id, phone) values ($1, '+79000000002')", other)
    assert [claim.phone for claim in await books.claim(campaign, 10)] == ["+79000000002"]


async def test_room_counts_what_calls_in_progress_may_still_use(books: Books) -> None:
    campaign = await books.campaign(9, max_leads=5, max_spend=Decimal(24), max_channels=8)
    other = await books.campaign(9)
    first, second, third = await books.claim(campaign, 3)
    (elsewhere,) = await books.claim(other, 1)
    await books.calls.mark(first.call_id, Marks(result=Result.LEAD, legs=2))
    room = await books.room(campaign)
    assert (room.state, room.open_calls, room.account_calls) == (CampaignState.RUNNING, 3, 4)
    assert (room.channels_free, room.trunk_free) == (8 - 3, 1000 - 5)
    assert room.leads_free == 5 - 1 - 2  # one is a lead, two may become one
    assert room.spend_free == 24 - 3 * Decimal("2.40")
    assert room.balance_free == 1000 - 4 * Decimal("2.40")

    for claim in (first, second, elsewhere):
        await books.finish(claim.call_id)
    await books.calls.release(third.call_id)
    room = await books.room(campaign)
    assert (room.open_calls, room.account_calls, room.channels_free, room.leads_free) == (0, 0, 8, 4)
    assert (room.spend_free, room.balance_free) == (24 - 2 * Decimal("2.40"), 1000 - 3 * Decimal("2.40"))


async def test_a_campaign_that_is_gone_or_paused_claims_nothing(books: Books) -> None:
    campaign = await books.campaign(3)
    await books.campaigns.pause(campaign.id)
    room, claims = await books.campaigns.claim(campaign.id, ("",), "cell", 3, time.time())
    assert (room and room.state, claims) == (CampaignState.PAUSED, [])
    assert await books.campaigns.running() == []
    await books.database.execute("delete from campaign_contacts")
    await books.database.execute("delete from campaigns")
    assert await books.campaigns.claim(campaign.id, ("",), "cell", 3, time.time()) == (None, [])


@pytest.mark.parametrize(
    ("settings", "most"),
    [
        ({}, 60),
        ({"max_channels": 7}, 7),
        ({"max_leads": 4}, 4),
        ({"max_spend": Decimal("24.00")}, 10),
        ({"per_hour": 60, "burst": 5}, 6),  # five at once, and one if the claiming takes a minute
    ],
    ids=["contacts", "channels", "leads", "spend", "pace"],
)
async def test_concurrent_claimers_share_the_limits(books: Books, settings: dict[str, object], most: int) -> None:
    campaign = await books.campaign(60, **settings)
    claims = await _all_claim(books, campaign)
    assert len({claim.contact for claim in claims}) == len({claim.call_id for claim in claims}) == len(claims)
    assert most - ("per_hour" in settings) <= len(claims) <= most
    rows = await books.database.fetchval("select count(*) from calls")
    assert rows == len(claims)


async def test_the_pacers_advance_by_what_was_taken(books: Books) -> None:
    campaign, now = await books.campaign(3), time.time()
    _, claims = await books.campaigns.claim(campaign.id, ("",), "cell", 10, now)
    room = await books.room(campaign)
    assert len(claims) == 3
    assert room.pace_tat == pytest.approx(now + 0.03, rel=0, abs=1e-5)
    assert room.rate_tat == pytest.approx(now + 0.003, rel=0, abs=1e-5)
    assert await books.campaigns.claim(campaign.id, ("",), "cell", 10, now + 1) == (room, [])
    assert await books.room(campaign) == room


async def test_campaigns_share_trunk_and_money_under_concurrent_claims(books: Books) -> None:
    await books.catalogue.set_trunk("trunk", 9, 1000)
    on_trunk = [await books.campaign(20), await books.campaign(20)]
    claims = await _all_claim(books, *on_trunk)
    assert len(claims) == 9

    poor = await books.catalogue.create_account("Poor")
    await books.catalogue.top_up(poor, "poor", Decimal("17.00"), "")
    books.project = await books.catalogue.create_project(poor, "Poor")
    books.trunk = await books.catalogue.set_trunk("wide", 1000, 1000)
    paid = [await books.campaign(20), await books.campaign(20)]
    claims = await _all_claim(books, *paid)
    assert len(claims) == 7  # 7 × 2.40 = 16.80


async def test_a_contact_locked_elsewhere_is_passed_over(books: Books) -> None:
    campaign = await books.campaign(3)
    async with books.database.transaction() as held:
        locked = await held.fetchval("select contact_id from campaign_contacts order by contact_id limit 1 for update")
        claims = await asyncio.wait_for(books.claim(campaign, 3), 30)
    assert len(claims) == 2
    assert locked not in {claim.contact for claim in claims}


async def test_a_claim_given_back_obeys_a_blacklisting_meanwhile(books: Books) -> None:
    campaign = await books.campaign(1)
    (claim,) = await books.claim(campaign)
    sql = "insert into blacklist (account_id, phone) values ($1, $2)"
    await books.database.execute(sql, books.account, claim.phone)
    assert await books.calls.release(claim.call_id)
    assert await books.contacts(campaign.id) == [("blocked", 0, "blacklist")]
    assert await books.campaigns.finish_if_done(campaign.id), "nobody is left to wait for"


async def test_a_release_is_as_if_nothing_had_been_claimed(books: Books) -> None:
    campaign = await books.campaign(1)
    before = await books.contacts(campaign.id)
    (claim,) = await books.claim(campaign)
    assert await books.calls.release(claim.call_id)
    assert not await books.calls.release(claim.call_id)
    assert await books.contacts(campaign.id) == before
    (again,) = await books.claim(campaign)
    assert (again.number, again.call_id != claim.call_id) == (1, True)
    assert await books.calls.dialing(again.call_id, "+7495", datetime.now(UTC))
    assert not await books.calls.dialing(again.call_id, "+7495", datetime.now(UTC)), "dialled twice for one attempt"
    assert not await books.calls.release(again.call_id), "what was dialled cannot be taken back"


async def test_a_contact_that_waits_again_remembers(books: Books) -> None:
    campaign = await books.campaign(1)
    (claim,) = await books.claim(campaign)
    await books.calls.dialing(claim.call_id, "+74950000001", datetime.now(UTC))
    await books.finish(claim.call_id, NextStep(datetime.now(UTC), True, "retry"), cost="0")
    assert await books.contacts(campaign.id) == [("waiting", 1, "retry")]
    (again,) = await books.claim(campaign)
    assert (again.number, again.carousel, again.last_caller) == (2, True, "+74950000001")
    history = await books.calls.history(campaign.id, claim.contact, 1)
    assert [(past.outcome, past.carousel) for past in history] == [("answered", False)]


async def _all_claim(books: Books, *campaigns: Campaign) -> list[Claim]:
    """Twelve claimers at once, each until it gets nothing more."""

    async def claimer(campaign: Campaign) -> list[Claim]:
        mine: list[Claim] = []
        while True:
            claims = await books.claim(campaign, 10)
            if not claims:
                return mine
            mine += claims

    found: Sequence[list[Claim]] = await asyncio.gather(*(claimer(each) for each in campaigns for _ in range(6)))
    return [claim for each in found for claim in each]


async def test_upcoming_shows_the_next_without_taking_them(books: Books) -> None:
    campaign = await books.campaign([NewContact(f"+7900000000{n}", {"n": str(n)}) for n in range(3)])
    assert await books.campaigns.upcoming(campaign.id, 2, ("",)) == [{"n": "0"}, {"n": "1"}]
    assert await books.campaigns.upcoming(CampaignId(0), 2, ("",)) == []
    assert len(await books.claim(campaign, 5)) == 3
