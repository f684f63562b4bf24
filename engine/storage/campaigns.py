"""Campaigns in PostgreSQL: what runs, claiming contacts, the states a user commands."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg

from engine.domain.campaign import Campaign, CampaignState, Claim, Room
from engine.domain.errors import Refused
from engine.domain.ids import E164, AccountId, CallId, CampaignId, ContactId, ScenarioId
from engine.domain.text import mark
from engine.storage.database import Database
from engine.storage.queries import SQL, load

_SQL = load(SQL / "campaigns.sql")
MOST_CLAIMS = 100
"""At once: keeps the campaign's lock short."""


class Campaigns:
    """See the module; one instance serves the whole process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def running(self) -> list[Campaign]:
        return [_campaign(row) for row in await self._database.fetch(_SQL["running"])]

    async def claim(
        self, campaign: CampaignId, zones: Sequence[str], cell: str, wanted: int, now: float
    ) -> tuple[Room | None, list[Claim]]:
        """Take as many of ``wanted`` due contacts as all limits allow, in one transaction with everything they reserve.

        ``zones`` are the contacts' zones in which calling is allowed now ('' for unknown); ``now``: epoch seconds. Returns the
        room there was (None: the campaign is gone), which dialer.capacity.share explains, and the claims, whose rows in
        ``calls`` exist. Fewer claims than that room grants: no more contacts are due. Raises ValueError when more than
        MOST_CLAIMS are wanted.
        """
        if wanted > MOST_CLAIMS:
            raise ValueError(f"{wanted} claims at once")
        rows = await self._database.fetch(_SQL["claim"], campaign, wanted, list(zones), now, cell, new_ids(wanted))
        if not rows:
            return None, []
        claims = [_claim(row) for row in rows[1:]]
        self._database.announcer.add(claim.call_id for claim in claims)
        return _room(rows[0]["room"]), claims

    async def upcoming(self, campaign: CampaignId, count: int, zones: Sequence[str]) -> list[Mapping[str, str]]:
        """The fields of contacts that are due within a minute."""
        return [row["fields"] for row in await self._database.fetch(_SQL["upcoming"], campaign, count, list(zones))]

    async def next_due(self, campaign: CampaignId, zones: Sequence[str]) -> datetime | None:
        """When the next contact of these zones is due; None when none waits there."""
        found = await self._database.fetchval(_SQL["next_due"], campaign, list(zones))
        return None if found is None else _aware(found)

    async def finish_if_done(self, campaign: CampaignId) -> bool:
        """Set it finished when no contact waits or is being called."""
        return await self._database.fetchval(_SQL["finish_if_done"], campaign) is not None

    async def block_zone(self, campaign: CampaignId, zone: str) -> None:
        """Contacts in a zone that nobody understands cannot be called; they are done with, and say why."""
        await self._database.execute(_SQL["block_zone"], campaign, zone)

    async def carousel(self) -> list[str]:
        """The numbers of the system's carousel."""
        return [row["phone"] for row in await self._database.fetch(_SQL["carousel"])]

    async def scenario(self, scenario: ScenarioId) -> object:
        """A scenario's document as parsed JSON."""
        return await self._database.fetchval(_SQL["scenario"], scenario)

    async def start(self, campaign: CampaignId) -> int:
        """Start a draft, or a stopped campaign from the beginning. Returns the number of the run."""
        async with self._database.transaction() as connection:
            await connection.fetch(_SQL["hold_open_calls"], campaign)
            run = await connection.fetchval(_SQL["start"], campaign)
            if run is None:
                raise await self._refused(campaign, "start")
            await connection.execute(_SQL["fill"], campaign)
            await connection.execute(_SQL["set_zones"], campaign)
        await self._database.execute(_SQL["analyze"])
        return int(run)

    async def pause(self, campaign: CampaignId, reason: str = "by_user", text: str = "") -> None:
        if await self._database.fetchval(_SQL["pause"], campaign, reason, text) is None:
            raise await self._refused(campaign, "pause")

    async def resume(self, campaign: CampaignId) -> None:
        if await self._database.fetchval(_SQL["resume"], campaign) is None:
            raise await self._refused(campaign, "resume")

    async def stop(self, campaign: CampaignId) -> None:
        if await self._database.fetchval(_SQL["stop"], campaign) is None:
            raise await self._refused(campaign, "stop")

    async def restart(self, campaign: CampaignId) -> None:
        """Call those again who did not answer in a finished campaign."""
        async with self._database.transaction() as connection:
            if await connection.fetchval(_SQL["restart"], campaign) is None:
                raise await self._refused(campaign, "restart")
            await connection.execute(_SQL["refill_unanswered"], campaign)

    async def _refused(self, campaign: CampaignId, what: str) -> Refused:
        """Why a command had no effect. Raises it itself when there is no such campaign."""
        await self.progress(campaign)
        return Refused("wrong_state", mark("The campaign's state does not allow: {what}"), what=what)

    async def state(self, campaign: CampaignId) -> tuple[CampaignState, str, str]:
        """State, reason code and reason text."""
        row = await self.progress(campaign)
        return CampaignState(row["state"]), row["reason"], row["reason_text"]

    async def progress(self, campaign: CampaignId) -> dict[str, Any]:
        row = await self._database.fetchrow(_SQL["progress"], campaign)
        if row is None:
            raise Refused("no_campaign", mark("There is no campaign {id}"), id=campaign)
        return dict(row)

    async def outcomes(self, campaign: CampaignId) -> list[dict[str, Any]]:
        return [dict(row) for row in await self._database.fetch(_SQL["outcomes"], campaign)]

    async def all(self) -> list[dict[str, Any]]:
        """The newest fifty, for the command line."""
        return [dict(row) for row in await self._database.fetch(_SQL["all"])]

    async def contact(self, campaign: CampaignId, phone: str) -> ContactId | None:
        """The campaign's contact with this number."""
        found = await self._database.fetchval(_SQL["contact_of_phone"], campaign, phone)
        return None if found is None else ContactId(found)

    async def explain(self, campaign: CampaignId, contact: ContactId) -> dict[str, Any] | None:
        """The facts behind «почему контакт не обзвонен»; dialer.why words them."""
        row = await self._database.fetchrow(_SQL["explain"], campaign, contact)
        return None if row is None else dict(row)


