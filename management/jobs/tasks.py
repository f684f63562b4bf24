"""Long tasks: what a person started and waits for, with progress, a way to cancel, and a result."""

from __future__ import annotations

import math
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from time import monotonic
from typing import NewType, Protocol, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from engine.domain.errors import BadInput, DozvonError, Refused
from engine.domain.ids import AccountId
from engine.domain.text import mark
from engine.storage.database import Connection, Database
from engine.storage.queries import load
from management.jobs.handling import Handler, Job
from management.jobs.queue import Kind, enqueue

TaskId = NewType("TaskId", UUID)
_SQL = load(Path(__file__).parent / "queries.sql")
REPORT_S = 0.5
"""Progress is written this often at most; a cancellation is seen as often."""


class TaskState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Task(msgspec.Struct, frozen=True):
    """A row of ``tasks``. ``total``: None while unknown. ``result``: key of a file in the media store.

    ``error_text`` is a message id to translate and then to fill with ``error_params``.
    """

    id: TaskId
    account_id: AccountId
    user_id: int
    kind: str
    title: str
    state: TaskState
    done: int
    total: int | None
    cancel_wanted: bool
    error_code: str
    error_text: str
    error_params: dict[str, object]
    result: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class TaskPayload(msgspec.Struct, frozen=True):
    """Base of the payloads of tasks' jobs."""

    task: UUID


class TaskCancelled(Exception):
    """Somebody wants the task to end. Let it pass; leave nothing half-written."""


P = TypeVar("P", bound=TaskPayload)
P_in = TypeVar("P_in", bound=TaskPayload, contravariant=True)


class Progress:
    """How a task's worker tells how far it is, and hears that it shall end."""

    def __init__(self, database: Database, task: TaskId) -> None:
        self._database = database
        self._task = task
        self._told_at = -math.inf

    async def report(self, done: int, total: int | None = None, *, now: bool = False) -> None:
        """Cheap enough for every row of a file. ``now``: write it in any case. Raises TaskCancelled."""
        if not now and monotonic() - self._told_at < REPORT_S:
            return
        self._told_at = monotonic()
        cancel = await self._database.fetchval(_SQL["report_task"], self._task, done, total)
        if cancel is not False:  # null: the row is gone or has ended
            raise TaskCancelled


class Work(Protocol[P_in]):
    """A task's work; returns the key of its result in the media store, if there is one. May be called again."""

    async def __call__(self, progress: Progress, payload: P_in, /) -> str | None: ...


async def create(
    connection: Connection, account: AccountId, user: int, kind: str, title: str, total: int | None = None
) -> TaskId:
    """A task that waits. In the same transaction call ``enqueue_task`` with a payload that names it."""
    return TaskId(await connection.fetchval(_SQL["create_task"], account, user, kind, title, total))


async def enqueue_task(connection: Connection, kind: Kind[P], payload: P) -> None:
    await enqueue(connection, kind, payload, key=f"task:{payload.task}")


async def cancel(database: Database, task: TaskId, account: AccountId) -> bool:
    """False when it has ended, or is not this account's."""
    return await database.fetchval(_SQL["cancel_task"], task, account) is not None


async def get(database: Database, task: TaskId, account: AccountId) -> Task | None:
    row = await database.fetchrow(_SQL["task"], task, account)
    return None if row is None else _task(row)


async def latest(database: Database, account: AccountId, limit: int = 20) -> list[Task]:
    return [_task(row) for row in await database.fetch(_SQL["tasks"], account, limit)]


def task_handler(database: Database, work: Work[P]) -> Handler[P]:
    """A job's handler that keeps the task's row. What the user gave or may not do ends the task at once, with the
    error's code and text; anything else is tried again like every job, and told as ``internal`` in the end.
    """

    async def handle(job: Job, payload: P) -> None:
        task = TaskId(payload.task)
        wanted = await database.fetchval(_SQL["begin_task"], task)
        if wanted is None:
            return
        progress = Progress(database, task)
        try:
            result = None if wanted else await work(progress, payload)
            state = TaskState.CANCELLED if wanted else TaskState.DONE
            await _end(database, task, state, result=result)
        except TaskCancelled:
            await _end(database, task, TaskState.CANCELLED)
        except (BadInput, Refused) as error:
            await _end(database, task, TaskState.FAILED, error)
        except Exception:
            if job.last:
                await _end(database, task, TaskState.FAILED, INTERNAL)
            raise

    return handle


INTERNAL = DozvonError("internal", mark("Something went wrong on our side; we have been told"))


async def _end(
    database: Database, task: TaskId, state: TaskState, error: DozvonError | None = None, result: str | None = None
) -> None:
    code, text = ("", "") if error is None else (error.code, error.message)
    params = {} if error is None else {name: str(value) for name, value in error.params.items()}
    await database.execute(_SQL["end_task"], task, state, code, text, params, result)


def _task(row: asyncpg.Record) -> Task:
    return Task(**{**dict(row), "state": TaskState(row["state"])})
