"""Putting jobs into the queue, in the transaction that causes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Generic, NewType, TypeVar

import msgspec

from engine.storage.database import Connection
from engine.storage.queries import load

JobId = NewType("JobId", int)
P = TypeVar("P", bound=msgspec.Struct)

_ENQUEUE = load(Path(__file__).parent / "queries.sql")["enqueue"]
CHANNEL, TABLE = "ch_pgqueuer", "pgqueuer"
"""PgQueuer's."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[P]):
    """A kind of job: its name in the queue and what its jobs carry.

    Jobs outlive releases: a new field of ``payload`` needs a default, fields that are gone are passed over.
    """

    name: str
    payload: type[P]


async def enqueue(
    connection: Connection, kind: Kind[P], payload: P, *, key: str | None = None, after: timedelta | None = None
) -> JobId | None:
    """The new job's id; None when a job with this ``key`` waits or runs already, which then stands for both.

    The job exists once the caller's transaction is committed, and a worker hears of it at that moment. ``after``: not
    before so much time has passed. A key is free again when its job is done: what must never happen twice (a message)
    needs a row of its own that says so.
    """
    row = await connection.fetchrow(
        _ENQUEUE, [0], [kind.name], [msgspec.json.encode(payload)], [after or timedelta()], [key], [None]
    )
    return None if row is None else JobId(row["id"])


def table_changed() -> str:
    """PgQueuer's announcement that there may be something to do."""
    return msgspec.json.encode(
        {
            "channel": CHANNEL,
            "operation": "update",
            "sent_at": datetime.now(UTC).isoformat(),
            "table": TABLE,
            "type": "table_changed_event",
        }
    ).decode()