def new_ids(count: int) -> list[str]:
    """Ids of new calls, version 7 (RFC 9562): ordered by time, so that those of a day lie together in the index. Made here: a
    server asks its kernel for randomness once for each id, which took longer than all else in a claim. As text, since a
    uuid.UUID costs more to make and to send than the rest of a claim does in Python.
    """
    now, chance = f"{time.time_ns() // 1_000_000:012x}", os.urandom(9 * count).hex()
    head, places = f"{now[:8]}-{now[8:]}-7", range(0, 18 * count, 18)
    return [f"{head}{chance[n : n + 3]}-8{chance[n + 3 : n + 6]}-{chance[n + 6 : n + 18]}" for n in places]


def _aware(value: datetime) -> datetime:
    # '-infinity' comes back as datetime.min without a zone
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _campaign(row: asyncpg.Record) -> Campaign:
    return Campaign(
        id=CampaignId(row["id"]),
        account=AccountId(row["account_id"]),
        name=row["name"],
        run=row["run"],
        scenario=ScenarioId(row["scenario_id"]),
        trunk=row["trunk"],
        caller_ids=tuple(row["caller_ids"]),
        per_hour=row["per_hour"],
        burst=row["burst"],
        answer_timeout_s=row["answer_timeout_s"],
        action_timeout_s=row["action_timeout_s"],
        longest_call_s=row["longest_call_s"],
        per_minute=row["per_minute"],
        record=row["record"],
        retry=row["retry"],
        call_window=row["call_window"],
        zones=tuple(row["zones"]),
    )


def _room(row: asyncpg.Record) -> Room:
    return Room(**{**dict(row), "state": CampaignState(row["state"])})


def _claim(row: asyncpg.Record) -> Claim:
    call, contact, phone, zone, number, carousel, last_caller, fields, _ = row  # by name takes twice as long
    return Claim(
        call_id=CallId(str(call)),
        contact=ContactId(contact),
        phone=E164(phone),
        zone=zone,
        number=number,
        carousel=carousel,
        last_caller=last_caller,
        fields=fields,
    )
