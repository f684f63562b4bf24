"""Real servers for tests: one PostgreSQL a session, a database of its own for each test."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from engine.host.paths import State
from engine.host.postgres import EmbeddedPostgres
from engine.storage.database import Database, migrate, open_database
from tests.support.state import fresh_state

# Its clock would judge the machine: 200 ms an example, and a second for ten to be drawn.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("untimed")
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def state() -> Iterator[State]:
    """Outside of pytest's own temporary folder, which another run locks PostgreSQL's account out of."""
    with tempfile.TemporaryDirectory(prefix="dozvon-test-", ignore_cleanup_errors=True) as folder:
        yield fresh_state(Path(folder))


@pytest.fixture(scope="session")
def postgres(state: State) -> Iterator[str]:
    """Address of the server's default database."""
    server = EmbeddedPostgres(state.pg)
    yield server.start()
    server.stop()


@pytest.fixture
async def dsn(postgres: str) -> AsyncIterator[str]:
    async with fresh_database(postgres) as dsn:
        yield dsn


@asynccontextmanager
async def fresh_database(postgres: str) -> AsyncIterator[str]:
    """The address of one, migrated; made from a template, so it takes some ten milliseconds."""
    admin = await asyncpg.connect(postgres)
    try:
        if not await admin.fetchval("select 1 from pg_database where datname = 'template_dozvon'"):
            await admin.execute("create database template_dozvon")
            async with open_database(_other(postgres, "template_dozvon"), size=1) as database:
                await migrate(database)
        name = f"test_{next(_numbers)}"
        await admin.execute(f"create database {name} template template_dozvon")
        yield _other(postgres, name)
        await admin.execute(f"drop database {name} with (force)")
    finally:
        await admin.close()


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    async with open_database(dsn, size=6) as opened:
        yield opened


def _other(dsn: str, name: str) -> str:
    head, _, tail = dsn.partition("/dozvon?")
    return f"{head}/{name}?{tail}"


@pytest.fixture(scope="session")
def project_root() -> Path:
    return Path(__file__).resolve().parent.parent
