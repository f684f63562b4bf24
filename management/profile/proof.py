"""Before something that would let a stranger at an open browser take the account over: the password once more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.domain.text import mark
from engine.storage.database import Database
from engine.storage.queries import load
from management.access.caller import Caller
from management.access.secrets import Passwords
from management.access.throttle import Throttle
from management.fields import Fields

_SQL = load(Path(__file__).parent / "queries.sql")


class Proof:
    def __init__(self, database: Callable[[], Database], passwords: Passwords, throttle: Throttle) -> None:
        self._database = database
        self._passwords = passwords
        self._throttle = throttle

    async def check(self, caller: Caller, fields: Fields, path: str, password: str) -> None:
        """Notes at ``path`` that it is wrong. Raises TooMany after some wrong ones in a row."""
        if not password:
            fields.wrong(path, "required", mark("This field must be filled in"))
            return
        whom = f"proof:{caller.user}"
        await self._throttle.attempt(whom)
        stored = await self._database().fetchval(_SQL["password"], caller.user)
        if await self._passwords.matches(stored, password):
            await self._throttle.succeeded(whom)
        else:
            fields.wrong(path, "wrong_password", mark("This is not your password"))
