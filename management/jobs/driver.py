"""PgQueuer's connection to PostgreSQL: one that outlives a restart of the server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self, TypeVar

import asyncpg
import structlog
from pgqueuer.core.tm import TaskManager
from pgqueuer.ports.driver import Driver, NotifyCallback

from engine.storage.database import Listener, Pool
from management.jobs.queue import table_changed

log = structlog.get_logger("jobs")
_FIRST_DELAY_S, _LONGEST_DELAY_S = 0.1, 2.0
_AWAY = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)
R = TypeVar("R")


class LastingDriver(Driver):
    """Repeats a statement until the server takes it, and listens again after a loss.

    PgQueuer's own drivers give up at the first error: its loop would end with the jobs in hand unwritten, and others
    would do them again. Its statements may all be repeated. After ``close`` an error is an error.
    """

    def __init__(self, dsn: str, pool: Pool) -> None:
        self._dsn = dsn
        self._pool = pool
        self._shutdown = asyncio.Event()
        self._tasks = TaskManager()
        self._listeners: list[asyncio.Task[None]] = []

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        return [dict(row) for row in await self._until_done(lambda: self._pool.fetch(query, *args))]

    async def execute(self, query: str, *args: object) -> str:
        return await self._until_done(lambda: self._pool.execute(query, *args))

    async def notify(self, channel: str, payload: str) -> None:
        await self.execute("select pg_notify($1, $2)", channel, payload)

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        """Returns at once; whoever listens is called as soon as the connection stands, and after every loss."""
        listener = Listener(self._dsn, (channel,), lambda _, payload: callback(payload or table_changed()))
        self._listeners.append(asyncio.create_task(listener.run()))

    @property
    def shutdown(self) -> asyncio.Event:
        return self._shutdown

    @property
    def tm(self) -> TaskManager:
        return self._tasks

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for listener in self._listeners:
            listener.cancel()
        await asyncio.gather(*self._listeners, return_exceptions=True)

    def close(self) -> None:
        """From now on nothing is repeated."""
        self._shutdown.set()

    async def _until_done(self, action: Callable[[], Awaitable[R]]) -> R:
        delay = _FIRST_DELAY_S
        while True:
            try:
                return await action()
            except _AWAY as error:
                if self._shutdown.is_set():
                    raise
                log.warning("queue_database_away", error=str(error) or type(error).__name__)
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LONGEST_DELAY_S)
