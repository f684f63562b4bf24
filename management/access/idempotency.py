"""``Idempotency-Key`` on POSTs of the API: the same request with the same key has its effect once and gets the same answer for a
day (draft-ietf-httpapi-idempotency-key-header). Only answers of success are kept: a request that failed had no effect, and may
be sent again.

Keys are each user's own, whichever API key he comes with: a client that was given a new one in the middle must not dial twice. What
was answered is given again only to one that may do what was asked for.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import structlog
from litestar import Request
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from engine.domain.errors import Unavailable
from engine.domain.text import mark
from engine.storage.database import Database
from engine.storage.queries import load
from management.access.caller import UserId
from management.access.identity import API, caller_of
from management.errors import Conflict, invalid

log = structlog.get_logger("access")
_SQL = load(Path(__file__).parent / "queries.sql")
HEADER = "idempotency-key"
LONGEST = 200
PRINTABLE = re.compile(r"[!-~]+")
LEASE_S = 60.0
"""So long the key of a request whose process died is nobody's to use."""
RENEW_S = 15.0
_KEPT_HEADERS = (b"content-type", b"location", b"etag")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


@dataclass(frozen=True, slots=True)
class Hold:
    """A request that has its key for itself while it is carried out."""

    user: UserId
    key: str
    holder: UUID


class Idempotency:
    """What was answered to whom."""

    def __init__(self, database: Callable[[], Database], renew_s: float = RENEW_S) -> None:
        self._database = database
        self._renew_s = renew_s

    async def begin(self, user: UserId, key: str, request: bytes) -> Hold | Answer:
        """A Hold: go on, and ``end`` or ``drop`` afterwards. Raises Conflict while the first request is under way, Invalid when
        the key was used for another one."""
        if not 0 < len(key) <= LONGEST:
            raise invalid("Idempotency-Key", "length", mark("From 1 to {most} characters"), most=LONGEST)
        if not PRINTABLE.fullmatch(key):
            raise invalid("Idempotency-Key", "characters", mark("It holds characters that cannot be shown"))
        fingerprint = hashlib.sha256(request).digest()
        database, hold = self._database(), Hold(user, key, uuid4())
        if await database.fetchval(_SQL["begin_idempotent"], user, key, fingerprint, hold.holder, LEASE_S) is not None:
            await database.execute(_SQL["forget_idempotent"])
            return hold
        row = await database.fetchrow(_SQL["idempotent"], user, key)
        if row is not None and row["request"] != fingerprint:
            raise invalid("Idempotency-Key", "reused", mark("This key was used for another request"))
        if row is None or row["status"] is None:
            raise Conflict("in_progress", mark("The first request with this key is still being carried out"))
        headers = [(name.encode(), value.encode()) for name, value in row["headers"].items()]
        return Answer(row["status"], headers, row["body"])

    @asynccontextmanager
    async def kept(self, hold: Hold) -> AsyncIterator[None]:
        """The key stays held, however long this takes."""
        renewing = asyncio.create_task(self._renew(hold))
        try:
            yield
        finally:
            renewing.cancel()

    async def _renew(self, hold: Hold) -> None:
        while True:
            await asyncio.sleep(self._renew_s)
            try:
                if not await self.renew(hold):
                    log.error("idempotency_key_lost", user=hold.user)
                    return
            except Unavailable as error:
                log.warning("idempotency_key_not_renewed", error=str(error))

    async def renew(self, hold: Hold) -> bool:
        """False: the lease had run out, and somebody else has the key."""
        return await self._database().fetchval(_SQL["renew_idempotent"], *_of(hold), LEASE_S) is not None

    async def end(self, hold: Hold, answer: Answer) -> None:
        headers = {name.decode(): value.decode() for name, value in answer.headers}
        await self._database().execute(_SQL["end_idempotent"], *_of(hold), answer.status, headers, answer.body)

    async def drop(self, hold: Hold) -> None:
        await self._database().execute(_SQL["drop_idempotent"], *_of(hold))


def _of(hold: Hold) -> tuple[UserId, str, UUID]:
    return hold.user, hold.key, hold.holder


class Idempotent(ASGIMiddleware):
    """Stands behind Identity. A request without the header passes untouched."""

    scopes = (ScopeType.HTTP,)
    should_bypass_for_scope = staticmethod(lambda scope: scope["method"] != "POST" or not scope["path"].startswith(API))

    def __init__(self, answers: Idempotency) -> None:
        self._answers = answers

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        request: Request[Any, Any, Any] = Request(scope, receive)
        key, caller = request.headers.get(HEADER), caller_of(request)
        if key is None or caller is None:
            await next_app(scope, receive, send)
            return
        # The route's guards ask the same again later; here they keep the answer from a key that could not have got it.
        await scope["route_handler"].authorize_connection(request)
        body = await request.body()
        begun = await self._answers.begin(caller.user, key, f"POST {scope['path']}\n".encode() + body)
        if isinstance(begun, Answer):
            await _answer(send, begun)
            return
        kept = _Kept(send)
        try:
            async with self._answers.kept(begun):
                await next_app(scope, _once(body), kept)
        finally:
            if 200 <= kept.answer.status < 300:
                await self._answers.end(begun, kept.answer)
            else:
                await self._answers.drop(begun)


class _Kept:
    """A ``send`` that remembers what passes."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.answer = Answer(0, [], b"")

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [(name, value) for name, value in message["headers"] if name.lower() in _KEPT_HEADERS]
            self.answer = Answer(message["status"], headers, b"")
        elif message["type"] == "http.response.body":
            self.answer = Answer(self.answer.status, self.answer.headers, self.answer.body + message["body"])
        await self._send(message)


def _once(body: bytes) -> Receive:
    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _answer(send: Send, answer: Answer) -> None:
    await send({"type": "http.response.start", "status": answer.status,
                "headers": [*answer.headers, (b"idempotency-replayed", b"true")]})  # fmt: skip
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})
