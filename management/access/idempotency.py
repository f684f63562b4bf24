"""``Idempotency-Key`` on POSTs of the API: the same request with the same key has its effect once and gets the same answer for a
day (draft-ietf-httpapi-idempotency-key-header). Only answers of success are kept: a request that failed had no effect, and may
be sent again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litestar import Request
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from engine.domain.text import mark
from engine.storage.database import Database
from engine.storage.queries import load
from management.access.caller import UserId
from management.access.identity import API, caller_of
from management.errors import Conflict, invalid

_SQL = load(Path(__file__).parent / "queries.sql")
HEADER = "idempotency-key"
LONGEST = 200
PRINTABLE = re.compile(r"[!-~]+")
_KEPT_HEADERS = (b"content-type", b"location", b"etag")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Idempotency:
    """What was answered to whom."""

    def __init__(self, database: Callable[[], Database]) -> None:
        self._database = database

    async def begin(self, user: UserId, key: str, request: bytes) -> Answer | None:
        """None: go on, and ``end`` or ``drop`` afterwards. Raises Conflict while the first request is under way, Invalid when
        the key was used for another one."""
        if not 0 < len(key) <= LONGEST:
            raise invalid("Idempotency-Key", "length", mark("From 1 to {most} characters"), most=LONGEST)
        if not PRINTABLE.fullmatch(key):
            raise invalid("Idempotency-Key", "characters", mark("It holds characters that cannot be shown"))
        fingerprint = hashlib.sha256(request).digest()
        database = self._database()
        if await database.fetchval(_SQL["begin_idempotent"], user, key, fingerprint) is not None:
            return None
        row = await database.fetchrow(_SQL["idempotent"], user, key)
        if row is not None and row["request"] != fingerprint:
            raise invalid("Idempotency-Key", "reused", mark("This key was used for another request"))
        if row is None or row["status"] is None:
            raise Conflict("in_progress", mark("The first request with this key is still being carried out"))
        headers = [(name.encode(), value.encode()) for name, value in row["headers"].items()]
        return Answer(row["status"], headers, row["body"])

    async def end(self, user: UserId, key: str, answer: Answer) -> None:
        headers = {name.decode(): value.decode() for name, value in answer.headers}
        await self._database().execute(_SQL["end_idempotent"], user, key, answer.status, headers, answer.body)

    async def drop(self, user: UserId, key: str) -> None:
        await self._database().execute(_SQL["drop_idempotent"], user, key)


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
        body = await request.body()
        known = await self._answers.begin(caller.user, key, f"POST {scope['path']}\n".encode() + body)
        if known is not None:
            await _answer(send, known)
            return
        kept = _Kept(send)
        try:
            await next_app(scope, _once(body), kept)
        finally:
            if 200 <= kept.answer.status < 300:
                await self._answers.end(caller.user, key, kept.answer)
            else:
                await self._answers.drop(caller.user, key)


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
