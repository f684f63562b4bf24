"""Two engines under one name would close each other's calls."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import asyncpg
import pytest

from engine.domain.errors import Refused
from engine.host.paths import PROJECT
from engine.storage.lease import cell_lease
from tests.support.world import until

pytestmark = pytest.mark.integration
_HOLDER = """
import asyncio, sys
from engine.storage.lease import cell_lease
async def hold():
    async with cell_lease(sys.argv[1], "cell"):
        print("held", flush=True)
        await asyncio.sleep(600)
asyncio.run(hold())
"""


async def test_a_name_in_use_is_refused_and_free_afterwards(dsn: str) -> None:
    async with cell_lease(dsn, "cell"):
        async with cell_lease(dsn, "another", 0):
            pass
        with pytest.raises(Refused, match="cell"):
            async with cell_lease(dsn, "cell", 0):
                pass
    async with cell_lease(dsn, "cell", 5):
        pass


async def test_a_killed_holder_frees_it(dsn: str) -> None:
    holder = await asyncio.to_thread(
        subprocess.Popen, [sys.executable, "-c", _HOLDER, dsn], cwd=PROJECT, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert await asyncio.to_thread(holder.stdout.readline) == b"held\n"
    with pytest.raises(Refused):
        async with cell_lease(dsn, "cell", 0):
            pass
    holder.kill()
    holder.wait()
    holder.stdout.close()
    async with cell_lease(dsn, "cell", 10):
        pass


async def test_held_again_after_the_connection_was_lost(dsn: str) -> None:
    async with cell_lease(dsn, "cell"):
        admin = await asyncpg.connect(dsn)
        try:
            holders = (
                "select pid from pg_locks where locktype = 'advisory' and granted and database = "
                "(select oid from pg_database where datname = current_database())"
            )
            first = await admin.fetchval(holders)
            await admin.execute("select pg_terminate_backend($1)", first)

            async def held_again() -> bool:
                return await admin.fetchval(holders) not in (first, None)

            await until(held_again, 10)
        finally:
            await admin.close()
        with pytest.raises(Refused):
            async with cell_lease(dsn, "cell", 0):
                pass
