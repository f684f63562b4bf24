"""The page: language, words of the manual, escaping, headers."""

from __future__ import annotations

import re

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from engine.storage.campaigns import Campaigns
from engine.storage.database import Database
from management.access.caller import Role
from management.access.identity import cookie_name
from tests.integration.management.conftest import campaign, ready, running
from tests.support.people import People

pytestmark = pytest.mark.integration
Client = AsyncTestClient[Litestar]


@pytest.fixture
async def client(client: Client, people: People) -> Client:
    """The administrator's browser."""
    client.cookies.set(cookie_name(secure=False), await people.cookie(await people.person(Role.ADMIN)))
    await ready(client)
    return client


NASTY = """<script>alert(1)</script>"><img src=x onerror=alert(2)>'{{ 7*7 }}"""


async def test_the_user_s_language_unless_the_address_asks_for_another(client: Client) -> None:
    assert "Обзор" in (await client.get("/system", headers={"accept-language": "en"})).text
    english = await client.get("/system?lang=en")
    assert "Overview" in english.text
    assert "Обзор" not in english.text
    assert '<html lang="en">' in english.text
    assert english.headers["content-language"] == "en"
    assert "Overview" in (await client.get("/system")).text, "it is remembered"
    assert "Обзор" in (await client.get("/system?lang=ru", headers={"accept-language": "en"})).text
    assert "Обзор" in (await client.get("/system?lang=xx")).text


async def test_the_live_part_keeps_the_language_of_the_page(client: Client) -> None:
    page = (await client.get("/system?lang=en", headers={"accept-language": "ru"})).text
    found = re.search(r'data-live="([^"]+)"', page)
    assert found
    part = await client.get(found[1])
    assert part.status_code == 200
    assert "Campaigns" in part.text
    assert "<html" not in part.text
    assert part.text.strip() in page


async def test_states_are_named_as_in_the_manual(client: Client, database: Database) -> None:
    campaigns = Campaigns(database)
    await campaign(database, "черновая")
    await running(database, "идущая")
    await campaigns.pause(await running(database, "на паузе"))
    await campaigns.stop(await running(database, "прерванная"))
    await campaigns.finish_if_done(await running(database, "пройденная", contacts=0))
    page = (await client.get("/system")).text
    badges = re.findall(r'</span> ([^<]+)</h3>\s*<span class="badge tone-\w+">([^<]+)<', page)
    assert dict(badges) == {
        "черновая": "Черновик",
        "идущая": "Запущено",
        "на паузе": "Приостановлено",
        "прерванная": "Остановлено",
        "пройденная": "Завершено",
    }
    assert "Приостановлено пользователем" in page
    assert "Paused by the user" in (await client.get("/system?lang=en")).text


async def test_the_engine_s_details_are_shown_for_reasons_that_need_them(client: Client, database: Database) -> None:
    campaigns = Campaigns(database)
    await campaigns.pause(await running(database, "a"), "trunk_failing", "20 of 20 calls: 503")
    await campaigns.pause(await running(database, "b"), "lead_limit", "told in another language")
    await campaigns.pause(await running(database, "c"), "clip_missing", "no sound greeting.wav")
    page = (await client.get("/system")).text
    notices = re.findall(r'<p class="note tone-warning">\s*(.+?)\s*</p>', page)
    assert notices == ["no sound greeting.wav", "Достигнут лимит целей", "Отказывает транк: 20 of 20 calls: 503"]


async def test_progress_is_whole_only_when_all_are_done(client: Client, database: Database) -> None:
    large = await running(database, "large", contacts=200)
    await database.execute(
        "update campaign_contacts set state = 'done' where campaign_id = $1 and contact_id <>"
        " (select max(contact_id) from campaign_contacts where campaign_id = $1)",
        large,
    )
    await database.execute("update campaigns set spent = 1234.5 where id = $1", large)
    page = (await client.get("/system")).text
    assert 'value="99"' in page
    assert "199 из 200" in page
    assert "1\u00a0234,50\u00a0₽" in page
    assert "1,234.50\u00a0₽" in (await client.get("/system?lang=en")).text


async def test_what_users_wrote_is_escaped(client: Client, database: Database) -> None:
    await Campaigns(database).pause(await running(database, NASTY), "clip_missing", NASTY)
    await database.execute("insert into cells (id) values ($1)", NASTY)
    for address in ("/system", "/system/live", "/system?lang=en"):
        page = (await client.get(address)).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 3
        assert "{{ 7*7 }}" in page
    nasty = (await client.get("/system", params={"lang": '"><script>alert(3)</script>'})).text
    assert "alert(3)" not in nasty


@pytest.mark.parametrize("address", ["/system", "/system/live", "/health", "/static/live.js", "/nowhere"])
async def test_every_answer_is_protected(client: Client, address: str) -> None:
    headers = (await client.get(address)).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    cached = "immutable" in headers["cache-control"]
    assert cached if address.startswith("/static") else headers["cache-control"] == "no-store"


async def test_pages_hold_nothing_that_the_policy_forbids(client: Client, database: Database) -> None:
    await running(database, "a")
    page = (await client.get("/system")).text
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
    assert all('src="' in tag for tag in re.findall(r"<script[^>]*>", page))
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert not [address for address in addresses if address.startswith(("http", "//"))]
    for address in addresses:
        assert (await client.get(address)).status_code == 200, address
