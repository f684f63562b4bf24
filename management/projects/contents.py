"""What belongs to a project: fields, tags, people."""

from __future__ import annotations

import re
from pathlib import Path

import asyncpg

from engine.domain.text import mark
from engine.storage.queries import load
from management.access.audit import audit
from management.access.caller import Caller
from management.access.throttle import SHARING, Throttle
from management.errors import Conflict, NotFound, Outdated, invalid
from management.fields import Fields
from management.mailing.messages import is_address
from management.projects.letters import tell
from management.projects.schemas import (
    SYSTEM_FIELDS,
    Access,
    Field,
    FieldChange,
    FieldType,
    Member,
    NewField,
    NewTag,
    Share,
    SharedRight,
    Tag,
    TagChange,
)
from management.projects.service import Projects, owner

_SQL = load(Path(__file__).parent / "queries.sql")
VARIABLE = re.compile(r"[a-z][a-z0-9_]{0,62}")
MOST_FIELDS, MOST_TAGS, MOST_MEMBERS = 100, 500, 200


class Contents:
    def __init__(self, projects: Projects, throttle: Throttle, site: str) -> None:
        """``site``: the cabinet's address, with which links in letters begin."""
        self._projects = projects
        self._throttle = throttle
        self._site = site
        self._database = projects.database

    async def fields(self, caller: Caller, project: int) -> list[Field]:
        """Those of every project first."""
        await self._projects.row(caller, project)
        rows = await self._database.fetch(_SQL["fields"], project)
        return [*SYSTEM_FIELDS, *(_field(row) for row in rows)]

    async def add_field(self, caller: Caller, project: int, new: NewField) -> Field:
        row = await self._projects.row(caller, project, Access.EDIT)
        fields = Fields()
        name, variable = fields.line("name", new.name, most=100), new.variable.strip().lower()
        if not VARIABLE.fullmatch(variable):
            fields.wrong(
                "variable", "variable", mark("Latin letters, digits and _, a letter first, 63 characters at most")
            )
        elif variable in {field.variable for field in SYSTEM_FIELDS}:
            fields.wrong("variable", "taken", mark("There is a field with this variable"))
        fields.check()
        async with self._database.transaction() as connection:
            await self._projects.hold(connection, project, None)
            if len(await connection.fetch(_SQL["fields"], project)) >= MOST_FIELDS:
                raise Conflict("too_many", mark("{most} at most"), most=MOST_FIELDS)
            added = await connection.fetchrow(_SQL["add_field"], project, name, variable, new.type.value)
            if added is None:
                raise invalid("variable", "taken", mark("There is a field with this variable"))
            after = {"name": name, "variable": variable, "type": new.type.value}
            await audit(connection, caller, "field.added", project, account=owner(row), after=after)
        return _field(added)

    async def rename_field(self, caller: Caller, project: int, field: int, change: FieldChange) -> Field:
        row = await self._projects.row(caller, project, Access.EDIT)
        fields = Fields()
        name = fields.line("name", change.name, most=100)
        fields.check()
        async with self._database.transaction() as connection:
            changed = _expected(await connection.fetchrow(_SQL["rename_field"], project, field, name), change.was)
            was = {"name": changed["former"]}
            await audit(
                connection, caller, "field.renamed", project, account=owner(row), before=was, after={"name": name}
            )
        return _field(changed)

    async def remove_field(self, caller: Caller, project: int, field: int) -> None:
        row = await self._projects.row(caller, project, Access.EDIT)
        async with self._database.transaction() as connection:
            gone = await connection.fetchrow(_SQL["remove_field"], project, field)
            if gone is None:
                raise NotFound
            await audit(connection, caller, "field.removed", project, account=owner(row), before=dict(gone))

    async def tags(self, caller: Caller, project: int) -> list[Tag]:
        await self._projects.row(caller, project)
        return [Tag(row["id"], row["name"]) for row in await self._database.fetch(_SQL["tags"], project)]

    async def add_tag(self, caller: Caller, project: int, new: NewTag) -> Tag:
        row = await self._projects.row(caller, project, Access.EDIT)
        name = _tag_name(new)
        async with self._database.transaction() as connection:
            await self._projects.hold(connection, project, None)
            if len(await connection.fetch(_SQL["tags"], project)) >= MOST_TAGS:
                raise Conflict("too_many", mark("{most} at most"), most=MOST_TAGS)
            added = await connection.fetchrow(_SQL["add_tag"], project, name)
            if added is None:
                raise _tag_taken()
            await audit(connection, caller, "tag.added", project, account=owner(row), after={"name": name})
        return Tag(added["id"], added["name"])

    async def rename_tag(self, caller: Caller, project: int, tag: int, change: TagChange) -> Tag:
        row = await self._projects.row(caller, project, Access.EDIT)
        name = _tag_name(change)
        try:
            async with self._database.transaction() as connection:
                changed = _expected(await connection.fetchrow(_SQL["rename_tag"], project, tag, name), change.was)
                was = {"name": changed["former"]}
                await audit(
                    connection, caller, "tag.renamed", project, account=owner(row), before=was, after={"name": name}
                )
        except asyncpg.UniqueViolationError as error:
            raise _tag_taken() from error
        return Tag(changed["id"], changed["name"])

    async def remove_tag(self, caller: Caller, project: int, tag: int) -> None:
        row = await self._projects.row(caller, project, Access.EDIT)
        async with self._database.transaction() as connection:
            gone = await connection.fetchrow(_SQL["remove_tag"], project, tag)
            if gone is None:
                raise NotFound
            await audit(connection, caller, "tag.removed", project, account=owner(row), before=dict(gone))

    async def members(self, caller: Caller, project: int) -> list[Member]:
        """With those who are invited and have not come yet; only for the owner and the operator's people."""
        await self._projects.row(caller, project, Access.VIEW if caller.sees_all else Access.OWN)
        return [_member(row) for row in await self._database.fetch(_SQL["members"], project)]

    async def share(self, caller: Caller, project: int, share: Share) -> Member:
        """With the user of that e-mail at once, or with whoever will confirm it; both get a letter. That tells a signed-in owner
        whether somebody has an account here, as the manual's sharing does; hence the brake. Raises TooMany."""
        row = await self._projects.row(caller, project, Access.OWN)
        fields = Fields()
        email = fields.email("email", share.email)
        if email == caller.email:
            fields.wrong("email", "own", mark("The project is yours already"))
        fields.check()
        if not is_address(email):
            raise invalid("email", "email", mark("An e-mail address like name@example.com is needed"))
        await self._throttle.take(SHARING, str(caller.user))
        async with self._database.transaction() as connection:
            await self._projects.hold(connection, project, None)
            known = await connection.fetch(_SQL["members"], project)
            if len(known) >= MOST_MEMBERS:
                raise Conflict("too_many", mark("{most} at most"), most=MOST_MEMBERS)
            if email in {each["email"] for each in known}:
                raise invalid("email", "taken", mark("The project is shared with this address already"))
            user = await connection.fetchrow(_SQL["user_by_email"], email)
            if user is not None:
                await connection.execute(_SQL["add_member"], project, user["id"], share.right.value)
            else:
                await connection.execute(_SQL["invite"], project, email, share.right.value, caller.user)
            after = {"email": email, "right": share.right.value}
            await audit(connection, caller, "project.shared", project, account=owner(row), after=after)
            found = await connection.fetch(_SQL["members"], project)
            added = next(_member(each) for each in found if each["email"] == email)
            await tell(connection, self._site, caller, row, Share(email, share.right), user, added.created_at)
        return added

    async def change_right(self, caller: Caller, project: int, user: int, right: SharedRight) -> Member:
        row = await self._projects.row(caller, project, Access.OWN)
        async with self._database.transaction() as connection:
            changed = await connection.fetchrow(_SQL["change_right"], project, user, right.value)
            if changed is None:
                raise NotFound
            before, after = {"right": changed["former"]}, {"right": right.value}
            await audit(
                connection, caller, "project.right_changed", project, account=owner(row), before=before, after=after
            )
            found = await connection.fetch(_SQL["members"], project)
        return next(_member(each) for each in found if each["user"] == user)

    async def revoke(self, caller: Caller, project: int, user: int) -> None:
        """By the owner; or a member leaves."""
        row = await self._projects.row(caller, project, Access.VIEW if user == caller.user else Access.OWN)
        await self._drop(caller, project, row, "revoke", user)

    async def uninvite(self, caller: Caller, project: int, email: str) -> None:
        row = await self._projects.row(caller, project, Access.OWN)
        fields = Fields()
        address = fields.email("email", email)
        fields.check()
        await self._drop(caller, project, row, "uninvite", address)

    async def _drop(self, caller: Caller, project: int, row: asyncpg.Record, statement: str, whom: int | str) -> None:
        async with self._database.transaction() as connection:
            gone = await connection.fetchrow(_SQL[statement], project, whom)
            if gone is None:
                raise NotFound
            await audit(connection, caller, "project.unshared", project, account=owner(row), before=dict(gone))


def _expected(changed: asyncpg.Record | None, was: str) -> asyncpg.Record:
    """Raises, so that nothing is changed: NotFound, or Outdated when it was not called ``was`` any more."""
    if changed is None:
        raise NotFound
    if was and changed["former"] != was:
        raise Outdated
    return changed


def _tag_name(new: NewTag | TagChange) -> str:
    fields = Fields()
    name = fields.line("name", new.name, most=100)
    fields.check()
    return name


def _tag_taken() -> Exception:
    return invalid("name", "taken", mark("There is a tag with this name"))


def _field(row: asyncpg.Record) -> Field:
    return Field(id=row["id"], name=row["name"], variable=row["variable"], type=FieldType(row["type"]))


def _member(row: asyncpg.Record) -> Member:
    name = " ".join(part for part in (row["name"], row["surname"]) if part)
    return Member(
        user=row["user"], name=name, email=row["email"], right=SharedRight(row["right"]), created_at=row["created_at"]
    )
