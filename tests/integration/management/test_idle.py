"""Sessions that are not used end; what pages ask by themselves is no use. Time is moved in the database."""

from __future__ import annotations

from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from engine.storage.database import Database
from management.access.caller import Role
from management.access.callers import Callers, Idle
from management.access.identity import AUTOMATIC
from management.app import create_app
from management.settings import Settings
from tests.integration.management.conftest import ready
from tests.support.people import Browser, People

pytestmark = pytest.mark.integration
HOME = "192.0.2.7"
HOUR = 3600


async def _later(database: Database, hours: float) -> None:
    await database.execute(
        "update sessions set created_at = created_at - $1 * interval '1 h', seen_at = seen_at - $1 * interval '1 h',"
        " expires_at = expires_at - $1 * interval '1 h'",
        hours,
    )


async def _left_h(database: Database) -> float:
    """Until the session ends."""
    return float(await database.fetchval("select extract(epoch from expires_at - now()) / 3600 from sessions"))


@pytest.mark.parametrize(("role", "idle_h"), [(Role.CUSTOMER, 168), (Role.SUPPORT, 12), (Role.ADMIN, 12)])
async def test_use_puts_the_end_off(people: People, database: Database, role: Role, idle_h: int) -> None:
    token = await people.cookie(await people.person(role))
    assert idle_h - 0.1 < await _left_h(database) <= idle_h
    for _ in range(2):
        await _later(database, idle_h - 1)
        assert await Callers(lambda: database).of_session(token, HOME) is not None
        assert idle_h - 0.1 < await _left_h(database) <= idle_h
    await _later(database, idle_h)
    assert await Callers(lambda: database).of_session(token, HOME) is None


async def test_but_not_beyond_the_longest(people: People, database: Database) -> None:
    token = await people.cookie(await people.person())
    for _ in range(5):
        await _later(database, 140)
        assert await Callers(lambda: database).of_session(token, HOME) is not None
    assert 19.9 < await _left_h(database) <= 20
    await _later(database, 20)
    assert await Callers(lambda: database).of_session(token, HOME) is None


async def test_what_asks_by_itself_is_no_use(people: People, database: Database) -> None:
    callers, token = Callers(lambda: database), await people.cookie(await people.person())
    await _later(database, 167)
    assert await callers.of_session(token, HOME, used=False) is not None
    assert await _left_h(database) < 1
    assert await callers.of_session(token, HOME) is not None, "remembered, but not as used"
    assert await _left_h(database) > 167
    await callers.forget()
    await _later(database, 168)
    assert await callers.of_session(token, HOME, used=False) is None


async def test_the_longest_session_is_no_longer_for_a_longer_idle_time(people: People, database: Database) -> None:
    person = await people.person()
    async with database.transaction() as connection:
        await Callers(lambda: database, Idle(customer=900 * HOUR)).open(connection, person.user, HOME, "")
    assert 719 < await _left_h(database) <= 720


@pytest.mark.parametrize(("role", "usual_h", "idle_h"), [(Role.CUSTOMER, 168, 3), (Role.SUPPORT, 12, 2)])
async def test_an_open_page_does_not_keep_its_session(
    people: People, dsn: str, tmp_path: Path, database: Database, role: Role, usual_h: int, idle_h: int
) -> None:
    settings = Settings(dsn, pool=2, media=tmp_path, session_idle_h=3, staff_session_idle_h=2)
    async with AsyncTestClient[Litestar](create_app(settings)) as client:
        await ready(client)
        browser = Browser(client, await people.cookie(await people.person(role)))
        await _later(database, usual_h - 1)
        assert (await browser.get("/projects", **{AUTOMATIC: "1"})).status_code == 200
        assert await _left_h(database) < 1
        assert (await browser.get("/projects")).status_code == 200
        assert idle_h - 0.1 < await _left_h(database) <= idle_h
