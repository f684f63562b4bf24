"""Nothing that changes anything is taken from another site, on no page: the routes are asked of the application itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from engine.storage.database import Database
from management.access.identity import cookie_name
from management.access.places import PLACE_COOKIE
from tests.integration.management.conftest import ready
from tests.integration.management.walk.rights import TABLE, Rule, Who
from tests.integration.management.walk.test_walk import routes
from tests.integration.management.walk.world import World, path_of
from tests.support.people import Browser, People

pytestmark = pytest.mark.integration
SAFE = ("GET", "HEAD")
FOREIGN = (
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": "https://evil.example"},
    {"origin": "null"},
)


async def test_every_form_needs_its_token_and_its_own_site(
    client: AsyncTestClient[Litestar], people: People, database: Database, tmp_path: Path
) -> None:
    await ready(client)
    world = World(client, database, tmp_path)
    await world.settle()
    things, before = await world.things(), await world.written()
    browser = Browser(client, await people.cookie(await people.person()))
    await browser.get("/profile")
    token, forged = {"_csrf_token": browser.csrf}, {"_csrf_token": "0" * len(browser.csrf)}
    browser.cookies[PLACE_COOKIE] = str(things.owners["project"])
    wrong, asked = [], 0
    for route in routes(client.app):
        method, _, template = route.partition(" ")
        if method in SAFE or template.startswith("/api/"):
            continue
        path, asked = path_of(template, things, Who.OWNER, nowhere=False), asked + 1
        answers = [await browser.post(path, {"_csrf_token": ""}), await browser.post(path, forged)]
        answers += [await browser.post(path, token, **headers) for headers in FOREIGN]
        wrong += [f"{route}: {answer.status_code}" for answer in answers if answer.status_code != 403]
    assert not wrong, "\n".join(wrong)
    assert asked > 40
    assert await world.written() == before
    assert (await browser.get("/profile")).status_code == 200, "nobody was signed out"


async def test_no_operation_of_the_api_takes_a_cookie() -> None:
    """What takes no cookie needs no token. That the walk asks each with a session is what makes this hold."""
    operations = [rule for route, rule in TABLE.items() if " /api/v1/" in route and "openapi" not in route]
    assert len(operations) > 15 and all(Who.COOKIE in rule.answers for rule in operations if isinstance(rule, Rule))


async def test_the_cookie_is_for_this_site_and_no_script(client: AsyncTestClient[Litestar]) -> None:
    await ready(client)
    client.cookies.clear()
    lines = (await client.get("/login")).headers.get_list("set-cookie")
    (csrf,) = [line for line in lines if line.startswith(cookie_name(secure=False) + "-csrf")]
    assert "httponly" in csrf.lower() and "samesite=lax" in csrf.lower()
