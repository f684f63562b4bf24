"""Reads what the sections show; changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from uuid import UUID

import asyncpg

from engine.domain.ids import AccountId
from engine.scenario.events import MachineKind
from engine.storage.database import Database
from engine.storage.queries import load
from management.access.caller import Caller
from management.access.places import place_of, places_of
from management.errors import NotFound
from management.filters import Period, bounds, like
from management.paging import Found, Wanted, fetch_page
from management.sections.schemas import (
    Call,
    CallResult,
    CallStatus,
    Campaign,
    CampaignState,
    Counted,
    Day,
    Movement,
    Number,
    TopUp,
)

_SQL = load(Path(__file__).parent / "queries.sql")
_KEYS = {"created_at": "id", "id": "id", "name": "name"}
"""Ids are given in the order of creation."""


class Sections:
    """``project``, ``projects``: such as the caller may see; pages have the one from ``access.places``, the API from ``visible``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def visible(self, caller: Caller, project: int | None) -> Sequence[int]:
        """The one project, if he may see it, else NotFound; without one all that are his or shared with him."""
        if project is None:
            return await places_of(self._database, caller)
        if await place_of(self._database, caller, str(project)) is None:
            raise NotFound
        return [project]

    async def campaigns(
        self, projects: Sequence[int], wanted: Wanted, name: str, state: CampaignState | None, period: Period, zone: str
    ) -> Found[Campaign]:
        args = (projects, like(name), state.value if state else "", *bounds(period, zone))
        found = await fetch_page(self._database, _SQL["campaigns"], args, wanted, _KEYS)
        rows = await self._database.fetch(_SQL["progress"], [row["id"] for row in found.items])
        progress = {row["id"]: row for row in rows}
        return found.map(lambda row: _campaign(row, progress[row["id"]]))

    async def campaign(self, caller: Caller, campaign: int) -> Campaign:
        """Raises NotFound."""
        row = await self._database.fetchrow(_SQL["campaign"], campaign, caller.account, caller.user, caller.sees_all)
        if row is None:
            raise NotFound
        (progress,) = await self._database.fetch(_SQL["progress"], [campaign])
        return _campaign(row, progress)

    async def calls(
        self,
        projects: Sequence[int],
        wanted: Wanted,
        phone: str,
        status: CallStatus | None,
        result: CallResult | None,
        period: Period,
        zone: str,
        campaign: int | None = None,
    ) -> Found[Call]:
        """``phone``: a part of the number."""
        digits = "".join(sign for sign in phone if sign in "0123456789")
        chosen = (status.value if status else "", result.value if result else "")
        args = (projects, digits, *chosen, *bounds(period, zone), campaign)
        keys, casts = {"ended_at": "ended_at"}, ("timestamptz", "uuid")
        return (await fetch_page(self._database, _SQL["calls"], args, wanted, keys, casts)).map(_call)

    async def call(self, caller: Caller, call: UUID) -> Call:
        """Raises NotFound; also while it lasts."""
        row = await self._database.fetchrow(_SQL["call"], call, caller.account, caller.user, caller.sees_all)
        if row is None:
            raise NotFound
        return _call(row)

    async def segments(self, project: int, wanted: Wanted, name: str) -> Found[Counted]:
        found = await fetch_page(self._database, _SQL["segments"], (project, like(name)), wanted, _KEYS)
        rows = await self._database.fetch(_SQL["contacts"], [row["id"] for row in found.items])
        return _counted(found, rows)

    async def scenarios(self, project: int, wanted: Wanted, name: str) -> Found[Counted]:
        found = await fetch_page(self._database, _SQL["scenarios"], (project, like(name)), wanted, _KEYS)
        rows = await self._database.fetch(_SQL["uses"], [row["id"] for row in found.items], project)
        return _counted(found, rows)

    async def numbers(self, account: AccountId, wanted: Wanted) -> Found[Number]:
        keys = {"phone": "phone", "id": "id"}
        found = await fetch_page(self._database, _SQL["numbers"], (account,), wanted, keys)
        return found.map(lambda row: Number(**row))

    async def transactions(self, account: AccountId, wanted: Wanted, period: Period, zone: str) -> Found[Movement]:
        args = (account, *bounds(period, zone))
        found = await fetch_page(self._database, _SQL["transactions"], args, wanted, _KEYS)
        return found.map(lambda row: Movement(**row))

    async def top_ups(self, account: AccountId, wanted: Wanted) -> Found[TopUp]:
        found = await fetch_page(self._database, _SQL["top_ups"], (account,), wanted, _KEYS)
        return found.map(lambda row: TopUp(**row))

    async def days(self, project: int, period: Period, zone: str) -> list[Day]:
        """Days on which calls ended. ``period``: with both its days."""
        since, until = bounds(period, zone)
        return [Day(**row) for row in await self._database.fetch(_SQL["days"], project, zone, since, until)]


def _campaign(row: asyncpg.Record, progress: asyncpg.Record) -> Campaign:
    return Campaign(
        **{**row, "state": CampaignState(row["state"])}, done=progress["done"], contacts=progress["contacts"]
    )


def _call(row: asyncpg.Record) -> Call:
    return Call(
        id=str(row["id"]),
        ended_at=row["ended_at"],
        phone=row["phone"],
        project=row["project"],
        campaign=row["campaign"],
        campaign_name=row["campaign_name"],
        outcome=row["outcome"],
        duration=round(row["duration"]),
        status=CallStatus.SUCCESSFUL if row["outcome"] == "answered" else CallStatus.UNSUCCESSFUL,
        result=CallResult(row["result"]) if row["result"] in set(CallResult) else None,
        cost=row["cost"],
        machine=MachineKind(row["machine"]) if row["machine"] in set(MachineKind) else None,
    )


def _counted(found: Found[asyncpg.Record], counts: Sequence[asyncpg.Record]) -> Found[Counted]:
    by_id = dict(_pairs(counts))
    return found.map(lambda row: Counted(**row, count=by_id.get(row["id"], 0)))


def _pairs(rows: Iterable[asyncpg.Record]) -> Iterable[tuple[int, int]]:
    return ((row["id"], row["count"]) for row in rows)
