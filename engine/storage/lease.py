"""One engine a cell: a name in use is refused, since each of two would close the other's calls as a dead one's.

The lease is an advisory lock on a connection of its own: the server gives it back the moment the process dies, however it dies.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import asyncpg
import structlog

from engine.domain.errors import Refused, Unavailable
from engine.domain.text import mark

log = structlog.get_logger("storage")
_KEY = 0xCE11
PATIENCE_S = 10.0
"""How long an engine waits for a predecessor that is ending; then it is a second one."""
_LOOK_S = 0.2


@asynccontextmanager
async def cell_lease(dsn: str, cell: str, patience_s: float = PATIENCE_S) -> AsyncIterator[None]:
    """Hold ``cell`` meanwhile. Raises Refused when another engine does, Unavailable when the server is away."""
    async with _connection(dsn) as held:
        await _take(held, cell, patience_s)
        keeper = asyncio.ensure_future(_keep(dsn, cell, held))
        try:
            yield
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)


@asynccontextmanager
async def _connection(dsn: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    with _translated():
        connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        with suppress(OSError, asyncpg.InterfaceError):
            await connection.close(timeout=2)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Unavailable(
            "postgres_unreachable", mark("PostgreSQL cannot be reached: {error}"), error=str(error)
        ) from error


async def _take(connection: asyncpg.Connection[Any], cell: str, patience_s: float) -> None:
    deadline = asyncio.get_running_loop().time() + patience_s
    while not await _granted(connection, cell):
        if asyncio.get_running_loop().time() > deadline:
            raise Refused(
                "cell_taken",
                mark("Another engine already works as cell {cell}; give each its own DOZVON_CELL"),
                cell=cell,
            )
        await asyncio.sleep(_LOOK_S)


async def _granted(connection: asyncpg.Connection[Any], cell: str) -> bool:
    with _translated():
        return bool(await connection.fetchval("select pg_try_advisory_lock($1, hashtext($2))", _KEY, cell))


async def _keep(dsn: str, cell: str, connection: asyncpg.Connection[Any]) -> None:
    """Until cancelled: take the lock again whenever the server was away."""
    await _loss(connection)
    while True:
        try:
            async with _connection(dsn) as again:
                await _take(again, cell, PATIENCE_S)
                await _loss(again)
        except Unavailable:
            await asyncio.sleep(_LOOK_S)
        except Refused as error:
            log.error("cell_taken", error=str(error))  # it came while the server was away; we have calls to end
            await asyncio.sleep(PATIENCE_S)


async def _loss(connection: asyncpg.Connection[Any]) -> None:
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _: lost.set())
    if not connection.is_closed():
        await lost.wait()
