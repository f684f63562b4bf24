"""ARI requests over a WebSocket of their own, for the one request that is sent for every attempt.

It costs Asterisk and us less than HTTP does (docs/decisions/0013). Asterisk serves one request of a socket at a time: what must
not queue up behind originates, such as playing and hanging up, goes by HTTP, and events have their own socket.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import suppress
from socket import IPPROTO_TCP, TCP_CORK

import aiohttp
import msgspec

from engine.ari.messages import RestResponse, decode_response

TIMEOUT_S = 10.0
AT_ONCE = 8
"""Requests on their way. Asterisk serves one at a time: with fewer it would wait for our loop (4: 460 attempts a second, 8: 570),
with more our loop does nothing but send, while calls have other work for it (16: 570, its lag twice as long)."""
LOW = AT_ONCE // 2
"""When no more than so many are left on their way, the next are sent, all in one write: each write wakes Asterisk, which
costs us 40 µs and more."""

Connect = Callable[[], Awaitable[aiohttp.ClientWebSocketResponse]]


class RequestSocket:
    """Connects with the first request, and anew with the first one after a loss."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._sender: asyncio.Task[None] | None = None
        self._waiting: dict[str, tuple[bytes, asyncio.Future[RestResponse]]] = {}
        self._asked: dict[str, asyncio.Future[RestResponse]] = {}
        self._numbers = itertools.count(1)

    async def request(self, method: str, uri: str, body: object) -> RestResponse:
        """The answer, whatever its status. Raises aiohttp.ClientError or TimeoutError when none came: the request may have
        been carried out all the same.
        """
        number = str(next(self._numbers))
        message = {
            "type": "RESTRequest",
            "transaction_id": number,
            "request_id": number,
            "method": method,
            "uri": uri,
            "content_type": "application/json",
            "message_body": msgspec.json.encode(body).decode(),
        }
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[RestResponse] = loop.create_future()
        self._waiting[number] = msgspec.json.encode(message), answer
        late = loop.call_later(TIMEOUT_S, _fail, answer, TimeoutError())
        self._send_more()
        try:
            return await answer
        finally:
            late.cancel()
            self._waiting.pop(number, None)
            self._asked.pop(number, None)
            self._send_more()

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await asyncio.wait({self._reader})

    def _send_more(self) -> None:
        if self._waiting and self._sender is None and len(self._asked) <= LOW:
            self._sender = asyncio.create_task(self._send())
            self._sender.add_done_callback(self._sent)

    async def _send(self) -> None:
        """Those that wait, as many as may be on their way."""
        if self._socket is None:
            async with asyncio.timeout(TIMEOUT_S):
                self._socket = await self._connect()
            self._reader = asyncio.create_task(self._read(self._socket))
        line = self._socket
        with suppress(OSError):  # the connection is lost: the reader tells those who were on their way
            _hold_back(line, True)
            while self._waiting and len(self._asked) < AT_ONCE:
                number = next(iter(self._waiting))
                message, self._asked[number] = self._waiting.pop(number)
                await line.send_frame(message, aiohttp.WSMsgType.TEXT)
            _hold_back(line, False)

    def _sent(self, sender: asyncio.Task[None]) -> None:
        self._sender = None
        if sender.cancelled():
            return
        if error := sender.exception():  # no connection
            for _, answer in self._waiting.values():
                _fail(answer, error)
        self._send_more()

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        try:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._answered(message.data)
        finally:
            self._socket = None
            for answer in list(self._asked.values()):
                _fail(answer, aiohttp.ServerDisconnectedError())

    def _answered(self, text: str) -> None:
        try:
            response = decode_response(text)
        except msgspec.DecodeError:
            return  # no event is sent to this application but some about itself
        answer = self._asked.get(response.request_id)
        if answer is not None and not answer.done():
            answer.set_result(response)


def _hold_back(line: aiohttp.ClientWebSocketResponse, hold: bool) -> None:
    """Whether the kernel keeps what is written until it is told to send it (tcp(7), TCP_CORK)."""
    if (plug := line.get_extra_info("socket")) is not None:
        plug.setsockopt(IPPROTO_TCP, TCP_CORK, hold)


def _fail(answer: asyncio.Future[RestResponse], error: BaseException) -> None:
    if not answer.done():
        answer.set_exception(error)
