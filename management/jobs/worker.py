"""A worker: takes jobs from the queue and runs their handlers, any number of them side by side on one database."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg
import structlog
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.qm import QueueManager

from engine.storage.database import Database
from engine.storage.queries import load
from management.jobs.driver import LastingDriver
from management.jobs.executor import Executor
from management.jobs.handling import Registered
from management.jobs.names import NAMES
from management.jobs.queue import table_changed

log = structlog.get_logger("jobs")
_SQL = load(Path(__file__).parent / "queries.sql")
BATCH = 5
POLL_S = 30.0
"""Jobs are announced; this look is for those of a worker that died, and for what was announced in vain."""
PURGE_S = 3600.0
KEPT = timedelta(days=30)
"""PgQueuer's log of ended jobs; its statistics are kept."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``most``: jobs at once. ``stale_s``: a job whose worker gave no sign of life for so long is taken over.
    ``grace_s``: jobs in hand get so long when the worker is told to stop, then they are given back.
    """

    most: int = 10
    stale_s: float = 30.0
    grace_s: float = 10.0


class Worker:
    """``run`` works until ``stop`` is called."""

    def __init__(
        self, dsn: str, database: Database, handlers: Sequence[Registered], limits: Limits | None = None
    ) -> None:
        self._dsn = dsn
        self._database = database
        self._handlers = handlers
        self._limits = limits or Limits()
        self._stopping = asyncio.Event()
        self._halt = asyncio.Event()

    def stop(self) -> None:
        """Nothing more is taken; ``run`` returns when the jobs in hand have ended or were given back."""
        if not self._stopping.is_set():
            self._stopping.set()
            asyncio.get_running_loop().call_later(self._limits.grace_s, self._halt.set)

    async def run(self) -> None:
        """Raises what PgQueuer does: a schema that is not its own, a handler registered twice."""
        limits = self._limits
        async with asyncpg.create_pool(self._dsn, min_size=1, max_size=2, command_timeout=30) as pool:
            driver = LastingDriver(self._dsn, pool)
            manager = QueueManager(_queries(driver), channel=NAMES.channel)
            given_back: list[int] = []
            for handler in self._handlers:
                executor = Executor.of(handler, self._database, self._halt, given_back)
                manager.register_executor(handler.kind, executor)
            helpers = [
                asyncio.create_task(self._follow(manager, driver)),
                asyncio.create_task(self._purge(driver)),
            ]
            try:
                await manager.run(
                    dequeue_timeout=timedelta(seconds=min(POLL_S, limits.stale_s)),
                    batch_size=min(BATCH, limits.most // 2),
                    max_concurrent_tasks=limits.most,
                    heartbeat_timeout=timedelta(seconds=limits.stale_s),
                )
            finally:
                driver.close()
                for helper in helpers:
                    helper.cancel()
                await asyncio.gather(*helpers, return_exceptions=True)
                if given_back:
                    await driver.fetch(_SQL["give_back"], given_back, table_changed())

    async def _follow(self, manager: QueueManager, driver: LastingDriver) -> None:
        await self._stopping.wait()
        manager.shutdown.set()
        await self._halt.wait()
        driver.close()  # a server that is away does not hold up our end

    async def _purge(self, driver: LastingDriver) -> None:
        while True:
            await driver.execute(_SQL["purge_log"], KEPT)
            await asyncio.sleep(PURGE_S)


def _queries(driver: LastingDriver) -> Queries:
    return Queries(
        driver,
        qbe=QueryBuilderEnvironment(NAMES),
        qbq=QueryQueueBuilder(NAMES),
        qbs=QuerySchedulerBuilder(NAMES),
    )
