"""Projects: the rules, for pages and API alike. Every method takes the caller and lets him see and change only what is his."""

from __future__ import annotations

from pathlib import Path

import asyncpg

from engine.domain.errors import Refused
from engine.domain.ids import AccountId
from engine.domain.text import mark
from engine.storage.database import Connection, Database
from engine.storage.queries import load
from management.access.audit import audit
from management.access.caller import Caller
from management.errors import Conflict, Forbidden, NotFound, Outdated
from management.fields import Fields
from management.filters import like
from management.paging import Found, Sort, Wanted, fetch_page
from management.projects.schemas import Access, NewProject, Project, ProjectChange, Which

_SQL = load(Path(__file__).parent / "queries.sql")
LIST_KEYS = {"created_at": "id", "name": "name"}
"""Ids are given in the order of creation."""
_LISTS = {Which.MINE: "mine", Which.SHARED: "shared", Which.ARCHIVE: "archived"}
NEWEST = Sort("created_at", descending=True)


class Projects:
    def __init__(self, database: Database) -> None:
        self.database = database

    async def list(self, caller: Caller, which: Which, wanted: Wanted, name: str = "") -> Found[Project]:
        """``name``: a part of it."""
        whose = caller.user if which is Which.SHARED else caller.account
        found = await fetch_page(self.database, _SQL[_LISTS[which]], (whose, like(name)), wanted, LIST_KEYS)
        return found.map(_project)

    async def get(self, caller: Caller, project: int) -> Project:
        return _project(await self.row(caller, project))

    async def create(self, caller: Caller, new: NewProject) -> Project:
        fields = Fields()
        name, description = fields.line("name", new.name), fields.text("description", new.description)
        fields.check()
        async with self.database.transaction() as connection:
            row = await connection.fetchrow(_SQL["create"], caller.account, name, description)
            assert row is not None
            await audit(connection, caller, "project.created", row["id"], after={"name": name})
        return _project(row)

    async def change(self, caller: Caller, project: int, change: ProjectChange, version: int | None = None) -> Project:
        """``version``: the one that the change was made from; None: whatever it is now. Raises Outdated."""
        row = await self.row(caller, project, Access.EDIT)
        fields, given = Fields(), {}
        if isinstance(change.name, str):
            given["name"] = fields.line("name", change.name)
        if isinstance(change.description, str):
            given["description"] = fields.text("description", change.description)
        fields.check()
        async with self.database.transaction() as connection:
            held = await self.hold(connection, project, version)
            before = {"name": held["name"], "description": held["description"]}
            after = before | given
            await connection.execute(_SQL["change"], project, after["name"], after["description"])
            await audit(connection, caller, "project.changed", project, account=owner(row), before=before, after=after)
        return await self.get(caller, project)

    async def archive(self, caller: Caller, project: int) -> Project:
        """Raises Conflict while a campaign of it runs."""
        row = await self.row(caller, project, Access.OWN)
        async with self.database.transaction() as connection:
            await self.hold(connection, project, None)
            if await connection.fetchval(_SQL["active_campaigns"], project):
                raise Conflict("campaigns_run", mark("Its campaigns are running: stop them first"))
            if await connection.fetchval(_SQL["archive"], project) is not None:
                await audit(connection, caller, "project.archived", project, account=owner(row))
        return await self.get(caller, project)

    async def restore(self, caller: Caller, project: int) -> Project:
        row = await self.row(caller, project, Access.OWN)
        async with self.database.transaction() as connection:
            if await connection.fetchval(_SQL["restore"], project) is not None:
                await audit(connection, caller, "project.restored", project, account=owner(row))
        return await self.get(caller, project)

    async def row(self, caller: Caller, project: int, needed: Access = Access.VIEW) -> asyncpg.Record:
        """The project, if the caller may do with it what is needed. Raises NotFound when he may not even know of it."""
        row = await self.database.fetchrow(_SQL["one"], project, caller.account, caller.user, caller.sees_all)
        if row is None:
            raise NotFound
        if not Access(row["access"]).covers(needed):
            raise Forbidden
        if row["archived_at"] is not None and needed is Access.EDIT:
            raise Refused("archived", mark("The project is in the archive: restore it first"))
        return row

    async def hold(self, connection: Connection, project: int, version: int | None) -> asyncpg.Record:
        """Keep others from changing it until the transaction ends; how it is now. Raises Outdated."""
        now = await connection.fetchrow(_SQL["lock"], project)
        if now is None:
            raise NotFound
        if version is not None and version != now["version"]:
            raise Outdated
        return now


def owner(row: asyncpg.Record) -> AccountId:
    return AccountId(row["account_id"])


def _project(row: asyncpg.Record) -> Project:
    return Project(
        id=row["id"],
        name=row["name"],
        description=row["description"],
        owner=row["owner"],
        access=Access(row["access"]),
        created_at=row["created_at"],
        archived_at=row["archived_at"],
        version=row["version"],
    )
