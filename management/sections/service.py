"""Reads what the sections show; changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg

from engine.domain.ids import AccountId
from engine.scenario.events import MachineKind
from engine.storage.database import Database
from engine.storage.queries import load
from management.paging import Found, Wanted, fetch_page
from management.sections.schemas import (
    Call,
    Campaign,
    Counted,
    Day,
    Movement,
    Number,
    Period,
    Result,
    State,
    Status,
    TopUp,
)

_SQL = load(Path(__file__).parent / "queries.sql")
_KEYS = {"created_at": "id", "id": "id", "name": "name"}
"""Ids are given in the order of creation."""


class Sections:
    """``project``: one that the caller may see; the controllers have it from ``access.places``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def campaigns(
        self, project: int, wanted: Wanted, name: str, state: State | None, period: Period, zone: str
    ) -> Found[Campaign]:
        args = (project, like(name), state.value if state else "", *bounds(period, zone))
        found = await fetch_page(self._database, _SQL["campaigns"], args, wanted, _KEYS)
        rows = await self._database.fetch(_SQL["progress"], [row["id"] for row in found.items])
        progress = {row["id"]: row for row in rows}
        return found.map(lambda row: _campaign(row, progress[row["id"]]))

    async def calls(
        self,
        project: int,
        wanted: Wanted,
        phone: str,
        status: Status | None,
        result: Result | None,
        period: Period,
        zone: str,
    ) -> Found[Call]:
        """``phone``: a part of the number."""
        digits = "".join(sign for sign in phone if sign in "0123456789")
        chosen = (status.value if status else "", result.value if result else "")
        args = (project, digits, *chosen, *bounds(period, zone))
        keys, casts = {"ended_at": "ended_at"}, ("timestamptz", "uuid")
        return (await fetch_page(self._database, _SQL["calls"], args, wanted, keys, casts)).map(_call)

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


def bounds(period: Period, zone: str) -> tuple[datetime | None, datetime | None]:
    """The first moment of the period and the first one after it."""
    midnight = time(tzinfo=ZoneInfo(zone))
    first = None if period.first is None else datetime.combine(period.first, midnight)
    last = None if period.last is None else datetime.combine(period.last + timedelta(days=1), midnight)
    return first, last


def like(text: str) -> str:
    """Its signs that LIKE gives a meaning are meant as they are."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("\0", "")


def _campaign(row: asyncpg.Record, progress: asyncpg.Record) -> Campaign:
    return Campaign(**{**row, "state": State(row["state"])}, done=progress["done"], contacts=progress["contacts"])


def _call(row: asyncpg.Record) -> Call:
    return Call(
        id=str(row["id"]),
        ended_at=row["ended_at"],
        phone=row["phone"],
        campaign=row["campaign"],
        duration=round(row["duration"]),
        status=Status.SUCCESSFUL if row["outcome"] == "answered" else Status.UNSUCCESSFUL,
        result=Result(row["result"]) if row["result"] in set(Result) else None,
        cost=row["cost"],
        machine=MachineKind(row["machine"]) if row["machine"] in set(MachineKind) else None,
    )


def _counted(found: Found[asyncpg.Record], counts: Sequence[asyncpg.Record]) -> Found[Counted]:
    by_id = dict(_pairs(counts))
    return found.map(lambda row: Counted(**row, count=by_id.get(row["id"], 0)))


def _pairs(rows: Iterable[asyncpg.Record]) -> Iterable[tuple[int, int]]:
    return ((row["id"], row["count"]) for row in rows)
