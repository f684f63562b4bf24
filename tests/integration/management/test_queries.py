"""No page and no answer of the API asks the database once for each row that it shows: with 30 of everything it runs as many statements
as with one. The server's own log is what is counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.testing import AsyncTestClient

from engine.host.paths import State
from engine.storage.database import Database
from management.access.caller import Role
from management.app import create_app
from management.settings import Settings
from tests.integration.management.conftest import ready
from tests.support.people import Browser, People, Person
from tests.support.rows import Rows, project_with

pytestmark = pytest.mark.integration
Client = AsyncTestClient[Litestar]
_STATEMENT = re.compile(r"LOG:  (?:execute [^:]+|statement): (.*(?:\n\t.*)*)")
MANY = 30
NO_LISTS = ("/static", "/live", "/api/v1/openapi.json", "/files", "/health")
_NOT_COUNTED = (
    "from sessions where token",
    "api_keys k join users",
    "api_keys set last_used_at",
    "pg_catalog",
    "'jit'",
)
"""Who calls is asked again after some seconds, whatever the page; and what a driver asks on a new connection."""


class Log:
    """Of the test's own PostgreSQL."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read = file.stat().st_size

    def statements(self) -> Counter[str]:
        """Since the last time."""
        with self._file.open("rb") as stream:
            stream.seek(self._read)
            new = stream.read()
        self._read += len(new)
        texts = (" ".join(text.split()) for text in _STATEMENT.findall(new.decode()))
        return Counter(text for text in texts if not any(part in text for part in _NOT_COUNTED))


@pytest.fixture
async def log(dsn: str, database: Database, state: State) -> Log:
    """Set before the application connects."""
    name = await database.fetchval("select current_database()")
    await database.execute(f"alter database {name} set log_statement = 'all'")
    return Log(state.pg / "server.log")


@pytest.fixture
async def client(log: Log, dsn: str, tmp_path: Path) -> Client:
    return AsyncTestClient(create_app(Settings(dsn, pool=2, fresh_s=0.0, media=tmp_path)))


def addresses(app: Litestar, rows: Rows) -> Iterator[tuple[str, str]]:
    """Route and address of everything that is read with GET and whose parameters the rows have."""
    known = {name: str(value) for name, value in asdict(rows).items()}
    for route in sorted(app.routes, key=lambda route: route.path):
        if not isinstance(route, HTTPRoute) or "GET" not in route.methods or route.path.startswith(NO_LISTS):
            continue
        path = re.sub(r"\{(\w+):\w+\}", lambda found: known.get(found[1], found[0]), route.path)
        if "{" not in path:
            yield route.path, path


async def plant(database: Database, people: People, person: Person, count: int) -> None:
    """Beside a project's contents: projects of his own, shared with him and archived, keys, sessions, messages, jobs."""
    for number in range(count):
        await people.key(person)
        await people.cookie(person)
        own, shared = f"own {number}", f"shared {number}"
        other = await people.person(name=shared)
        for archived in ("null", "now()"):
            await database.execute(
                f"insert into projects (account_id, name, archived_at) values ($1, $2, {archived})", person.account, own
            )
        await database.execute(
            "with made as (insert into projects (account_id, name) values ($1, $2) returning id)"
            " insert into project_members (project_id, user_id, \"right\") select id, $3, 'view' from made",
            other.account, shared, person.user,
        )  # fmt: skip


async def looked_at(client: Client, log: Log, people: People, person: Person, rows: Rows) -> dict[str, Counter[str]]:
    """Statements by page and reader."""
    admin = await people.person(Role.ADMIN)
    key = f"Bearer {await people.key(person)}"
    found: dict[str, Counter[str]] = {}
    for who in (person, admin):
        browser = Browser(client, await people.cookie(who))
        await browser.get(f"/projects/{rows.project}")  # he works in it from now on
        for route, address in addresses(client.app, rows):
            if address.startswith("/api/") and who is admin:
                continue
            log.statements()
            headers = {"authorization": key} if address.startswith("/api/") else {}
            answer = await browser.get(address, **headers)
            if answer.status_code == 200:
                found[f"{'admin' if who is admin else 'customer'} {route}"] = log.statements()
    return found


async def test_as_many_statements_for_30_rows_as_for_one(
    client: Client, log: Log, database: Database, people: People
) -> None:
    person = await people.person(name="Анна")
    async with client:
        await ready(client)
        await plant(database, people, person, 1)
        rows = await project_with(database, person.account, 1)
        few = await looked_at(client, log, people, person, rows)
        await plant(database, people, person, MANY)
        more = await project_with(database, person.account, MANY)
        many = await looked_at(client, log, people, person, more)
    assert few.keys() == many.keys()
    assert {"customer /projects", "customer /calls", "customer /api/v1/campaigns", "admin /system"} <= few.keys()
    assert few["customer /projects"].total() > 0
    for page, statements in few.items():
        assert many[page].total() <= statements.total(), (page, many[page] - statements)
