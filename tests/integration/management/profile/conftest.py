"""A person with a known password, and his browser."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from engine.storage.database import Database
from management.access.secrets import Passwords
from tests.integration.management.conftest import ready
from tests.support.people import Browser, People, Person

PASSWORD = "верный конь скачет"


@dataclass
class Home:
    """Somebody at his browser."""

    client: AsyncTestClient[Litestar]
    database: Database
    people: People
    person: Person
    browser: Browser

    async def second(self) -> Browser:
        """Another session of the same person."""
        return Browser(self.client, await self.people.cookie(self.person))

    async def stranger(self) -> tuple[Person, Browser]:
        person = await self.people.person()
        browser = Browser(self.client, await self.people.cookie(person))
        await browser.get("/profile")
        return person, browser

    async def letters(self) -> list[tuple[str, str, str]]:
        """Recipient, first half of the key, text; the oldest first."""
        rows = await self.database.fetch("select recipient, key, text from messages order by created_at")
        return [(row["recipient"], row["key"].partition(":")[0], row["text"]) for row in rows]

    async def user(self) -> dict[str, object]:
        row = await self.database.fetchrow("select * from users where id = $1", self.person.user)
        assert row is not None
        return dict(row)

    async def actions(self) -> list[str]:
        return [row["action"] for row in await self.database.fetch("select action from audit order by id")]


@pytest.fixture(scope="session")
def hashed() -> str:
    return asyncio.run(Passwords().hash(PASSWORD))


@pytest.fixture
async def home(client: AsyncTestClient[Litestar], people: People, database: Database, hashed: str) -> Home:
    await ready(client)
    person = await people.person(name="Анна", password=hashed)
    browser = Browser(client, await people.cookie(person))
    assert (await browser.get("/profile")).status_code == 200
    return Home(client, database, people, person, browser)


def link_in(text: str) -> str:
    """The path of a letter's link."""
    found = re.search(r"https?://[^/\s]+(/\S+)", text)
    assert found is not None, text
    return found[1]
