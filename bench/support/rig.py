"""What a benchmark stands on: the servers, an empty database of its own, a customer with money."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from bench.support.report import say
from engine.domain.ids import AccountId, CampaignId, ProjectId, ScenarioId, TrunkId
from engine.host.asterisk import AsteriskInstance
from engine.settings import state_from
from engine.stack import CARRIER, Ports, Stack
from engine.storage.calls import Calls
from engine.storage.campaigns import Campaigns
from engine.storage.catalogue import Catalogue, NewCampaign, NewContact
from engine.storage.database import Database, migrate, open_database

ALWAYS = {"opens": "00:00:00", "closes": "00:00:00", "zone": "Europe/Moscow"}
MONEY = Decimal(1_000_000)
PRICE = Decimal("2.40")


@dataclass
class Rig:
    database: Database
    dsn: str
    account: AccountId
    project: ProjectId
    trunk: TrunkId
    catalogue: Catalogue
    campaigns: Campaigns
    calls: Calls

    async def campaign(self, scenario: Mapping[str, object], contacts: list[NewContact], **settings: Any) -> CampaignId:
        """A campaign, not started. ``settings`` are those of NewCampaign."""
        audience = await self.catalogue.create_audience(self.project, "bench", contacts)
        new = NewCampaign(
            project=self.project,
            name="bench",
            scenario=ScenarioId(await self.catalogue.create_scenario(self.project, "bench", dict(scenario))),
            audience=audience,
            trunk=self.trunk,
            caller_ids=("+74951234567",),
            per_hour=3_600_000,
            burst=1000,
            max_channels=1000,
            per_minute=PRICE,
            call_window=ALWAYS,
            retry={"attempts": 1},
        )
        return await self.catalogue.create_campaign(replace(new, **settings))


@contextmanager
def servers(name: str) -> Iterator[Stack]:
    """PostgreSQL and both Asterisks; no engine. ``name`` keeps their folders apart from the demo's."""
    environment = dict(os.environ)
    stack = Stack(state_from(environment), environment, Ports.found(), carrier=True, say=say, name=name)
    try:
        stack.start_servers()
        yield stack
    finally:
        stack.stop()


def asterisks(stack: Stack) -> tuple[AsteriskInstance, AsteriskInstance]:
    """Platform and carrier."""
    assert stack.platform is not None
    assert stack.carrier is not None
    return stack.platform, stack.carrier


@asynccontextmanager
async def planted(server: str, *, channels: int = 1000, per_second: int = 1000, size: int = 8) -> AsyncIterator[Rig]:
    """A new database on ``server`` with a customer, a project and a trunk; dropped at the end."""
    name = f"bench_{os.getpid()}"
    admin = await asyncpg.connect(server)
    try:
        await admin.execute(f"create database {name}")
        try:
            dsn = other_database(server, name)
            async with open_database(dsn, size=size) as database:
                await migrate(database)
                yield await _customer(database, dsn, channels, per_second)
        finally:
            await admin.execute(f"drop database {name} with (force)")
    finally:
        await admin.close()


async def _customer(database: Database, dsn: str, channels: int, per_second: int) -> Rig:
    catalogue = Catalogue(database)
    account = await catalogue.create_account("bench")
    await catalogue.top_up(account, "bench", MONEY, "")
    project = await catalogue.create_project(account, "bench")
    trunk = await catalogue.set_trunk(CARRIER, channels, per_second)
    return Rig(database, dsn, account, project, trunk, catalogue, Campaigns(database), Calls(database))


def other_database(dsn: str, name: str) -> str:
    """``dsn`` with another database on the same server."""
    parts = urlsplit(dsn)
    # geturl() would drop the empty host of a socket address
    return f"{parts.scheme}://{parts.netloc}/{name}" + (f"?{parts.query}" if parts.query else "")


async def postgres_version(database: Database) -> str:
    return str(await database.fetchval("show server_version"))
