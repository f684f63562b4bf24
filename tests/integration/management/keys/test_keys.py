"""API keys, from the page on which they are made to the API that they open."""

from __future__ import annotations

import re

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from engine.storage.database import Database
from management.access.caller import Scope
from tests.integration.management.conftest import ready
from tests.support.people import Browser, People, Person

pytestmark = pytest.mark.integration
Client = AsyncTestClient[Litestar]
FORM = {"name": "Склад", "lasts": "90", "read": "1"}


@pytest.fixture
async def person(client: Client, people: People) -> Person:
    await ready(client)
    return await people.person(name="Анна")


@pytest.fixture
async def browser(client: Client, people: People, person: Person) -> Browser:
    browser = Browser(client, await people.cookie(person))
    await browser.get("/profile/keys")
    return browser


async def _created(browser: Browser, **form: str) -> str:
    answer = await browser.post("/profile/keys/new", {**FORM, **form})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found = re.search(r'value="(dzv_[\w-]+)"', answer.text)
    assert found is not None
    return found[1]


async def _me(client: Client, key: str) -> int:
    return (await client.get("/api/v1/me", headers={"authorization": f"Bearer {key}"})).status_code


async def test_a_key_is_shown_once_and_opens_the_api(
    client: Client, browser: Browser, person: Person, database: Database
) -> None:
    key = await _created(browser, run="1")
    answer = await client.get("/api/v1/me", headers={"authorization": f"Bearer {key}"})
    assert answer.json() == {
        "id": person.user,
        "name": "Анна",
        "email": person.email,
        "role": "customer",
        "account": person.account,
        "scopes": ["read", "run"],
    }
    shown = (await browser.get("/profile/keys")).text
    assert "Склад" in shown and key[:10] in shown and key not in shown
    row = await database.fetchrow("select * from api_keys")
    assert row is not None and key.encode() not in row["token"] and row["prefix"] == key[:10]
    entry = await database.fetchrow("select action, after::text from audit")
    assert entry is not None and entry["action"] == "key.created" and key not in entry["after"]


async def test_a_key_does_what_its_scopes_say(client: Client, browser: Browser) -> None:
    key = await _created(browser)
    answer = await client.post("/api/v1/projects", json={"name": "x"}, headers={"authorization": f"Bearer {key}"})
    assert answer.status_code == 403


async def test_a_revoked_key_is_dead_at_once(client: Client, browser: Browser, database: Database) -> None:
    key = await _created(browser)
    assert await _me(client, key) == 200
    number = await database.fetchval("select id from api_keys")
    assert (await browser.post(f"/profile/keys/{number}/revoke")).status_code == 303
    assert await _me(client, key) == 401
    assert "Отозван" in (await browser.get("/profile/keys")).text
    assert (await browser.post(f"/profile/keys/{number}/revoke")).status_code == 404
    assert await database.fetchval("select array_agg(action order by id) from audit") == ["key.created", "key.revoked"]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"name": " "}, "name"), ({"name": "я" * 101}, "name"), ({"lasts": "31"}, "lasts"), ({"read": ""}, "read")],
)
async def test_what_cannot_be_taken(browser: Browser, database: Database, change: dict[str, str], field: str) -> None:
    answer = await browser.post("/profile/keys/new", {**FORM, **change})
    assert answer.status_code == 422 and f'id="key-{field}-error"' in answer.text
    assert await database.fetchval("select count(*) from api_keys") == 0


async def test_how_long_it_works(browser: Browser, database: Database) -> None:
    await _created(browser, lasts="30")
    await _created(browser, lasts="0")
    first, second = await database.fetch("select expires_at - now() as left from api_keys order by id")
    assert first["left"].days in (29, 30) and second["left"] is None


async def test_not_more_than_fifty(browser: Browser, people: People, person: Person, database: Database) -> None:
    for _ in range(50):
        await people.key(person, [Scope.READ])
    assert (await browser.post("/profile/keys/new", FORM)).status_code == 422
    await database.execute(
        "update api_keys set expires_at = now() - interval '1 s' where id = (select min(id) from api_keys)"
    )
    await _created(browser)


async def test_a_stranger_s_key_is_none(client: Client, browser: Browser, people: People, database: Database) -> None:
    key = await people.key(await people.person())
    number = await database.fetchval("select id from api_keys")
    assert (await browser.post(f"/profile/keys/{number}/revoke")).status_code == 404
    assert await _me(client, key) == 200
    assert (await Browser(client).get("/profile/keys")).status_code == 303
    assert await _me(client, "") == 401
