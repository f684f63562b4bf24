"""Two real Asterisks, the platform's and the test carrier, for the whole session; a world of its own for each test."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator

import pytest

from engine.host.paths import State
from engine.stack import Ports, Stack
from engine.storage.database import Database
from tests.support.world import World


@pytest.fixture(scope="session")
def pair(state: State, postgres: str) -> Iterator[Stack]:
    """Both Asterisks, up; no engine."""
    environment = {**os.environ, "DATABASE_URL": postgres}
    stack = Stack(state, environment, Ports.found(), carrier=True, say=print, name="test")
    try:
        stack.start_servers()
        yield stack
    finally:
        stack.stop()


@pytest.fixture
async def world(pair: Stack, database: Database, dsn: str) -> AsyncIterator[World]:
    """A customer with money and a project, the trunk to the carrier; engines are started by the test."""
    assert pair.carrier is not None
    pair.carrier.command("database deltree persona16")
    made = await World.make(pair, database, dsn)
    yield made
    await made.close()
