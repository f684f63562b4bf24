"""A small ARI of our own: a real HTTP server on the loopback interface that answers as the test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.ari.client import Ari


@dataclass
class SmallAri:
    """``status`` and ``body`` of every answer but those in ``answers`` (by path); ``asked``: (method, path, query, body)."""

    status: int = 200
    body: bytes = b"[]"
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)
    authorised: list[str] = field(default_factory=list)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    open: bool = True
    """Whether sockets are taken."""
    silent: bool = False
    """Requests over a socket get no answer."""
    ordered: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    """Paths of the requests over sockets."""
    connected: asyncio.Queue[web.WebSocketResponse] = field(default_factory=asyncio.Queue)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/ari/events" and not self.open:
            return web.Response(status=503)
        if request.path == "/ari/events":
            return await self._events(request)
        data = await request.read()
        self.asked.append(
            (request.method, request.path, dict(request.query), msgspec.json.decode(data) if data else None)
        )
        self.authorised.append(request.headers.get("Authorization", ""))
        status, body = self.answers.get(request.path, (self.status, self.body))
        return web.Response(status=status, body=body)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        self.connected.put_nowait(socket)
        async for message in socket:
            await self._order(socket, msgspec.json.decode(message.data))
        return socket

    async def _order(self, socket: web.WebSocketResponse, order: dict[str, Any]) -> None:
        """A request over the socket."""
        path = f"/ari/{order['uri']}"
        self.ordered.put_nowait(path)
        self.asked.append((order["method"], path, {}, msgspec.json.decode(order["message_body"])))
        if not self.silent:
            status, body = self.answers.get(path, (self.status, self.body))
            await socket.send_str(response_to(order["request_id"], status, body.decode(errors="replace")))


def response_to(request: str, status: int, body: str = "") -> str:
    """As Asterisk answers a request over a socket."""
    answer = {"type": "RESTResponse", "transaction_id": request, "request_id": request, "status_code": status}
    return msgspec.json.encode({**answer, "reason_phrase": "Because", "message_body": body}).decode()


@pytest.fixture
async def small() -> SmallAri:
    return SmallAri()


@pytest.fixture
async def server(small: SmallAri) -> AsyncIterator[TestServer]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", small.answer)
    running = TestServer(app, host="127.0.0.1")
    async with running:
        yield running
        for socket in small.sockets:
            await socket.close()


@pytest.fixture
async def ari(server: TestServer) -> AsyncIterator[Ari]:
    async with Ari(f"http://127.0.0.1:{server.port}/", "dozvon", "secret") as client:
        yield client
