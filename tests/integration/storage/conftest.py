"""A customer with a project, a trunk and campaigns, in a database of its own; no Asterisk."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from engine.domain.attempt import CallRecord
from engine.domain.campaign import Campaign, Claim, NextStep, Room
from engine.domain.ids import AccountId, CallId, CampaignId, ProjectId, TrunkId
from engine.domain.outcome import Outcome
from engine.storage.calls import Calls
from engine.storage.campaigns import Campaigns
from engine.storage.catalogue import Catalogue, NewCampaign, NewContact
from engine.storage.database import Database

DONE = NextStep(None, False, "answered")


@dataclass
class Books:
    database: Database
    catalogue: Catalogue
    campaigns: Campaigns
    calls: Calls
    account: AccountId
    project: ProjectId
    trunk: TrunkId
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def draft(self, contacts: int | Sequence[NewContact], **settings: Any) -> CampaignId:
        if isinstance(contacts, int):
            contacts = [NewContact(f"+7900{next(self.numbers):07d}", {}) for _ in range(contacts)]
        new = NewCampaign(
            project=self.project,
            name="Test",
            scenario=await self.catalogue.create_scenario(self.project, "Test", {}),
            audience=await self.catalogue.create_audience(self.project, "Test", contacts),
            trunk=self.trunk,
            caller_ids=("+74951234567",),
            per_hour=360_000,
            burst=1000,
            max_channels=1000,
            per_minute=Decimal("2.40"),
            longest_call_s=60,
            call_window={},
        )
        return await self.catalogue.create_campaign(replace(new, **settings))

    async def campaign(self, contacts: int | Sequence[NewContact], **settings: Any) -> Campaign:
        """A running one."""
        number = await self.draft(contacts, **settings)
        await self.campaigns.start(number)
        return await self.running(number)

    async def running(self, campaign: CampaignId) -> Campaign:
        (found,) = [each for each in await self.campaigns.running() if each.id == campaign]
        return found

    async def claim(self, campaign: Campaign, count: int = 1, zones: Sequence[str] = ("",)) -> list[Claim]:
        _, claims = await self.campaigns.claim(campaign.id, zones, "cell", count, time.time())
        return claims

    async def room(self, campaign: Campaign) -> Room:
        room, _ = await self.campaigns.claim(campaign.id, ("",), "cell", 0, time.time())
        assert room is not None
        return room

    async def finish(self, call: CallId, following: NextStep = DONE, cost: str = "2.40", **changes: Any) -> bool:
        return await self.calls.finish(record(call, **changes), Decimal(cost), following)

    async def contacts(self, campaign: CampaignId) -> list[tuple[str, int, str]]:
        """State, attempts and reason of each, in the order of the audience."""
        sql = "select state::text, attempts, reason from campaign_contacts where campaign_id = $1 order by contact_id"
        return [(row["state"], row["attempts"], row["reason"]) for row in await self.database.fetch(sql, campaign)]


def record(call: CallId, **changes: Any) -> CallRecord:
    plain = CallRecord(call, Outcome.ANSWERED, "", 16, 200, None, None, datetime.now(UTC))
    return replace(plain, **changes)


@pytest.fixture
async def books(database: Database) -> Books:
    catalogue = Catalogue(database)
    account = await catalogue.create_account("Test")
    await catalogue.top_up(account, "start", Decimal(1000), "")
    project = await catalogue.create_project(account, "Test")
    trunk = await catalogue.set_trunk("trunk", 1000, 1000)
    return Books(database, catalogue, Campaigns(database), Calls(database), account, project, trunk)
