"""A forgotten password."""

from __future__ import annotations

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from engine.storage.database import Database
from tests.integration.management.accounts.conftest import (
    OTHER,
    PASSWORD,
    Letters,
    inside,
    known,
    press,
    register,
    sign_in,
)
from tests.support.people import Browser, People

pytestmark = pytest.mark.integration
ANNA = "anna@example.com"


async def ask(browser: Browser, email: str) -> tuple[int, str, str]:
    await browser.get("/recovery")
    answer = await browser.post("/recovery", {"email": email})
    return answer.status_code, answer.headers.get("location", ""), answer.text


async def test_a_new_password_ends_all_sessions(
    client: AsyncTestClient[Litestar], browser: Browser, people: People, letters: Letters, database: Database
) -> None:
    await known(people, ANNA)
    await sign_in(browser, ANNA)
    elsewhere = Browser(client)
    answer = await ask(elsewhere, ANNA)
    assert answer[:2] == (303, "/recovery/sent")
    assert await ask(elsewhere, "unknown@example.com") == answer
    await letters.written()
    assert await letters.names("unknown@example.com") == []
    link = await letters.link(ANNA, "recover_password")
    assert await inside(browser)
    assert (await press(elsewhere, link, {"password": "short"})).status_code == 422
    done = await press(elsewhere, link, {"password": OTHER})
    assert (done.status_code, done.headers["location"]) == (303, "/login")
    assert not await inside(browser), "at once, and here too"
    assert await letters.names(ANNA) == ["recover_password", "password_changed"]
    assert (await elsewhere.get(link)).status_code == 410
    assert (await elsewhere.post(link, {"password": PASSWORD})).status_code == 410
    assert (await sign_in(elsewhere, ANNA)).status_code == 422
    assert (await sign_in(elsewhere, ANNA, OTHER)).status_code == 303
    assert await database.fetchval("select count(*) from audit where action = 'user.password_recovered'") == 1


async def test_forged_and_old_links_change_nothing(
    browser: Browser, people: People, letters: Letters, database: Database
) -> None:
    await known(people, ANNA)
    await ask(browser, ANNA)
    await letters.written()
    link = await letters.link(ANNA, "recover_password")
    await database.execute("update one_time_tokens set expires_at = now() - interval '1 s'")
    for path in (link, "/recovery/forged", link.replace("/recovery/", "/confirm/")):
        assert (await browser.get(path)).status_code == 410
        assert (await browser.post(path, {"password": OTHER})).status_code == 410
    assert (await sign_in(browser, ANNA)).status_code == 303


async def test_who_reads_the_mail_has_confirmed_it(browser: Browser, letters: Letters, database: Database) -> None:
    await register(browser, ANNA)
    await ask(browser, ANNA)
    await letters.written()
    await press(browser, await letters.link(ANNA, "recover_password"), {"password": OTHER})
    assert await database.fetchval("select email_confirmed_at from users") is not None
    assert (await sign_in(browser, ANNA, OTHER)).status_code == 303


async def test_a_blocked_user_gets_no_letter(
    browser: Browser, people: People, letters: Letters, database: Database
) -> None:
    await known(people, ANNA)
    await database.execute("update users set blocked_at = now()")
    assert (await ask(browser, ANNA))[0] == 303
    await letters.written()
    assert await letters.to(ANNA) == []


async def test_letters_and_requests_are_braked(browser: Browser, people: People) -> None:
    await known(people, ANNA)
    assert [(await ask(browser, ANNA))[0] for _ in range(4)] == [303, 303, 303, 429]
    assert [(await ask(browser, f"n{number}@example.com"))[0] for number in range(2)] == [303, 429]
    assert (await ask(browser, "nothing"))[0] in (422, 429)
