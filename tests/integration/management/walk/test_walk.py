"""Every page and operation, with every kind of caller and a foreign account's ids: what each must be answered stands in ``rights``."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from httpx import Response
from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.testing import AsyncTestClient

from engine.storage.database import open_database
from management.app import create_app
from management.settings import Settings
from tests.integration.management.conftest import ready
from tests.integration.management.walk.rights import TABLE, Answer, Rule, Who
from tests.integration.management.walk.world import MARK, Things, World

pytestmark = pytest.mark.integration
OUTSIDERS = {Who.VISITOR, Who.STRANGER, Who.MIXER}
"""They never see anything that is the owner's."""
HIMSELF = {Who.OWNER, Who.NARROW, Who.COOKIE}
_TOKENS = re.compile(r'"[0-9a-f]{64,}"')


def routes(app: Litestar) -> Iterator[str]:
    """All there are; OPTIONS is Litestar's own answer about a path."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                yield from (f"{method} {route.path}" for method in handler.http_methods if method != "OPTIONS")
        else:
            yield f"{type(route).__name__} {route.path}"


def test_every_route_is_in_the_table_and_nothing_else(tmp_path: Path) -> None:
    """A new page needs a line there: who may see it?"""
    app = create_app(Settings("postgresql://127.0.0.1:1/none", media=tmp_path))
    assert set(routes(app)) == set(TABLE)


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> AsyncIterator[World]:
    """The walk writes thousands of rows that nobody needs after it, so no commit waits for the disk."""
    admin = await asyncpg.connect(dsn)
    name = await admin.fetchval("select quote_ident(current_database())")
    await admin.execute(f"alter database {name} set synchronous_commit = off")
    await admin.close()
    settings = Settings(dsn, pool=2, fresh_s=0.0, media=tmp_path, api_per_minute=1_000_000)
    async with (
        open_database(dsn, size=2) as database,
        AsyncTestClient(create_app(settings), raise_server_exceptions=False) as client,
    ):
        await ready(client)
        world = World(client, database, tmp_path)
        await world.settle()
        yield world


@pytest.mark.parametrize("part", ["/api/v1/", "/projects", "/profile", "/staff", "/"])
async def test_everybody_gets_what_is_his_and_nothing_else(world: World, part: str) -> None:
    wrong = [line for route in _of(part) for line in await _walked(world, route, TABLE[route])]
    assert not wrong, "\n".join(wrong)


def _of(part: str) -> list[str]:
    """The routes of one part; the last takes the rest."""
    parts = ("/api/v1/", "/projects", "/profile", "/staff")
    return [route for route in TABLE if next((p for p in parts if route.split()[1].startswith(p)), "/") == part]


async def _walked(world: World, route: str, rule: Rule) -> list[str]:
    """What went wrong. Those who are let in come last, each to things that nobody has touched."""
    things, wrong = await world.things(), []
    for who, expected in sorted(rule.answers.items(), key=lambda pair: pair[1] is Answer.IN):
        if expected is Answer.IN:
            if rule.streams:
                continue
            things = things if route.startswith(("GET", "HEAD")) else await world.things()
        before = await world.written()
        answer = await world.call(who, route, rule, things)
        wrong += [f"{route}, {who}: {each}" for each in _faults(answer, who, expected, rule)]
        if expected is not Answer.IN and await world.written() != before:
            wrong.append(f"{route}, {who}: refused, but something was done")
        if expected is Answer.NOTHING and who is not Who.MIXER:
            wrong += await _told_apart(world, route, rule, who, things, answer)
    return wrong


def _faults(answer: Response, who: Who, expected: Answer, rule: Rule) -> Iterator[str]:
    found = _class_of(answer, rule)
    if answer.status_code >= 500:
        yield f"answered {answer.status_code}"
    elif found is not expected:
        yield f"{found or answer.status_code}, must be {expected}"
    if MARK in answer.text and who not in HIMSELF and (who in OUTSIDERS or expected is not Answer.IN):
        yield "is shown what is the owner's"


def _class_of(answer: Response, rule: Rule) -> Answer:
    """Of one who is let in anything may come but these."""
    code, location = answer.status_code, answer.headers.get("location", "")
    if code == 401 or (code == 303 and location.startswith("/login") and not rule.leads_out):
        return Answer.SIGN_IN
    if code == 403:
        return Answer.NO
    open_to_all = rule.answers.get(Who.VISITOR) is Answer.IN
    return Answer.NOTHING if code == 404 and not open_to_all else Answer.IN


async def _told_apart(world: World, route: str, rule: Rule, who: Who, things: Things, answer: Response) -> list[str]:
    """Whether a thing that is not his can be told from one that never was."""
    nowhere = await world.call(who, route, rule, things, nowhere=True)
    same = nowhere.status_code == answer.status_code and _plain(nowhere) == _plain(answer)
    return [] if same else [f"{route}, {who}: can tell a foreign thing from none"]


def _plain(answer: Response) -> str:
    return _TOKENS.sub('""', answer.text)


async def test_the_owner_is_shown_what_strangers_are_not(world: World) -> None:
    """Else the walk's look for it would prove nothing."""
    things = await world.things()
    for route in ("GET /campaigns", "GET /projects", "GET /projects/{project:int}/tags", "GET /api/v1/calls"):
        assert MARK in (await world.call(Who.OWNER, route, TABLE[route], things)).text, route
