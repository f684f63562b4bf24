"""The people of the walk, and what belongs to the owner."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from httpx import Response
from litestar import Litestar
from litestar.testing import AsyncTestClient

from engine.domain.ids import ProjectId
from engine.storage.database import Database
from management.access.caller import Role, Scope
from management.access.identity import cookie_name
from management.access.places import PLACE_COOKIE
from management.jobs.queue import enqueue
from management.mailing.messages import SEND, SendMessage
from management.store.kinds import Kind
from management.store.media import open_store
from tests.integration.management.walk.rights import MEMBERS, SCOPES, Rule, Who
from tests.support.people import Browser, People, Person
from tests.support.rows import ended_call, new_campaign

MARK = "тайна владельца"
"""In the name of everything that is the owner's."""
_ROLES = {Who.SUPPORT: Role.SUPPORT, Who.MODERATOR: Role.MODERATOR, Who.FINANCE: Role.FINANCE, Who.ADMIN: Role.ADMIN}
_KEYS_OF = {Who.NARROW: Who.OWNER, Who.MIXER: Who.STRANGER}
_numbers = itertools.count(1)
_PICTURE = b"RIFF\x1a\0\0\0WEBPVP8L\r\0\0\0/\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0"
"""The smallest WebP."""


@dataclass(frozen=True, slots=True)
class Things:
    """What is called: by the name of the path's parameter."""

    owners: dict[str, object]
    strangers_project: int
    email: str


