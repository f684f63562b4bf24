"""Background jobs as the staff see them, and what they do with dead ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg

from engine.domain.text import mark
from engine.storage.database import Database
from engine.storage.queries import load
from management.access.audit import audit
from management.access.caller import Caller
from management.database import Joined
from management.errors import Conflict, NotFound
from management.jobs import dead
from management.jobs.queue import JobId
from management.paging import Found, Wanted, fetch_page
from management.staff.schemas import JobDetails, JobRow, JobState, Queue

_SQL = load(Path(__file__).parent / "queries.sql")
_KEYS = {"created": "id"}
"""Ids are given in the order of creation."""


class Work:
    def __init__(self, database: Callable[[], Database]) -> None:
        self._database = database

    async def queues(self) -> list[Queue]:
        """Only of kinds that have jobs now."""
        return [Queue(**row) for row in await self._database().fetch(_SQL["queues"])]

    async def list(self, wanted: Wanted, kind: str, state: JobState | None) -> Found[JobRow]:
        args = (kind, state.value if state else "")
        found = await fetch_page(self._database(), _SQL["jobs"], args, wanted, _KEYS)
        return found.map(lambda row: JobRow(**_common(row)))

    async def get(self, job: int) -> JobDetails:
        row = await self._database().fetchrow(_SQL["job"], job)
        if row is None:
            raise NotFound
        payload = (row["payload"] or b"").decode(errors="replace")
        return JobDetails(**_common(row), payload=payload, traceback=row["traceback"])

    async def retry(self, caller: Caller, job: int) -> None:
        """All tries anew, from now. Raises Conflict, NotFound."""
        kind = (await self.get(job)).kind
        async with self._database().transaction() as connection:
            if not await dead.retry(Joined(connection), JobId(job)):
                raise _not_dead()
            await audit(connection, caller, "job.retried", job, after={"kind": kind})

    async def discard(self, caller: Caller, job: int) -> None:
        kind = (await self.get(job)).kind
        async with self._database().transaction() as connection:
            if not await dead.discard(Joined(connection), JobId(job)):
                raise _not_dead()
            await audit(connection, caller, "job.discarded", job, after={"kind": kind})


def _common(row: asyncpg.Record) -> dict[str, Any]:
    """``attempts`` of PgQueuer are those before this one."""
    state = JobState(row["state"])
    made = row["attempts"] + (1 if state in (JobState.DEAD, JobState.RUNNING) else 0)
    error = ": ".join(part for part in (row["error_type"], row["error_text"]) if part)
    kept = {name: row[name] for name in ("id", "kind", "created", "updated", "due")}
    return {**kept, "attempts": made, "state": state, "error": error}


def _not_dead() -> Conflict:
    return Conflict("not_dead", mark("It is not dead any more, or a newer job like it waits already"))
