"""The connection pool, its types, migrations, and LISTEN."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import msgspec

from engine.domain.errors import Unavailable
from engine.domain.ids import CallId
from engine.domain.text import mark
from engine.storage.announcer import Announcer
from engine.storage.queries import SQL, load

if TYPE_CHECKING:
    Pool = asyncpg.Pool[asyncpg.Record]
    Connection = asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
else:
    Pool = asyncpg.Pool
    Connection = asyncpg.Connection

_CALLS = load(SQL / "calls.sql")
_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0xD0270  # any constant: keeps two processes from migrating at once
OLDEST_SERVER = 150000
"""server_version_num of PostgreSQL 15, the oldest that design.md allows."""


async def _prepare(connection: asyncpg.Connection[Any]) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_to_jsonb, decoder=_from_jsonb, format="binary"
    )


async def _keep(_: asyncpg.Connection[Any]) -> None:
    """Instead of asyncpg's query after each use (RESET ALL, UNLISTEN, …), a quarter of all round trips of a call: nothing here
    leaves anything in a session. Open transactions are rolled back all the same.
    """


def _to_jsonb(value: object) -> bytes:
    return b"\x01" + msgspec.json.encode(value)  # the version byte of the binary format, which COPY needs


def _from_jsonb(data: bytes) -> object:
    return msgspec.json.decode(data[1:])


class Database:
    """A pool of connections that speaks the engine's errors: whatever says "the server is away" becomes Unavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.announcer = Announcer(self._announce)

    async def _announce(self, calls: list[CallId]) -> None:
        await self.execute(_CALLS["announce"], calls)

    async def fetch(self, sql: str, *args: object) -> list[asyncpg.Record]:
        with _translated():
            return await self._pool.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: object) -> asyncpg.Record | None:
        with _translated():
            return await self._pool.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        with _translated():
            return await self._pool.fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> str:
        with _translated():
            return await self._pool.execute(sql, *args)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        with _translated():
            async with self._pool.acquire() as connection, connection.transaction():
                yield connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        with _translated():
            async with self._pool.acquire() as connection:
                yield connection


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (
        OSError,
        asyncpg.InterfaceError,
        asyncpg.PostgresConnectionError,
        asyncpg.OperatorInterventionError,
    ) as error:
        raise _away(error) from error  # OSError includes TimeoutError; OperatorIntervention: the server shuts down
    except (asyncpg.InsufficientResourcesError, asyncpg.TransactionRollbackError) as error:
        raise _away(error) from error  # out of connections or disk; deadlock, serialisation: the same again may succeed


def _away(error: Exception) -> Unavailable:
    text = str(error) or type(error).__name__
    return Unavailable("postgres_unreachable", mark("PostgreSQL cannot be reached: {error}"), error=text)


@asynccontextmanager
async def open_database(dsn: str, *, size: int = 8) -> AsyncIterator[Database]:
    """Up to ``size`` connections. Raises Unavailable when the server cannot be reached or is too old."""
    try:
        pool = await asyncpg.create_pool(dsn, min_size=1, max_size=size, init=_prepare, reset=_keep, command_timeout=30)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise _away(error) from error
    database = Database(pool)
    try:
        version = await database.fetchval("select current_setting('server_version_num')::int")
        if version < OLDEST_SERVER:
            raise Unavailable(
                "postgres_old", mark("PostgreSQL is {found}, at least 15 is needed"), found=version // 10000
            )
        yield database
    finally:
        await database.announcer.close()
        await _close(pool)


async def _close(pool: Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), timeout=5)
    except TimeoutError:
        pool.terminate()


async def ensure_database(dsn: str, name: str) -> str:
    """The address of database ``name`` on the server of ``dsn``; it is created if there is none."""
    try:
        admin = await asyncpg.connect(dsn)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise _away(error) from error
    try:
        if not await admin.fetchval("select 1 from pg_database where datname = $1", name):
            await admin.execute(f"create database {name}")
    finally:
        await admin.close()
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(path=f"/{name}"))


async def migrate(database: Database) -> list[str]:
    """Apply the migrations not applied yet, in the order of their numbers, each in its own transaction.

    Raises Unavailable for a database that was made by other migrations of the same names: its tables cannot be trusted.
    """
    applied: list[str] = []
    async with database.connection() as connection:
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        try:
            await connection.execute(
                "create table if not exists migrations"
                " (name text primary key, applied_at timestamptz default now(), checksum text not null default '')"
            )
            known = {
                row["name"]: row["checksum"] for row in await connection.fetch("select name, checksum from migrations")
            }
            for file in sorted(_MIGRATIONS.glob("*.sql")):
                text = file.read_text(encoding="utf-8")
                checksum = hashlib.sha256(text.encode()).hexdigest()
                if file.stem not in known:
                    async with connection.transaction():
                        await connection.execute(text)
                        await connection.execute(
                            "insert into migrations (name, checksum) values ($1, $2)", file.stem, checksum
                        )
                    applied.append(file.stem)
                elif known[file.stem] != checksum:
                    raise Unavailable(
                        "schema_changed",
                        mark("The database was made by another version ({name} differs); use a new one"),
                        name=file.stem,
                    )
        except asyncpg.UndefinedColumnError as error:  # made before migrations had checksums
            raise Unavailable(
                "schema_changed",
                mark("The database was made by another version ({name} differs); use a new one"),
                name="migrations",
            ) from error
        finally:
            await connection.execute("select pg_advisory_unlock($1)", _LOCK)
    return applied


class Listener:
    """LISTEN on channels and call back with each payload; connects again by itself after a loss.

    After every (re)connection the callback gets an empty payload: something may have been missed.
    """

    def __init__(self, dsn: str, channels: tuple[str, ...], callback: Callable[[str, str], None]) -> None:
        self._dsn = dsn
        self._channels = channels
        self._callback = callback

    async def run(self) -> None:
        delay = 0.2
        while True:
            try:
                await self._listen()
                delay = 0.2
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                delay = min(delay * 2, 5.0)
            await asyncio.sleep(delay)

    async def _listen(self) -> None:
        connection = await asyncpg.connect(self._dsn)
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            for channel in self._channels:
                await connection.add_listener(channel, lambda _c, _p, name, payload: self._callback(name, str(payload)))
                self._callback(channel, "")
            await lost.wait()
        finally:
            await connection.close(timeout=2)
