"""API keys of the caller: the rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from engine.domain.text import mark
from engine.storage.database import Database
from engine.storage.queries import load
from management.access.audit import audit
from management.access.caller import Caller, Scope
from management.access.callers import KEY_PREFIX, Callers
from management.access.secrets import digest, new_secret
from management.errors import NotFound
from management.fields import Fields
from management.keys.schemas import Created, KeyForm, KeyRow, Lasts

_SQL = load(Path(__file__).parent / "queries.sql")
MOST = 50
"""Keys of one user that work at the same time."""
SHOWN = 200
LONGEST_NAME = 100
_PREFIX = len(KEY_PREFIX) + 6


class Keys:
    def __init__(self, database: Callable[[], Database], callers: Callers) -> None:
        self._database = database
        self._callers = callers

    async def list(self, caller: Caller) -> Sequence[KeyRow]:
        """Those that work first, then the newest."""
        rows = await self._database().fetch(_SQL["keys"], caller.user, SHOWN)
        return [KeyRow(**{**dict(row), "scopes": [Scope(scope) for scope in row["scopes"]]}) for row in rows]

    async def create(self, caller: Caller, form: KeyForm) -> Created:
        """Raises Invalid."""
        fields = Fields()
        name = fields.line("name", form.name, most=LONGEST_NAME)
        lasts = fields.choice("lasts", form.lasts, Lasts)
        if not form.scopes:
            fields.wrong("read", "required", mark("Choose what the key may be used for"))
        fields.check()
        days = None if lasts is None or lasts is Lasts.FOR_EVER else int(lasts)
        secret = KEY_PREFIX + new_secret()
        scopes = [scope.value for scope in form.scopes]
        async with self._database().transaction() as connection:
            await connection.fetchval(
                _SQL["hold_user"], caller.user
            )  # of two that come at once the second counts the first
            if await connection.fetchval(_SQL["count_active"], caller.user) >= MOST:
                fields.wrong("", "too_many_keys", mark("You have {most} keys already: revoke one first"), most=MOST)
            fields.check()
            row = await connection.fetchrow(
                _SQL["create"], caller.user, name, secret[:_PREFIX], digest(secret), scopes, days
            )
            assert row is not None
            told = {"name": name, "prefix": secret[:_PREFIX], "scopes": scopes, "days": days}
            await audit(connection, caller, "key.created", row["id"], after=told)
        return Created(name, secret, row["expires_at"])

    async def revoke(self, caller: Caller, key: int) -> str:
        """Its name. It works no more, in all processes. Raises NotFound for one that is not his, or revoked already."""
        async with self._database().transaction() as connection:
            row = await connection.fetchrow(_SQL["revoke"], key, caller.user)
            if row is None:
                raise NotFound
            await audit(connection, caller, "key.revoked", key, before=dict(row))
            await self._callers.forget(connection)
        await self._callers.forget()
        return str(row["name"])
