"""The second factor, from its setting up to its end."""

from __future__ import annotations

import re
import time

import pyotp
import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import AsyncTestClient

from engine.storage.database import Database
from management.access.identity import cookie_name
from tests.integration.management.accounts.conftest import OTHER, PASSWORD, inside, known, sign_in
from tests.support.people import Browser, People, Person

pytestmark = pytest.mark.integration
ANNA = "anna@example.com"
HOME = "/profile/security"


class Phone:
    """The application on it. Each code is of a later step than the one before, as the server's memory of steps wants."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def code(self) -> str:
        await self._database.execute("update users set totp_step = 0")
        return pyotp.TOTP(await self._database.fetchval("select totp_secret from users")).now()


@pytest.fixture
async def person(people: People) -> Person:
    return await known(people, ANNA)


@pytest.fixture
def phone(database: Database) -> Phone:
    return Phone(database)


async def enabled(browser: Browser, phone: Phone) -> list[str]:
    """Signed in, two factors on; the recovery codes."""
    await sign_in(browser, ANNA)
    await browser.get(HOME)
    await browser.post(f"{HOME}/begin")
    await browser.get(HOME)
    answer = await browser.post(f"{HOME}/enable", {"password": PASSWORD, "code": await phone.code()})
    assert answer.status_code == 201 or answer.status_code == 200, answer.text
    codes = re.findall(r"<li>([a-z2-9]{4}(?:-[a-z2-9]{4}){3})</li>", answer.text)
    assert len(set(codes)) == 10
    return codes


async def second(browser: Browser, code: str) -> Response:
    await browser.get("/login/code")
    return await browser.post("/login/code", {"code": code, "next": "/projects"})


async def test_setting_it_up(browser: Browser, person: Person, phone: Phone, database: Database) -> None:
    await sign_in(browser, ANNA)
    assert "Двухфакторный вход выключен" in (await browser.get(HOME)).text
    await browser.post(f"{HOME}/begin")
    shown = (await browser.get(HOME)).text
    secret = await database.fetchval("select totp_secret from users")
    assert secret in shown and 'src="data:image/svg+xml' in shown
    await browser.post(f"{HOME}/begin")
    assert await database.fetchval("select totp_secret from users") == secret, "a second tab shows the same"
    wrong = {"password": PASSWORD, "code": "000000" if await phone.code() != "000000" else "111111"}
    assert (await browser.post(f"{HOME}/enable", wrong)).status_code == 422
    assert (await browser.post(f"{HOME}/enable", {"password": OTHER, "code": await phone.code()})).status_code == 422
    await sign_in(browser, ANNA)
    assert await inside(browser), "not in force yet"
    assert len(await enabled(browser, phone)) == 10
    assert "Двухфакторный вход включён" in (await browser.get(HOME)).text
    stored = await database.fetch("select code from recovery_codes")
    assert len(stored) == 10 and all(len(row["code"]) == 32 for row in stored)


async def test_the_password_alone_opens_nothing(
    client: AsyncTestClient[Litestar], browser: Browser, person: Person, phone: Phone
) -> None:
    await enabled(browser, phone)
    visitor = Browser(client)
    half = await sign_in(visitor, ANNA, next="/projects")
    assert half.headers["location"] == "/login/code?next=%2Fprojects"
    token = visitor.cookies[cookie_name(secure=False)]
    assert not await inside(visitor)
    code = await phone.code()
    done = await second(visitor, code)
    assert (done.status_code, done.headers["location"]) == (303, "/projects")
    assert visitor.cookies[cookie_name(secure=False)] != token, "a new session, not the half one promoted"
    assert await inside(visitor)
    thief = Browser(client)
    await sign_in(thief, ANNA)
    again = await second(thief, code)
    assert again.status_code == 422, "a code serves once"
    assert not await inside(thief)


async def test_without_a_half_session_there_is_no_second_step(browser: Browser, person: Person, phone: Phone) -> None:
    assert (await browser.get("/login/code")).headers["location"] == "/login"
    await browser.get("/login")
    answer = await browser.post("/login/code", {"code": "123456"})
    assert answer.headers["location"] == "/login"


async def test_codes_of_the_neighbouring_steps_are_taken(
    client: AsyncTestClient[Litestar], browser: Browser, person: Person, phone: Phone, database: Database
) -> None:
    await enabled(browser, phone)
    totp = pyotp.TOTP(await database.fetchval("select totp_secret from users"))
    for shift, status in ((10 * 30, 422), (-10 * 30, 422)):
        visitor = Browser(client)
        await sign_in(visitor, ANNA)
        assert (await second(visitor, totp.at(time.time() + shift))).status_code == status
    visitor = Browser(client)
    await sign_in(visitor, ANNA)
    await phone.code()
    code = totp.at(time.time() + 30)
    assert (await second(visitor, f"{code[:3]} {code[3:]}")).status_code == 303, "typed in two groups"


async def test_a_recovery_code_serves_once(
    client: AsyncTestClient[Litestar], browser: Browser, person: Person, phone: Phone, database: Database
) -> None:
    codes = await enabled(browser, phone)
    first, other = Browser(client), Browser(client)
    await sign_in(first, ANNA)
    assert (await second(first, codes[0].upper().replace("-", " "))).status_code == 303
    assert await inside(first)
    await sign_in(other, ANNA)
    assert (await second(other, codes[0])).status_code == 422
    assert "Осталось 9 кодов" in (await first.get(HOME)).text
    assert await database.fetchval("select count(*) from audit where action = 'user.recovery_code_used'") == 1


async def test_guessing_codes_costs_time(
    client: AsyncTestClient[Litestar], browser: Browser, person: Person, phone: Phone, database: Database
) -> None:
    await enabled(browser, phone)
    visitor = Browser(client)
    await sign_in(visitor, ANNA)
    assert [(await second(visitor, "wrong")).status_code for _ in range(4)] == [422] * 4
    assert await database.fetchval("select count from failures where key like 'code:%'") == 4
    await database.execute("update failures set count = 10, last_at = now()")
    assert (await second(visitor, await phone.code())).status_code == 429, "the right one too"


async def test_new_codes_replace_the_former(
    client: AsyncTestClient[Litestar], browser: Browser, person: Person, phone: Phone
) -> None:
    former = await enabled(browser, phone)
    await browser.get(HOME)
    answer = await browser.post(f"{HOME}/codes", {"password": PASSWORD, "code": await phone.code()})
    assert former[0] not in answer.text
    visitor = Browser(client)
    await sign_in(visitor, ANNA)
    assert (await second(visitor, former[0])).status_code == 422


async def test_switching_off_takes_password_and_code(
    browser: Browser, person: Person, phone: Phone, database: Database
) -> None:
    codes = await enabled(browser, phone)
    await browser.get(HOME)
    for form in ({"password": OTHER, "code": await phone.code()}, {"password": PASSWORD, "code": "nothing"}):
        assert (await browser.post(f"{HOME}/disable", form)).status_code == 422
    assert await database.fetchval("select totp_at from users") is not None
    assert (await browser.post(f"{HOME}/disable", {"password": PASSWORD, "code": codes[3]})).status_code == 303
    row = await database.fetchrow("select totp_at, totp_secret from users")
    assert row is not None and tuple(row) == (None, None)
    assert await database.fetchval("select count(*) from recovery_codes") == 0
    await browser.post("/logout")
    await sign_in(browser, ANNA)
    assert await inside(browser)
    actions = {row["action"] for row in await database.fetch("select action from audit")}
    assert {"user.two_factor_enabled", "user.two_factor_disabled"} <= actions


async def test_strangers_are_sent_to_sign_in(browser: Browser) -> None:
    await browser.get("/login")
    for path in (HOME, f"{HOME}/begin", f"{HOME}/enable", f"{HOME}/disable", f"{HOME}/codes", f"{HOME}/leave"):
        answer = await (browser.get(path) if path == HOME else browser.post(path))
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/login"), path
