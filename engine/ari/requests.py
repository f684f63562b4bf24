"""ARI requests over a WebSocket of their own, for the one request that is sent for every attempt.

It costs Asterisk and us less than HTTP does (docs/decisions/0013). Asterisk serves one request of a socket at a time: what must
not queue up behind originates, such as playing and hanging up, goes by HTTP, and events have their own socket.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable

import aiohttp
import msgspec

from engine.ari.messages import RestResponse, decode_response

TIMEOUT_S = 10.0
AT_ONCE = 8
"""Requests on their way. Asterisk serves one at a time: with fewer it would wait for our loop (4: 460 attempts a second, 8: 570),
with more our loop does nothing but send, while calls have other work for it (16: 570, its lag twice as long)."""

Connect = Callable[[], Awaitable[aiohttp.ClientWebSocketResponse]]


class RequestSocket:
    """Connects with the first request, and anew with the first one after a loss."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._connecting = asyncio.Lock()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._asked: dict[str, asyncio.Future[RestResponse]] = {}
        self._numbers = itertools.count(1)
        self._free = asyncio.Semaphore(AT_ONCE)

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
        answer: asyncio.Future[RestResponse] = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(TIMEOUT_S), self._free:
            socket = await self._connected()
            self._asked[number] = answer
            try:
                await socket.send_str(msgspec.json.encode(message).decode())
                return await answer
            finally:
                self._asked.pop(number, None)

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await asyncio.wait({self._reader})

    async def _connected(self) -> aiohttp.ClientWebSocketResponse:
        async with self._connecting:
            if self._socket is None:
                self._socket = await self._connect()
                self._reader = asyncio.create_task(self._read(self._socket))
            return self._socket

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        try:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._answered(message.data)
        finally:
            self._socket = None
            for answer in self._asked.values():
                if not answer.done():
                    answer.set_exception(aiohttp.ServerDisconnectedError())

    def _answered(self, text: str) -> None:
        try:
            response = decode_response(text)
        except msgspec.DecodeError:
            return  # no event is sent to this application but some about itself
        answer = self._asked.get(response.request_id)
        if answer is not None and not answer.done():
            answer.set_result(response)
