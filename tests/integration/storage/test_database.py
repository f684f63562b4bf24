"""Migrations, and errors of the server in the engine's words."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import asyncpg
import pytest

from engine.domain.errors import Unavailable
from engine.storage.catalogue import Catalogue, NewContact
from engine.storage.database import Database, ensure_database, migrate, open_database
from tests.integration.storage.conftest import Books

pytestmark = pytest.mark.integration


async def test_migrations_are_applied_once(postgres: str) -> None:
    empty = await ensure_database(postgres, "test_migrations")
    async with open_database(empty, size=1) as one, open_database(empty, size=1) as another:
        applied = await asyncio.gather(migrate(one), migrate(another))
        nothing, everything = sorted(applied, key=len)
        assert nothing == [], "two processes at once"
        assert everything == sorted(everything) and everything[0] == "0001_first_light"
        assert await migrate(one) == []


async def test_a_migration_that_fails_leaves_nothing(database: Database) -> None:
    await database.execute("delete from migrations where name = '0001_first_light'")
    with pytest.raises(asyncpg.PostgresError):
        await migrate(database)
    assert await database.fetchval("select count(*) from migrations where name = '0001_first_light'") == 0
    await asyncio.wait_for(database.execute("select pg_advisory_xact_lock(0xD0270)"), 30)  # and the lock is free


async def test_a_database_of_another_version_is_refused(database: Database) -> None:
    await database.execute("update migrations set checksum = 'other' where name = '0002_claims'")
    with pytest.raises(Unavailable) as error:
        await migrate(database)
    assert error.value.code == "schema_changed"
    assert "0002_claims" in str(error.value)


async def test_a_server_that_is_away(dsn: str) -> None:
    with pytest.raises(Unavailable) as error:
        async with open_database("postgresql://nobody@127.0.0.1:1/none"):
            pytest.fail("opened")
    assert error.value.code == "postgres_unreachable"
    async with open_database(dsn, size=1) as database:
        with pytest.raises(Unavailable):
            await database.execute("select pg_terminate_backend(pg_backend_pid())")
        assert await database.fetchval("select 1") == 1, "the next one gets a new connection"


async def test_values_survive(books: Books) -> None:
    fields = {"имя": "Анна «Ё»", "empty": "", "quote": "'\"\\", "emoji": "☎"}
    campaign = await books.campaign([NewContact("+79000000001", fields)], retry={"intervals": {"busy": 60}})
    (claim,) = await books.claim(campaign)
    assert claim.fields == fields
    assert campaign.retry == {"intervals": {"busy": 60}}
    assert campaign.per_minute == Decimal("2.40")


async def test_an_audience_is_all_or_nothing(books: Books) -> None:
    catalogue = Catalogue(books.database)
    twice = [NewContact("+79000000001", {}), NewContact("+79000000001", {})]
    with pytest.raises(asyncpg.UniqueViolationError):
        await catalogue.create_audience(books.project, "Twice", twice)
    assert await books.database.fetchval("select count(*) from audiences") == 0


async def test_a_trunk_can_be_changed(books: Books) -> None:
    assert await books.catalogue.set_trunk("trunk", 5, 2) == books.trunk
    campaign = await books.campaign(1)
    room = await books.room(campaign)
    assert (room.trunk_free, room.calls_per_second) == (5, 2)
