"""The event socket: reads, decodes and hands over; never runs anything slow.

Asterisk closes a socket whose reader lets a write stall for 100 ms (``websocket_write_timeout``), so the handler given
here may only put events into mailboxes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import msgspec
import structlog

from engine.ari.client import Ari, AriError
from engine.ari.messages import HEARD, ApplicationReplaced, Event, decode_event

log = structlog.get_logger("ari")

PING_S = 5.0
"""A dead connection is noticed after this long without a pong."""
BACKOFF_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class EventSocket:
    """One WebSocket for one Stasis application; connects again by itself until cancelled.

    ``on_event`` is called inline for every event. ``on_up`` is awaited (in its own task) after every connection, when
    events already flow: the place to reconcile stored calls with live channels. ``on_down`` is called on each loss.
    """

    def __init__(
        self,
        ari: Ari,
        app: str,
        on_event: Callable[[Event], None],
        on_up: Callable[[], Awaitable[None]],
        on_down: Callable[[], None],
    ) -> None:
        self._ari = ari
        self._app = app
        self._on_event = on_event
        self._on_up = on_up
        self._on_down = on_down

    async def run(self) -> None:
        failures = 0
        while True:
            try:
                await self._connection()
                failures = 0
            except (aiohttp.ClientError, OSError, AriError, TimeoutError) as error:
                failures += 1
                log.warning("ari_unreachable", error=str(error), attempt=failures)
            await asyncio.sleep(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])

    async def _connection(self) -> None:
        url = f"{self._ari.address}/ari/events"
        params = {"app": self._app}
        async with self._ari.http.ws_connect(url, params=params, heartbeat=PING_S, max_msg_size=0) as socket:
            await self._ari.applications.filter(self._app, HEARD)
            log.info("ari_connected", app=self._app)
            up = asyncio.ensure_future(self._on_up())
            try:
                await self._read(socket)
            finally:
                up.cancel()
                await asyncio.gather(up, return_exceptions=True)
                self._on_down()
                log.warning("ari_disconnected", app=self._app, code=socket.close_code)

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            try:
                event = decode_event(message.data)
            except msgspec.DecodeError:
                continue  # mostly a kind we did not ask for: Asterisk sends a few before the filter is set
            if isinstance(event, ApplicationReplaced):
                log.error("ari_replaced", app=self._app)  # another engine took our application's name
            self._on_event(event)