class World:
    def __init__(self, client: AsyncTestClient[Litestar], database: Database, media: Path) -> None:
        self._client = client
        self._database = database
        self._media = media
        self._people = People(database)
        self._persons: dict[Who, Person] = {}
        self._csrf: tuple[str, dict[str, str]] = ("", {})

    async def settle(self) -> None:
        """Everybody, and a token of forms."""
        for who in (Who.OWNER, *MEMBERS, Who.STRANGER, *_ROLES):
            name = MARK if who is Who.OWNER else who.value
            self._persons[who] = await self._people.person(_ROLES.get(who, Role.CUSTOMER), name=name)
        browser = Browser(self._client)
        await browser.get("/login")
        self._csrf = browser.csrf, browser.cookies

    async def things(self) -> Things:
        """New ones of each kind."""
        database, owner = self._database, self._persons[Who.OWNER]
        await self._portray(owner)
        project = await self._project(owner)
        for who, right in zip(MEMBERS, ("view", "run", "edit"), strict=True):
            await self._share(project, self._persons[who], right)
        guest, number = await self._people.person(name=MARK), next(_numbers)
        await self._share(project, guest, "view")
        email = f"invited{number}@example.com"
        await database.execute(
            "insert into project_invitations values ($1, $2, 'view', $3)", project, email, owner.user
        )
        field = await self._made(
            "insert into project_fields (project_id, name, variable, type) values ($1, $2, 'x', 'text')", project
        )
        tag = await self._made("insert into project_tags (project_id, name) values ($1, $2)", project)
        campaign = await new_campaign(database, owner.account, ProjectId(project), MARK)
        call = await ended_call(database, campaign, 0)
        await self._people.cookie(owner)
        session = await database.fetchval("select max(id) from sessions where user_id = $1", owner.user)
        await self._people.key(owner)
        key = await database.fetchval("select max(id) from api_keys where user_id = $1", owner.user)
        owners = {
            "project": project,
            "field": field,
            "tag": tag,
            "guest": guest.user,
            "user": owner.user,
            "key": key,
            "session": session,
            "campaign": campaign,
            "call": call,
            "task": await self._export(owner),
            "message": await self._message(),
            "job": await self._job(),
            "email": email,
            "subject": (await self._people.person()).user,
        }
        return Things(owners, await self._project(self._persons[Who.STRANGER], "own"), email)

    async def _portray(self, owner: Person) -> None:
        avatar = await open_store(self._media).put_bytes(Kind.AVATAR, owner.account, _PICTURE)
        sql = "update users set avatar = $2, avatar_small = $2 where id = $1"
        await self._database.execute(sql, owner.user, avatar.key)

    async def _project(self, person: Person, name: str = MARK) -> int:
        sql = "insert into projects (account_id, name) values ($1, $2) returning id"
        return int(await self._database.fetchval(sql, person.account, name))

    async def _share(self, project: int, person: Person, right: str) -> None:
        await self._database.execute("insert into project_members values ($1, $2, $3)", project, person.user, right)

    async def _made(self, sql: str, project: int) -> int:
        return int(await self._database.fetchval(f"{sql} returning id", project, MARK))

    async def _export(self, owner: Person) -> UUID:
        task: UUID = await self._database.fetchval(
            "insert into tasks (account_id, user_id, kind, title, state, result, ended_at)"
            " values ($1, $2, 'profile.export', $3, 'done', 'x/y.zip', now()) returning id",
            owner.account,
            owner.user,
            MARK,
        )
        return task

    async def _message(self) -> UUID:
        message: UUID = await self._database.fetchval(
            "insert into messages (key, kind, recipient, subject, text, html, language, state)"
            " values ($1, 'mail', 'x@example.com', $2, $2, $2, 'ru', 'local') returning id",
            str(uuid4()),
            MARK,
        )
        return message

    async def _job(self) -> int:
        async with self._database.transaction() as connection:
            job = await enqueue(connection, SEND, SendMessage(uuid4()))
            await connection.execute("update pgqueuer set status = 'failed' where id = $1", job)
        assert job is not None
        return int(job)

    async def written(self) -> int:
        """Entries of the audit log."""
        return int(await self._database.fetchval("select count(*) from audit"))

    async def call(self, who: Who, route: str, rule: Rule, things: Things, *, nowhere: bool = False) -> Response:
        """``nowhere``: with names that nobody ever gave."""
        await self._database.execute("with forgotten as (delete from failures) delete from throttle")
        method, _, template = route.partition(" ")
        path = path_of(template, things, who, nowhere=nowhere)
        body = {name: things.email if value == "{email}" else value for name, value in rule.body.items()}
        if template.startswith("/api/v1/") and who is not Who.COOKIE:
            headers = {"authorization": f"Bearer {await self._key(who, method)}"} if who is not Who.VISITOR else {}
            content: dict[str, Any] = {"json": body} if body else {}
            return await self._send(method, path, {}, headers, **content)
        content = {"data": body} if method == "POST" else {}
        return await self._send(method, path, await self._cookies(who, things), **content)

    async def _key(self, who: Who, method: str) -> str:
        scopes = set(Scope) - ({Scope(SCOPES[method])} if who is Who.NARROW else set())
        return await self._people.key(self._persons[_KEYS_OF.get(who, who)], scopes)

    async def _cookies(self, who: Who, things: Things) -> dict[str, str]:
        """Everybody says that he works in the owner's project."""
        _, cookies = self._csrf
        place = {PLACE_COOKIE: str(things.owners["project"])}
        if who is Who.VISITOR:
            return cookies | place
        person = self._persons[{Who.COOKIE: Who.OWNER, Who.MIXER: Who.STRANGER}.get(who, who)]
        return cookies | place | {cookie_name(secure=False): await self._people.cookie(person)}

    async def _send(
        self, method: str, path: str, cookies: dict[str, str], headers: Mapping[str, str] | None = None, **content: Any
    ) -> Response:
        self._client.cookies.clear()
        given = dict(headers or {})
        if cookies:
            given["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
            given["x-csrftoken"] = self._csrf[0]
        answer = await self._client.request(method, path, headers=given, follow_redirects=False, **content)
        self._client.cookies.clear()
        return answer


def path_of(template: str, things: Things, who: Who, *, nowhere: bool) -> str:
    """The address, with ids in the places of its parameters."""
    values = dict(things.owners)
    if template.startswith("/staff/users/"):
        values["user"] = values["subject"]
    elif "/users/{user" in template or "/members/{user" in template:
        values["user"] = values["guest"]
    values["item"] = values["tag" if "/tags/" in template else "field"]
    values |= {"token": "forged", "secret": "forged", "name": "offer", "file_path": "app.js", "path": "nothing"}
    if who is Who.MIXER:
        values["project"] = things.strangers_project
    if nowhere:
        values |= {name: 10**15 for name, value in values.items() if isinstance(value, int)}
        values |= {name: UUID(int=1) for name, value in values.items() if isinstance(value, UUID)}
        values["email"] = "nowhere@example.com"
    parts = [f"{{{part}" for part in template.split("{")[1:]]
    for part in parts:
        placed = part[: part.index("}") + 1]
        template = template.replace(placed, str(values[placed[1:].partition(":")[0]]))
    return template
