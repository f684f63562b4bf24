"""A stranger's browser, and the letters that he gets."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path

import asyncpg
import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import AsyncTestClient

from engine.storage.database import Database
from management.access.caller import Role
from management.access.secrets import Passwords
from management.background import handlers
from management.jobs.worker import Worker
from management.settings import LOCAL_URL, Settings
from tests.integration.management.conftest import ready
from tests.support.people import Browser, People, Person
from tests.support.world import until

PASSWORD = "верный конь скачет"
OTHER = "лошадь ест яблоки"
_LINK = re.compile(rf"{re.escape(LOCAL_URL)}(/\S+)")
_TICKS = re.compile(r'value="([^"]+)"[^>]* name="(offer|privacy)"')


class Letters:
    def __init__(self, dsn: str, database: Database, folder: Path) -> None:
        self._dsn = dsn
        self._database = database
        self._settings = Settings(dsn, media=folder)

    async def to(self, email: str) -> list[asyncpg.Record]:
        """The newest last."""
        return await self._database.fetch("select * from messages where recipient = $1 order by created_at, key", email)

    async def names(self, email: str) -> list[str]:
        return [row["key"].partition(":")[0] for row in await self.to(email)]

    async def link(self, email: str, name: str) -> str:
        """The path of the newest letter ``name``."""
        texts = [row["text"] for row in await self.to(email) if row["key"].startswith(f"{name}:")]
        found = _LINK.search(texts[-1])
        assert found is not None, texts[-1]
        return found.group(1)

    async def written(self) -> None:
        """Until a worker has done all jobs that wait."""
        worker = Worker(self._dsn, self._database, handlers(self._settings, self._database))
        running = asyncio.create_task(worker.run())
        try:
            await until(lambda: self._database.fetchval("select not exists (select from pgqueuer)"), 30)
        finally:
            worker.stop()
            async with asyncio.timeout(30):
                await running


@pytest.fixture
async def browser(client: AsyncTestClient[Litestar]) -> Browser:
    await ready(client)
    return Browser(client)


@pytest.fixture
def letters(dsn: str, database: Database, tmp_path: Path) -> Letters:
    return Letters(dsn, database, tmp_path)


async def known(people: People, email: str = "", role: Role = Role.CUSTOMER) -> Person:
    """Somebody confirmed, with PASSWORD."""
    return await people.person(role, email=email, password=await Passwords().hash(PASSWORD))


async def register(browser: Browser, email: str, password: str = PASSWORD, **more: str) -> Response:
    """As a person does: with what the form holds."""
    form = await browser.get("/registration")
    ticks = {name: version for version, name in _TICKS.findall(form.text)}
    assert set(ticks) == {"offer", "privacy"}, form.text
    return await browser.post("/registration", {"email": email, "password": password, **ticks, **more})


async def sign_in(browser: Browser, email: str, password: str = PASSWORD, **more: str) -> Response:
    await browser.get("/login")
    return await browser.post("/login", {"email": email, "password": password, **more})


async def press(browser: Browser, path: str, data: Mapping[str, object] | None = None) -> Response:
    """Open a page with one button and press it."""
    shown = await browser.get(path)
    assert shown.status_code == 200, shown.text
    return await browser.post(path, data)


async def inside(browser: Browser) -> bool:
    """Whether he is signed in."""
    return (await browser.get("/profile/security")).status_code == 200
