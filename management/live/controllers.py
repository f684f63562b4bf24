"""``GET /live``: server-sent events for whoever is signed in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from time import monotonic

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.response import ServerSentEvent, ServerSentEventMessage

from management.access.caller import Caller
from management.access.identity import Still
from management.errors import TooMany
from management.live.service import Broker

HEARTBEAT_S = 15.0
"""Keeps proxies from ending a quiet connection (their usual limit is 60 s), and finds browsers that are gone."""
RETRY_MS = 3000


class LiveController(Controller):
    @get("/live", media_type="text/event-stream")
    async def live(
        self, caller: NamedDependency[Caller], broker: NamedDependency[Broker], still: NamedDependency[Still]
    ) -> ServerSentEvent:
        if not broker.has_room(caller.user):
            raise TooMany(60)
        # A proxy that gathers output would hold events back.
        return ServerSentEvent(events(broker, caller, still), headers={"x-accel-buffering": "no"})


async def events(
    broker: Broker, caller: Caller, still: Still, heartbeat_s: float = HEARTBEAT_S
) -> AsyncIterator[ServerSentEventMessage]:
    """Registered here and not by the handler: what never begins to be sent never ends either. It ends when he is no longer
    signed in, a heartbeat late at most."""
    with broker.stream(caller.user, caller.account) as stream:
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
