"""``GET /live``: server-sent events for whoever is signed in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

from litestar import Controller, Request, get
from litestar.di import NamedDependency
from litestar.response import ServerSentEvent, ServerSentEventMessage
from litestar.status_codes import HTTP_200_OK
from litestar.types import ASGIApp, Receive, Scope, Send

from management.access.caller import Caller
from management.access.identity import Still
from management.live.service import Broker, Stream

HEARTBEAT_S = 15.0
"""Keeps proxies from ending a quiet connection (their usual limit is 60 s), and finds browsers that are gone."""
RETRY_MS = 3000


class LiveController(Controller):
    @get("/live", media_type="text/event-stream")
    async def live(
        self,
        request: Request[Any, Any, Any],
        caller: NamedDependency[Caller],
        broker: NamedDependency[Broker],
        still: NamedDependency[Still],
    ) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            # Counted before the first byte and until the last: what the handler itself opened, and what then never began to be
            # sent, would never be closed.
            with broker.stream(caller.user, caller.account) as stream:
                # A proxy that gathers output would hold events back.
                sent = ServerSentEvent(events(stream, still), headers={"x-accel-buffering": "no"})
                await sent.to_asgi_response(None, request, status_code=HTTP_200_OK)(scope, receive, send)

        return answer


async def events(
    stream: Stream, still: Still, heartbeat_s: float = HEARTBEAT_S
) -> AsyncIterator[ServerSentEventMessage]:
    """It ends when he is no longer signed in, a heartbeat late at most."""
    yield ServerSentEventMessage(data=None, retry=RETRY_MS)
    looked = monotonic()
    while True:
        try:
            event = await asyncio.wait_for(stream.next(), heartbeat_s)
        except TimeoutError:
            message = ServerSentEventMessage(data=None, comment="still here")
        else:
            if event is None:
                return
            message = ServerSentEventMessage(data=event.data, event=event.kind.value)
        if monotonic() - looked >= heartbeat_s:
            if not await still():
                return
            looked = monotonic()
        yield message
