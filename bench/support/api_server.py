"""``python -m bench.support.api_server ours|bare``: one side of ``bench api`` on a free port, which it prints. DATABASE_URL says
where; both are served by the same uvicorn with the same settings.

Bare is as little as a handler can be: Litestar, the request decoded and the answer encoded by msgspec, and the statements that
ours runs. No keys, rights, limits, checks of fields, errors as problems, ETags or cursors.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import msgspec
import structlog
import uvicorn
from litestar import Litestar, get, post
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody

from engine.host.paths import PROJECT
from engine.storage.database import Database, open_database
from engine.storage.queries import load
from management.app import create_app
from management.settings import Settings

POOL = 8
_SQL = load(PROJECT / "management" / "projects" / "queries.sql")
_AUDIT = load(PROJECT / "management" / "access" / "queries.sql")["audit"]
_LIST = f"select * from ({_SQL['mine']}) as list where true order by id desc limit $3"


class Project(msgspec.Struct, kw_only=True):
    id: int
    name: str
    description: str
    owner: str
    access: str
    created_at: datetime
    archived_at: datetime | None
    version: int


class NewProject(msgspec.Struct):
    name: str
    description: str = ""


def bare(dsn: str, account: int, user: int) -> Litestar:
    @asynccontextmanager
    async def opened(app: Litestar) -> AsyncIterator[None]:
        async with open_database(dsn, size=POOL) as database:
            app.state.database = database
            yield

    @get("/projects")
    async def every(state: State) -> list[Project]:
        return [Project(**row) for row in await _database(state).fetch(_LIST, account, "", 51)]

    @get("/projects/{project:int}")
    async def one(state: State, project: FromPath[int]) -> Project:
        row = await _database(state).fetchrow(_SQL["one"], project, account, user, False)
        assert row is not None
        return _project(dict(row))

    @post("/projects")
    async def create(state: State, data: JSONBody[NewProject]) -> Project:
        async with _database(state).transaction() as connection:
            row = await connection.fetchrow(_SQL["create"], account, data.name, data.description)
            assert row is not None
            await connection.execute(_AUDIT, account, user, None, "127.0.0.1", "project.created", "project",
                                     str(row["id"]), {}, {"name": data.name})  # fmt: skip
        return _project(dict(row))

    return Litestar([every, one, create], lifespan=[opened], openapi_config=None, logging_config=None)


def _database(state: State) -> Database:
    database = state.database
    assert isinstance(database, Database)
    return database


def _project(row: dict[str, object]) -> Project:
    del row["account_id"]
    return msgspec.convert(row, Project)


def main(side: str, dsn: str, account: int, user: int) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # nobody reads stdout after the port
    with tempfile.TemporaryDirectory() as media:
        settings = Settings(dsn, pool=POOL, media=Path(media), api_per_minute=10**9, log_level="warning")
        app = create_app(settings) if side == "ours" else bare(dsn, account, user)
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        print(listener.getsockname()[1], flush=True)
        config = uvicorn.Config(
            app, loop="uvloop", lifespan="on", log_config=None, access_log=False, server_header=False
        )
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1], os.environ["DATABASE_URL"], int(sys.argv[2]), int(sys.argv[3]))
