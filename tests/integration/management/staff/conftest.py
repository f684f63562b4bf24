"""An administrator, his browser, and people to look at."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from engine.storage.database import Database
from management.access.caller import Role
from tests.integration.management.conftest import ready
from tests.support.people import Browser, People, Person


@dataclass
class Office:
    client: AsyncTestClient[Litestar]
    database: Database
    people: People
    admin: Person
    browser: Browser

    async def of(self, role: Role) -> Browser:
        """Somebody else's browser."""
        return await self.at(await self.people.person(role))

    async def at(self, person: Person) -> Browser:
        browser = Browser(self.client, await self.people.cookie(person))
        await browser.get("/profile")
        return browser

    async def audited(self) -> list[tuple[str, int | None, int | None, dict[str, object], dict[str, object]]]:
        """Action, who, whose account, before, after."""
        rows = await self.database.fetch("select action, user_id, account_id, before, after from audit order by id")
        return [(row["action"], row["user_id"], row["account_id"], row["before"], row["after"]) for row in rows]


@pytest.fixture
async def office(client: AsyncTestClient[Litestar], people: People, database: Database) -> Office:
    await ready(client)
    admin = await people.person(Role.ADMIN, name="Ольга", email="olga@operator.example")
    browser = Browser(client, await people.cookie(admin))
    assert (await browser.get("/profile")).status_code == 200
    return Office(client, database, people, admin, browser)
