"""The connection pool, its types, migrations, and LISTEN."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import msgspec

from engine.domain.errors import Unavailable
from engine.domain.text import mark

if TYPE_CHECKING:
    Pool = asyncpg.Pool[asyncpg.Record]
    Connection = asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
else:
    Pool = asyncpg.Pool
    Connection = asyncpg.Connection

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0xD0270  # any constant: keeps two processes from migrating at once
OLDEST_SERVER = 150000
"""server_version_num of PostgreSQL 15, the oldest that design.md allows."""


async def _prepare(connection: asyncpg.Connection[Any]) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_to_json, decoder=msgspec.json.decode, format="text"
    )


def _to_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


@asynccontextmanager
async def open_pool(dsn: str, *, size: int = 8) -> AsyncIterator[Pool]:
    """A pool of up to ``size`` connections. Raises Unavailable when the server cannot be reached or is too old."""
    try:
        pool = await asyncpg.create_pool(dsn, min_size=1, max_size=size, init=_prepare, command_timeout=30)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Unavailable(
            "postgres_unreachable", mark("PostgreSQL cannot be reached: {error}"), error=error
        ) from error
    try:
        version = await pool.fetchval("select current_setting('server_version_num')::int")
        if version < OLDEST_SERVER:
            raise Unavailable("postgres_old", mark("PostgreSQL is {found}, at least 15 is needed"), found=version // 10000)
        yield pool
    finally:
        await _close(pool)


async def _close(pool: Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), timeout=5)
    except TimeoutError:
        pool.terminate()


async def migrate(pool: Pool) -> list[str]:
    """Apply the migrations not applied yet, in the order of their numbers, each in its own transaction."""
    applied: list[str] = []
    async with pool.acquire() as connection:
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        try:
            await connection.execute(
                "create table if not exists migrations (name text primary key, applied_at timestamptz default now())"
            )
            known = {row["name"] for row in await connection.fetch("select name from migrations")}
            for file in sorted(_MIGRATIONS.glob("*.sql")):
                if file.stem in known:
                    continue
                async with connection.transaction():
                    await connection.execute(file.read_text(encoding="utf-8"))
                    await connection.execute("insert into migrations (name) values ($1)", file.stem)
                applied.append(file.stem)
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
