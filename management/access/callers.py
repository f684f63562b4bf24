"""From a cookie or an API key to the caller."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import structlog

from engine.domain.errors import Unavailable
from engine.domain.ids import AccountId
from engine.storage.database import Connection, Database
from engine.storage.queries import load
from management.access.caller import Caller, KeyId, Role, Scope, SessionId, UserId
from management.access.secrets import digest, new_secret

log = structlog.get_logger("access")
_SQL = load(Path(__file__).parent / "queries.sql")
SESSION_S = 30 * 86_400
"""At most, whether it is used or not."""
HALF_SESSION_S = 600
"""For the second factor."""
FRESH_S = 5.0
"""How long a caller is remembered without asking the database. Whatever takes rights away says so (``forget``), to this process
at once and to the others by NOTIFY; this is for a NOTIFY that got lost."""
MOST_REMEMBERED = 10_000
USE_S = 10.0
CHANNEL = "dozvon_access"
KEY_PREFIX = "dzv_"
AGENT_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Remembered:
    """``used``: its use has been written."""

    caller: Caller
    until: float
    used: bool


@dataclass(frozen=True, slots=True)
class Idle:
    """Seconds without use after which a session ends."""

    customer: float = 7 * 86_400
    staff: float = 12 * 3600


class Callers:
    """Sessions and keys; one instance a process. ``database`` is asked for at each use, as it may be away."""

    def __init__(self, database: Callable[[], Database], idle: Idle = Idle()) -> None:
        self._database = database
        self._idle = idle
        self._remembered: dict[bytes, Remembered] = {}
        self._used: dict[KeyId, tuple[datetime, str]] = {}

    async def of_session(self, token: str, ip: str, *, used: bool = True) -> Caller | None:
        """``used``: somebody is there. What pages ask by themselves does not keep a session alive."""
        more = (ip or None, used, float(SESSION_S), self._idle.customer, self._idle.staff)
        return await self._find("session_caller", digest(token), ip, more, used=used)

    async def of_key(self, key: str, ip: str) -> Caller | None:
        caller = await self._find("key_caller", digest(key), ip, ()) if key.startswith(KEY_PREFIX) else None
        if caller is not None and caller.key is not None:
            self._used[caller.key] = (datetime.now(UTC), ip)
        return caller

    async def _find(
        self, query: str, token: bytes, ip: str, more: tuple[object, ...], *, used: bool = True
    ) -> Caller | None:
        remembered = self._remembered.get(token)
        if remembered is not None and remembered.until > time.monotonic() and (remembered.used or not used):
            return remembered.caller if remembered.caller.ip == ip else replace(remembered.caller, ip=ip)
        row = await self._database().fetchrow(_SQL[query], token, *more)
        if row is None:
            self._remembered.pop(token, None)
            return None
        caller = _caller(row, ip)
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[token] = Remembered(caller, time.monotonic() + FRESH_S, used)
        return caller

    async def open(self, connection: Connection, user: UserId, ip: str, agent: str, *, half: bool = False) -> str:
        """A new session's token for the cookie. ``half``: the second factor is still to come."""
        token, lasts = new_secret(), HALF_SESSION_S if half else SESSION_S
        await connection.fetchval(
            _SQL["open_session"], digest(token), user, half, ip or None, agent[:AGENT_LENGTH], float(lasts),
            self._idle.customer, self._idle.staff,
        )  # fmt: skip
        return token

    async def close(self, token: str) -> None:
        await self._database().execute(_SQL["close_session"], digest(token))
        await self.forget()

    async def forget(self, connection: Connection | None = None) -> None:
        """Somebody's rights, name or sessions changed: ask the database again, in all processes. In a transaction give its
        connection, so that others hear of it at the commit; and call it again without afterwards."""
        self._remembered.clear()
        await (connection or self._database()).execute(_SQL["forget_users"])

    def forgotten(self) -> None:
        """Another process said so."""
        self._remembered.clear()

    async def keep_use(self) -> None:
        """Until cancelled: write when and from where keys were used, some seconds late."""
        while True:
            await asyncio.sleep(USE_S)
            try:
                await self.write_use()
            except Unavailable as error:
                log.warning("use_of_keys_not_written", error=str(error))

    async def write_use(self) -> None:
        used, self._used = self._used, {}
        if used:
            times, places = [at for at, _ in used.values()], [ip or None for _, ip in used.values()]
            await self._database().execute(_SQL["keys_used"], list(used), times, places)


def _caller(row: asyncpg.Record, ip: str) -> Caller:
    name = " ".join(part for part in (row["name"], row["surname"]) if part)
    key = "key" in row
    return Caller(
        user=UserId(row["user"]),
        account=AccountId(row["account"]),
        role=Role(row["role"]),
        email=row["email"],
        name=name or row["email"],
        language=row["language"],
        zone=row["zone"],
        ip=ip,
        session=None if key else SessionId(row["session"]),
        key=KeyId(row["key"]) if key else None,
        scopes=frozenset(Scope(scope) for scope in row["scopes"]) if key else frozenset(Scope),
        avatar=row["avatar"],
    )
