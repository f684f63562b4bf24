"""Users, sessions and keys for tests, made straight in the database: registration has tests of its own."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

from httpx import Response
from litestar import Litestar
from litestar.testing import AsyncTestClient

from engine.domain.ids import AccountId
from engine.storage.catalogue import Catalogue
from engine.storage.database import Database
from management.access.caller import Role, Scope, UserId
from management.access.callers import KEY_PREFIX, Callers
from management.access.identity import cookie_name
from management.access.secrets import digest, new_secret

_numbers = itertools.count(1)
_TOKEN = re.compile(r'name="_csrf_token" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Person:
    user: UserId
    account: AccountId
    email: str


class People:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def person(
        self, role: Role = Role.CUSTOMER, *, email: str = "", name: str = "", password: str | None = None
    ) -> Person:
        """``password``: as stored."""
        email = email or f"person{next(_numbers)}@example.com"
        account = await Catalogue(self._database).create_account(name or email)
        user = await self._database.fetchval(
            "insert into users (account_id, role, email, email_confirmed_at, name, password)"
            " values ($1, $2, $3, now(), $4, $5) returning id",
            account,
            role.value,
            email,
            name,
            password,
        )
        return Person(UserId(user), account, email)

    async def key(self, person: Person, scopes: Iterable[Scope] = Scope) -> str:
        """An API key."""
        secret = KEY_PREFIX + new_secret()
        await self._database.execute(
            "insert into api_keys (user_id, name, prefix, token, scopes) values ($1, 'test', $2, $3, $4)",
            person.user,
            secret[:8],
            digest(secret),
            [scope.value for scope in scopes],
        )
        return secret

    async def cookie(self, person: Person) -> str:
        async with self._database.transaction() as connection:
            return await Callers(lambda: self._database).open(connection, person.user, "127.0.0.1", "tests")


class Browser:
    """One person's browser on a shared test client: cookies of its own, and the CSRF token of the last page that had one."""

    def __init__(self, client: AsyncTestClient[Litestar], cookie: str | None = None) -> None:
        self._client = client
        self.cookies: dict[str, str] = {cookie_name(secure=False): cookie} if cookie else {}
        self.csrf = ""

    async def get(self, path: str, **headers: str) -> Response:
        answer = await self._send("GET", path, headers=headers)
        if found := _TOKEN.search(answer.text):
            self.csrf = found.group(1)
        return answer

    async def post(self, path: str, data: Mapping[str, object] | None = None, **headers: str) -> Response:
        """A form; not followed where it redirects to."""
        return await self._send("POST", path, headers=headers, data={"_csrf_token": self.csrf, **(data or {})})

    async def upload(self, path: str, field: str, name: str, content: bytes, kind: str) -> Response:
        """A form with one file."""
        files = {field: (name, content, kind)}
        return await self._send("POST", path, headers={}, data={"_csrf_token": self.csrf}, files=files)

    async def _send(self, method: str, path: str, headers: Mapping[str, str], **more: Any) -> Response:
        self._client.cookies.clear()
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {**({"cookie": cookies} if cookies else {}), **headers}
        answer = await self._client.request(method, path, headers=sent, follow_redirects=False, **more)
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0" or not morsel.value:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        self._client.cookies.clear()
        return answer
