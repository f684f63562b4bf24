"""Runs one job's handler and tells PgQueuer what comes of it: done, again later, dead, or given back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Self

import structlog
from pgqueuer.core.executors import AbstractEntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Context
from pgqueuer.domain.models import Job as QueuedJob

from engine.domain.text import mark
from engine.storage.database import Database
from engine.storage.queries import load
from management.jobs.handling import HopelessJob, Job, Registered, delay_after
from management.jobs.queue import JobId
from management.jobs.telemetry import JOBS, SECONDS

log = structlog.get_logger("jobs")
_SQL = load(Path(__file__).parent / "queries.sql")
MOST_DEATHS = 3
"""A job with which so many workers died is dead: it would take down every worker, for ever."""


async def _unused(_: QueuedJob) -> None:
    """PgQueuer's parameters want a function; ``Executor`` runs the handler itself."""


@dataclass
class Executor(AbstractEntrypointExecutor):
    """``halt``: the worker's time is up, jobs in hand are broken off and their ids added to ``given_back``."""

    registered: Registered
    database: Database
    halt: asyncio.Event
    given_back: list[int]

    @classmethod
    def of(cls, registered: Registered, database: Database, halt: asyncio.Event, given_back: list[int]) -> Self:
        return cls(
            EntrypointExecutorParameters(concurrency_limit=0, func=_unused, on_failure="hold"),
            registered,
            database,
            halt,
            given_back,
        )

    async def execute(self, job: QueuedJob, context: Context) -> None:
        """Raises RetryRequested for another try; any other exception leaves the job dead, with its traceback."""
        attempt = job.attempts + 1
        known = Job(JobId(job.id), job.entrypoint, attempt, last=delay_after(attempt) is None)
        started = monotonic()
        bound = log.bind(job=job.id, kind=job.entrypoint, attempt=attempt)
        try:
            await self._refuse_killer(job)
            finished = await self._run(known, job.payload or b"")
        except HopelessJob:
            self._count("dead", started)
            raise
        except Exception as error:
            delay = delay_after(attempt)
            self._count("dead" if delay is None else "failed", started)
            if delay is None:
                bound.error("job_dead", exc_info=error)
                raise
            bound.warning("job_failed", again_s=delay.total_seconds(), exc_info=error)
            raise RetryRequested(delay, f"{type(error).__name__}: {error}") from error
        if not finished:
            bound.info("job_given_back")
            self.given_back.append(job.id)
            raise RetryRequested(timedelta(), "the worker stopped")
        self._count("done", started)
        bound.info("job_done", seconds=round(monotonic() - started, 3))

    async def _refuse_killer(self, job: QueuedJob) -> None:
        deaths = await self.database.fetchval(_SQL["deaths"], job.id)
        if deaths >= MOST_DEATHS:
            raise HopelessJob("job_kills", mark("{count} workers died while they did this job"), count=deaths)

    async def _run(self, job: Job, payload: bytes) -> bool:
        """False when it was broken off. A handler that ends at that very moment has ended."""
        work = asyncio.ensure_future(self.registered.run(job, payload))
        halt = asyncio.ensure_future(self.halt.wait())
        try:
            await asyncio.wait({work, halt}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            halt.cancel()
            if not work.done():
                work.cancel()
                await asyncio.wait({work})
        if work.cancelled():
            return False
        work.result()
        return True

    def _count(self, result: str, started: float) -> None:
        JOBS.labels(self.registered.kind, result).inc()
        SECONDS.labels(self.registered.kind).observe(monotonic() - started)
