"""Dead jobs, for the staff: those whose tries are used up. They stay until somebody retries or discards them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from engine.storage.database import Database
from engine.storage.queries import load
from management.jobs.queue import JobId, table_changed

_SQL = load(Path(__file__).parent / "queries.sql")


class DeadJob(msgspec.Struct, frozen=True):
    """``payload``: JSON as it was queued; personal, as are the error's texts. ``attempts``: tries made."""

    id: JobId
    kind: str
    payload: str
    attempts: int
    created: datetime
    died: datetime
    error_type: str
    error_text: str
    traceback: str


async def list_dead(database: Database, *, before: JobId | None = None, limit: int = 50) -> list[DeadJob]:
    """The newest first; ``before``: those older than this one."""
    rows = await database.fetch(_SQL["dead"], before, limit)
    return [DeadJob(**{**dict(row), "payload": (row["payload"] or b"").decode(errors="replace")}) for row in rows]


async def count_dead(database: Database) -> int:
    return int(await database.fetchval(_SQL["count_dead"]))


async def retry(database: Database, job: JobId) -> bool:
    """All tries anew, from now. False when it is not dead, or a newer job with its key waits."""
    return await database.fetchrow(_SQL["retry"], job, table_changed()) is not None


async def discard(database: Database, job: JobId) -> bool:
    """False when it is not dead."""
    return await database.fetchval(_SQL["discard"], job) is not None
