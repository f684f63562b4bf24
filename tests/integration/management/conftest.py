"""The application on a database of its own, and campaigns to look at."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from engine.domain.ids import CampaignId
from engine.storage.campaigns import Campaigns
from engine.storage.catalogue import Catalogue, NewCampaign, NewContact
from engine.storage.database import Database
from management.app import create_app
from management.settings import Settings
from tests.support.people import People
from tests.support.world import until

_numbers = itertools.count(1)


@pytest.fixture
async def client(dsn: str, tmp_path: Path) -> AsyncIterator[AsyncTestClient[Litestar]]:
    """Every request looks anew."""
    async with AsyncTestClient(create_app(Settings(dsn, pool=2, fresh_s=0.0, media=tmp_path))) as client:
        yield client


@pytest.fixture
def people(database: Database) -> People:
    return People(database)


async def ready(client: AsyncTestClient[Litestar]) -> None:
    """Ask until the application has found the database, which it tries again after 5 s at the latest."""

    async def found() -> bool:
        return (await client.get("/health")).status_code == 200

    await until(found, 30)


async def campaign(database: Database, name: str, contacts: int = 4) -> CampaignId:
    """A draft over ``contacts`` phones, one rouble a minute."""
    catalogue = Catalogue(database)
    account = await catalogue.create_account("customer")
    project = await catalogue.create_project(account, "project")
    phones = [NewContact(f"+7900{next(_numbers):07d}", {}) for _ in range(contacts)]
    audience = await catalogue.create_audience(project, "audience", phones)
    scenario = await catalogue.create_scenario(project, "scenario", {})
    trunk = await catalogue.set_trunk("carrier", 10, 10)
    return await catalogue.create_campaign(
        NewCampaign(project, name, scenario, audience, trunk, ("+74950000000",), 3600, 10, Decimal(1), {})
    )


async def running(database: Database, name: str, contacts: int = 4) -> CampaignId:
    created = await campaign(database, name, contacts)
    await Campaigns(database).start(created)
    return created
