"""Attempts in PostgreSQL: their progress, marks made on the way, the end; open attempts after a crash."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import asyncpg
import msgspec

from engine.domain.attempt import CallRecord, Marks, OpenAttempt, PastAttempt, Recording, Result, Turn
from engine.domain.campaign import NextStep
from engine.domain.ids import CallId, CampaignId, ContactId
from engine.domain.outcome import Outcome
from engine.storage.database import Database
from engine.storage.gather import Gatherer
from engine.storage.queries import SQL, load

_SQL = load(SQL / "calls.sql")


class Calls:
    """See the module; one instance serves the whole process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._dialings = Gatherer(self._write_dialings)
        self._ringings = Gatherer(self._write_ringings)
        self._ends = Gatherer(self._write_ends)

    async def dialing(self, call: CallId, caller_id: str, at: datetime) -> bool:
        """Before the originate: from here on the attempt counts as dialled, whatever happens to this process.

        False: the claim is no longer ours (we were taken for dead); nothing may be dialled.
        """
        return await self._dialings.put((call, caller_id, at))

    async def _write_dialings(self, dialings: Sequence[tuple[CallId, str, datetime]]) -> list[bool]:
        calls, caller_ids, times = zip(*dialings, strict=True)
        rows = await self._database.fetch(_SQL["dialing"], calls, caller_ids, times)
        self._database.announcer.add(calls)
        ours = {(str(row["id"]), row["started_at"]) for row in rows}
        return [(call, at) in ours for call, at in zip(calls, times, strict=True)]

    async def release(self, call: CallId) -> bool:
        """Give back a claim that was not dialled. False when there is none."""
        return bool(await self._database.fetchval(_SQL["release"], call))

    async def ringing(self, call: CallId, at: datetime) -> None:
        await self._ringings.put((call, at))

    async def _write_ringings(self, ringings: Sequence[tuple[CallId, datetime]]) -> Sequence[object]:
        calls, times = zip(*ringings, strict=True)
        await self._database.execute(_SQL["ringing"], calls, times)
        self._database.announcer.add(calls)
        return ringings

    async def answered(self, call: CallId, at: datetime) -> None:
        await self._database.execute(_SQL["answered"], call, at)
        self._database.announcer.add((call,))

    async def mark(self, call: CallId, marks: Marks) -> None:
        """Write what the conversation has given so far; a repeat changes nothing."""
        effects = [{"key": e.key, "kind": e.kind, "payload": e.payload} for e in marks.effects]
        await self._database.execute(
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
            msgspec.to_builtins(marks.turns),
        )

    async def finish(self, record: CallRecord, cost: Decimal, following: NextStep) -> bool:
        """Outcome, money and the contact's next state in one transaction. False when it had been ended before."""
        return await self._ends.put((record, cost, following))

    async def _write_ends(self, ends: Sequence[tuple[CallRecord, Decimal, NextStep]]) -> list[bool]:
        first = {end[0].call_id: end for end in reversed(ends)}  # of two ends of one call the first counts
        columns = zip(*(_end(*end) for end in first.values()), strict=True)
        ended_now = {str(row["id"]) for row in await self._database.fetch(_SQL["finish"], *columns)}
        self._database.announcer.add(first)
        return [end is first[end[0].call_id] and end[0].call_id in ended_now for end in ends]

    async def history(self, campaign: CampaignId, contact: ContactId, run: int) -> list[PastAttempt]:
        """The ended attempts of this run, oldest first."""
        rows = await self._database.fetch(_SQL["history"], campaign, contact, run)
        return [
            PastAttempt(Outcome(r["outcome"]), Result(r["result"]) if r["result"] else None, r["carousel"])
            for r in rows
        ]

    async def abandoned(self, cell: str, silent_s: float | None, young_s: float) -> list[OpenAttempt]:
        """Open attempts of this cell claimed more than ``young_s`` seconds ago, and of cells not seen for ``silent_s``
        (None: of no other cell)."""
        return [_open(row) for row in await self._database.fetch(_SQL["abandoned"], cell, silent_s, young_s)]

    async def unrecorded(self, calls: Iterable[str]) -> list[CallId]:
        """Those of ``calls`` that have ended without a recording."""
        rows = await self._database.fetch(_SQL["unrecorded"], list(calls))
        return [CallId(str(row["id"])) for row in rows]

    async def recorded(self, call: CallId, recording: Recording) -> None:
        """Add the recording of an ended call that has none."""
        await self._database.execute(_SQL["recorded"], call, recording.path, recording.seconds, recording.sha256)

    async def report(self, campaign: CampaignId) -> list[dict[str, Any]]:
        """A row for each attempt, oldest first."""
        return [dict(row) for row in await self._database.fetch(_SQL["report"], campaign)]

    async def find(self, wanted: str) -> dict[str, Any] | None:
        """The call with this id, or the newest one of this number."""
        row = await self._database.fetchrow(_SQL["newest_call"], wanted)
        return None if row is None else dict(row)

    async def transcript(self, call: CallId) -> list[Turn]:
        """As far as it is written."""
        rows = await self._database.fetch(_SQL["transcript"], call)
        return [msgspec.convert({**row, "call_id": None}, Turn) for row in rows]

    async def beat(self, cell: str) -> None:
        """Tell that this cell lives."""
        await self._database.execute(_SQL["beat"], cell)


def _end(record: CallRecord, cost: Decimal, following: NextStep) -> tuple[object, ...]:
    """The parameters of ``finish`` for one call."""
    return (
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
        "done" if following.at is None else "waiting",
        following.at,
        following.carousel,
        following.reason,
        msgspec.json.encode(record.turns).decode(),  # asyncpg takes a list in an array for another dimension of it
        record.early,
    )


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
        carousel=row["carousel"],
        retry=row["retry"],
    )
