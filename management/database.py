"""The link to PostgreSQL, which may be away when we start and at any time later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import structlog

from engine.domain.errors import Unavailable
from engine.domain.text import mark
from engine.storage.database import Connection, Database, migrate, open_database

log = structlog.get_logger("database")
FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 5.0
FIRST_TRY_S = 2.0
"""The application's start waits this long for the first try, so that its first answer is seldom "away"."""


class DatabaseLink:
    """Opens the database in the background, tries again until it can; afterwards the pool reconnects by itself."""

    def __init__(self, dsn: str, pool: int) -> None:
        self._dsn = dsn
        self._pool = pool
        self._database: Database | None = None
        self._why = "not connected yet"
        self._tried = asyncio.Event()

    def database(self) -> Database:
        """Raises Unavailable until the first connection has been made and the schema is up to date."""
        if self._database is None:
            raise Unavailable("postgres_unreachable", mark("PostgreSQL cannot be reached: {error}"), error=self._why)
        return self._database

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Keep the link while the application runs."""
        keeper = asyncio.create_task(self._keep())
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._tried.wait(), FIRST_TRY_S)
            yield
        finally:
            keeper.cancel()
            await asyncio.wait({keeper})

    async def _keep(self) -> None:
        delay = FIRST_DELAY_S
        while True:
            try:
                await self._hold()
            except Unavailable as error:
                self._say(str(error))
            except Exception as error:
                log.exception("database_unusable")  # a wrong address or a schema that cannot be migrated
                self._why = str(error)
            self._tried.set()
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY_S)

    async def _hold(self) -> None:
        async with open_database(self._dsn, size=self._pool) as database:
            # Whoever starts first brings the schema up to date; the migrations' lock lets one do it at a time.
            await migrate(database)
            log.info("database_open")
            self._database = database
            self._tried.set()
            try:
                await asyncio.Event().wait()
            finally:
                self._database = None

    def _say(self, why: str) -> None:
        if why != self._why:
            log.warning("database_away", error=why)
        self._why = why


class Joined(Database):
    """A Database whose every statement is part of the transaction that ``connection`` has open, for what takes a Database and
    shall happen together with something else or not at all. Its own transactions are savepoints. Errors are translated
    where the connection comes from.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def fetch(self, sql: str, *args: object) -> list[asyncpg.Record]:
        return await self._connection.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: object) -> asyncpg.Record | None:
        return await self._connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        return await self._connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> str:
        return await self._connection.execute(sql, *args)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        async with self._connection.transaction():
            yield self._connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        yield self._connection
