"""Attempts in PostgreSQL: their progress, marks made on the way, the end; open attempts after a crash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import asyncpg

from engine.domain.attempt import CallRecord, Marks, PastAttempt, Result
from engine.domain.campaign import NextStep
from engine.domain.ids import CallId, CampaignId, ContactId
from engine.domain.outcome import Outcome
from engine.storage.database import Pool
from engine.storage.queries import load

_SQL = load("calls")


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """An attempt whose engine is gone."""

    call_id: CallId
    campaign: CampaignId
    contact: ContactId
    run: int
    state: str
    cell: str
    ringing_at: datetime | None
    answered_at: datetime | None
    per_minute: Decimal
    result: Result | None


class Calls:
    """See the module; one instance serves the whole process."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def dialing(self, call: CallId, caller_id: str, at: datetime) -> None:
        """Before the originate: from here on the attempt counts as dialled, whatever happens to this process."""
        await self._pool.execute(_SQL["dialing"], call, caller_id, at)

    async def ringing(self, call: CallId, at: datetime) -> None:
        await self._unhurried("ringing", call, at)

    async def answered(self, call: CallId, at: datetime) -> None:
        await self._unhurried("answered", call, at)

    async def mark(self, call: CallId, marks: Marks) -> None:
        """Write what the conversation has given so far; a repeat changes nothing."""
        effects = [{"key": e.key, "kind": e.kind, "payload": e.payload} for e in marks.effects]
        await self._pool.execute(
            _SQL["mark"],
            call,
            list(marks.path),
            marks.dtmf,
            marks.result,
            list(marks.tags),
            marks.machine,
            marks.transferred_to,
            marks.blacklist,
            marks.legs,
            effects,
        )

    async def finish(self, record: CallRecord, cost: Decimal, following: NextStep) -> bool:
        """Outcome, money and the contact's next state in one transaction. False when it had been ended before."""
        return bool(
            await self._pool.fetchval(
                _SQL["finish"],
                record.call_id,
                record.outcome,
                record.cause,
                record.q850,
                record.sip,
                record.ringing_at,
                record.answered_at,
                record.ended_at,
                record.hung_up_by,
                cost,
                record.recording.path if record.recording else None,
                record.recording.seconds if record.recording else None,
                record.recording.sha256 if record.recording else None,
                "done" if following.at is None else "waiting",
                following.at,
                following.carousel,
                following.reason,
            )
        )

    async def history(self, campaign: CampaignId, contact: ContactId, run: int) -> list[PastAttempt]:
        """The ended attempts of this run, oldest first."""
        rows = await self._pool.fetch(_SQL["history"], campaign, contact, run)
        return [
            PastAttempt(Outcome(r["outcome"]), Result(r["result"]) if r["result"] else None, r["carousel"]) for r in rows
        ]

    async def abandoned(self, cell: str, silent_s: float) -> list[OpenAttempt]:
        """Open attempts of this cell from before, and of cells not seen for ``silent_s`` seconds."""
        return [_open(row) for row in await self._pool.fetch(_SQL["open_of_cells"], cell, silent_s)]

    async def report(self, campaign: CampaignId) -> Sequence[asyncpg.Record]:
        return await self._pool.fetch(_SQL["report"], campaign)

    async def beat(self, cell: str) -> None:
        """Tell that this cell lives."""
        await self._pool.execute(_SQL["beat"], cell)

    async def _unhurried(self, statement: str, call: CallId, at: datetime) -> None:
        """A change that recovery does not need: its commit need not wait for the disk."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute("set local synchronous_commit = off")
            await connection.execute(_SQL[statement], call, at)


def _open(row: asyncpg.Record) -> OpenAttempt:
    return OpenAttempt(
        call_id=CallId(str(row["id"])),
        campaign=CampaignId(row["campaign_id"]),
        contact=ContactId(row["contact_id"]),
        run=row["run"],
        state=row["state"],
        cell=row["cell_id"],
        ringing_at=row["ringing_at"],
        answered_at=row["answered_at"],
        per_minute=row["per_minute"],
        result=Result(row["result"]) if row["result"] else None,
    )
