"""Limits as those meet them who run into them. Those of signing in, registration, recovery, letters and codes are tested beside their
pages.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from engine.storage.database import Database
from management.access.throttle import EXPORT, OWN_EXPORT, PROMO, SHARING
from management.app import create_app
from management.settings import Settings
from tests.integration.management.accounts.conftest import register
from tests.integration.management.conftest import ready
from tests.support.people import Browser, People

pytestmark = pytest.mark.integration
ME = "/api/v1/me"


async def test_the_api_says_when_to_come_again(people: People, dsn: str, tmp_path: Path) -> None:
    async with AsyncTestClient(create_app(Settings(dsn, pool=2, media=tmp_path, api_per_minute=3))) as client:
        await ready(client)
        anna, boris = await people.person(), await people.person()
        headers = {"authorization": f"Bearer {await people.key(anna)}"}
        answers = [await client.get(ME, headers=headers) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert [answer.headers["ratelimit-remaining"] for answer in answers[:3]] == ["2", "1", "0"]
        assert answers[3].json()["code"] == "too_many"
        assert 1 <= int(answers[3].headers["retry-after"]) <= 20
        other = {"authorization": f"Bearer {await people.key(anna)}"}
        assert (await client.get(ME, headers=other)).status_code == 429, "another key of the same user"
        his = {"authorization": f"Bearer {await people.key(boris)}"}
        assert (await client.get(ME, headers=his)).status_code == 200, "another user"


async def test_sharing_tells_of_so_many_addresses_only(
    client: AsyncTestClient[Litestar], people: People, database: Database
) -> None:
    await ready(client)
    headers = {"authorization": f"Bearer {await people.key(await people.person())}"}
    project = (await client.post("/api/v1/projects", json={"name": "x"}, headers=headers)).json()["id"]
    path = f"/api/v1/projects/{project}/members"
    codes = [
        (await client.post(path, json={"email": f"n{number}@example.com"}, headers=headers)).status_code
        for number in range(SHARING.times + 1)
    ]
    assert codes == [201] * SHARING.times + [429]
    assert await database.fetchval("select count(*) from messages") == SHARING.times


async def test_promo_codes_cannot_be_guessed(client: AsyncTestClient[Litestar], database: Database) -> None:
    await ready(client)
    browser, codes = Browser(client), []
    for number in range(PROMO.times + 1):
        await database.execute("delete from throttle where key not like 'promo:%'")
        codes.append((await register(browser, f"n{number}@example.com", promo=f"GUESS{number}")).status_code)
    assert codes == [422] * PROMO.times + [429]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_so_many_lists_become_files(client: AsyncTestClient[Litestar], people: People, form: str) -> None:
    await ready(client)
    hers, his = [Browser(client, await people.cookie(await people.person())) for _ in range(2)]
    pages = ("/projects", "/finance", "/profile/journal")
    codes = [
        (await hers.get(f"{pages[number % len(pages)]}?format={form}")).status_code for number in range(EXPORT.times)
    ]
    assert codes == [200] * EXPORT.times
    refused = await hers.get(f"/projects?format={form}")
    assert refused.status_code == 429 and "content-disposition" not in refused.headers
    assert 1 <= int(refused.headers["retry-after"]) <= EXPORT.every_s
    assert (await hers.get("/projects")).status_code == 200, "the page itself"
    assert (await hers.get("/projects?format=pdf")).status_code == 200
    assert (await his.get(f"/projects?format={form}")).status_code == 200, "another user"


async def test_so_many_archives_of_one_s_data(
    client: AsyncTestClient[Litestar], people: People, database: Database
) -> None:
    await ready(client)
    browser = Browser(client, await people.cookie(await people.person()))
    await browser.get("/profile/data?lang=en")
    for _ in range(OWN_EXPORT.times + 1):
        await browser.post("/profile/data/exports")
        await database.execute("update tasks set state = 'done', ended_at = now()")
    assert await database.fetchval("select count(*) from tasks") == OWN_EXPORT.times
    assert "Too many attempts" in (await browser.get("/profile/data")).text
