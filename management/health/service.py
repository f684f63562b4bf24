"""Looks at the database, the engines and the campaigns; one look serves everybody who asks within a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import asyncpg
import structlog

from engine.domain.campaign import CampaignState
from engine.domain.errors import Unavailable
from engine.storage.database import Database
from engine.storage.queries import load
from management.health.schemas import CampaignProgress, CellHealth, DatabaseHealth, Health, Status

log = structlog.get_logger("health")
ALIVE_S = 15.0
"""An engine beats every 5 s; after three missed beats it is shown as gone. (Its calls are taken over after 30 s.)"""
MOST_CAMPAIGNS = 50
AWAY = Health(Status.DEGRADED, DatabaseHealth(ok=False))

_SQL = load(Path(__file__).parent / "queries.sql")


class HealthService:
    """One instance serves the whole process. ``database`` raises Unavailable while there is none; times: see Settings."""

    def __init__(self, database: Callable[[], Database], fresh_s: float, patience_s: float) -> None:
        self._database = database
        self._fresh_s = fresh_s
        self._patience_s = patience_s
        self._look: asyncio.Task[Health] | None = None
        self._found: Health | None = None
        self._found_at = 0.0

    async def report(self) -> Health:
        """Never raises for a database that is away or does not answer: that is what it reports.

        The look is a task of its own and not cancelled when patience ends: giving a connection back to the pool waits
        for the server too, and a frozen server would hold the request that long. Later requests join the same look.
        """
        if self._found is not None and monotonic() - self._found_at < self._fresh_s:
            return self._found
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._refresh())
        await asyncio.wait({self._look}, timeout=self._patience_s)
        return self._look.result() if self._look.done() else AWAY

    async def _refresh(self) -> Health:
        was_away = self._found is AWAY
        try:
            found = await self._measure()
        except Unavailable as error:
            found = AWAY
            if not was_away:
                log.warning("database_away", error=str(error))
        if was_away and found is not AWAY:
            log.info("database_back")
        self._found, self._found_at = found, monotonic()
        return found

    async def _measure(self) -> Health:
        async with self._database().connection() as connection:
            version = await connection.fetchval(_SQL["version"])
            cells = tuple(_cell(row) for row in await connection.fetch(_SQL["cells"]))
            campaigns = tuple(_campaign(row) for row in await connection.fetch(_SQL["campaigns"], MOST_CAMPAIGNS))
        status = Status.OK if any(cell.alive for cell in cells) else Status.DEGRADED
        return Health(status, DatabaseHealth(ok=True, version=version), cells, campaigns)


def _cell(row: asyncpg.Record) -> CellHealth:
    seen = row["seen_seconds_ago"]
    return CellHealth(row["id"], round(seen, 1), seen <= ALIVE_S)


def _campaign(row: asyncpg.Record) -> CampaignProgress:
    return CampaignProgress(**{**dict(row), "state": CampaignState(row["state"])})
