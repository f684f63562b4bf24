"""The real cabinet with its worker, an engine and a mail server, on the two Asterisks; started once. Every test has its own people."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from email.message import EmailMessage

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page

from engine.bootstrap import clip_store
from engine.host.asterisk import AsteriskInstance
from engine.host.asterisk_tree import find_asterisk
from engine.host.ports import free_port
from engine.speech.clips import ClipStore
from engine.stack import CARRIER, Stack
from engine.storage.catalogue import Catalogue
from engine.storage.database import Database, open_database
from management.access.secrets import Passwords
from tests.conftest import fresh_database
from tests.integration.management.mailing.conftest import Postbox, smtp_server
from tests.support.browser import Look, chromium, complaints, opened, wrong_in_any_look
from tests.support.people import People, Person
from tests.support.world import until

PASSWORD = "верный конь скачет"
OTHER = "лошадь ест яблоки"
_LINK = re.compile(r"http://127\.0\.0\.1:\d+/\S+")


@dataclass
class Visitor:
    """Somebody at his browser. ``said``: what it has complained of."""

    page: Page
    address: str
    said: list[str]

    async def go(self, path: str) -> None:
        """A path of the cabinet, or the whole address of a link."""
        await self.page.goto(path if path.startswith("http") else self.address + path)

    async def fill(self, **fields: str) -> None:
        """By the names of the fields of the page's form."""
        for name, value in fields.items():
            await self.page.locator(f"main [name={name}]").fill(value)

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).click()

    async def sign_in(self, email: str, password: str = PASSWORD) -> None:
        await self.go("/login")
        await self.fill(email=email, password=password)
        await self.press("Войти")

    async def check(self) -> None:
        """This page, as it is now, is good in every look; nothing was complained of until now."""
        assert await wrong_in_any_look(self.page) == [], self.page.url
        await self.page.set_viewport_size({"width": 1366, "height": 900})
        await self.page.emulate_media(color_scheme="light")
        # A form with mistakes is answered with 422, of which browsers tell in the console, too.
        assert [line for line in self.said if not re.search(r"status of (410|412|422)", line)] == [], self.page.url


@dataclass
class Site:
    address: str
    carrier: AsteriskInstance
    clips: ClipStore
    database: Database
    postbox: Postbox
    browser: Browser
    _contexts: list[BrowserContext] = field(default_factory=list)

    async def visitor(self, look: Look | None = None) -> Visitor:
        """With a browser of his own."""
        page = await opened(self.browser, look or Look())
        page.set_default_timeout(15_000)
        self._contexts.append(page.context)
        return Visitor(page, self.address, complaints(page))

    async def person(self, email: str) -> Person:
        """Somebody who has registered and confirmed, with PASSWORD."""
        return await People(self.database).person(email=email, password=await Passwords().hash(PASSWORD))

    async def signed_in(self, email: str) -> Visitor:
        """A new person at his desk."""
        await self.person(email)
        visitor = await self.visitor()
        await visitor.sign_in(email)
        await visitor.page.wait_for_url(self.address + "/")
        return visitor

    async def letter(self, to: str, subject: str, number: int = 1) -> str:
        """The text of the letter that the mail server got, when it has: the ``number``-th one of this subject."""

        def found() -> list[str]:
            return [
                _plain(letter) for letter in self.postbox.letters if letter["To"] == to and subject in letter["Subject"]
            ]

        await until(lambda: len(found()) >= number, 20)
        return found()[-1]

    async def link(self, to: str, subject: str, number: int = 1) -> str:
        text = await self.letter(to, subject, number)
        match = _LINK.search(text)
        assert match is not None, text
        return match[0]

    async def close_browsers(self) -> None:
        while self._contexts:
            await self._contexts.pop().close()


def _plain(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def running_site(pair: Stack, postgres: str, browser: Browser) -> AsyncIterator[Site]:
    postbox = Postbox()
    async with (
        fresh_database(postgres) as dsn,
        smtp_server(postbox) as smtp,
        open_database(dsn, size=3) as database,
    ):
        await Catalogue(database).set_trunk(CARRIER, 20, 10)
        await Catalogue(database).add_caller_ids(("+74950000001",), None, carousel=True)
        environment = {
            **os.environ,
            "DATABASE_URL": dsn,
            "DOZVON_SMTP_URL": f"smtp://127.0.0.1:{smtp.port}",
            "DOZVON_MAIL_FROM": "Dozvon <robot@example.ru>",
        }
        ports = replace(pair.ports, cabinet=free_port(), metrics=free_port())
        stack = Stack(pair.state, environment, ports, carrier=True, say=print, name="cabinet")
        try:
            stack.start_management()
            stack.start_worker()
            stack.start_engine()
            carrier, clips = pair.carrier, clip_store(pair.media, find_asterisk(pair.state))
            assert carrier is not None
            yield Site(f"http://127.0.0.1:{ports.cabinet}", carrier, clips, database, postbox, browser)
        finally:
            stack.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def site(running_site: Site) -> AsyncIterator[Site]:
    yield running_site
    await running_site.close_browsers()
