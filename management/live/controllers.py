"""``GET /live``: server-sent events for whoever is signed in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.response import ServerSentEvent, ServerSentEventMessage

from management.access.caller import Caller
from management.errors import TooMany
from management.live.service import Broker

HEARTBEAT_S = 15.0
"""Keeps proxies from ending a quiet connection (their usual limit is 60 s), and finds browsers that are gone."""
RETRY_MS = 3000


class LiveController(Controller):
    @get("/live", media_type="text/event-stream")
    async def live(self, caller: NamedDependency[Caller], broker: NamedDependency[Broker]) -> ServerSentEvent:
        if not broker.has_room(caller.user):
            raise TooMany(60)
        # A proxy that gathers output would hold events back.
        return ServerSentEvent(_events(broker, caller), headers={"x-accel-buffering": "no"})


async def _events(broker: Broker, caller: Caller) -> AsyncIterator[ServerSentEventMessage]:
    """Registered here and not by the handler: what never begins to be sent never ends either."""
    with broker.stream(caller.user, caller.account) as stream:
        yield ServerSentEventMessage(data=None, retry=RETRY_MS)
        while True:
            try:
                event = await asyncio.wait_for(stream.next(), HEARTBEAT_S)
            except TimeoutError:
                yield ServerSentEventMessage(data=None, comment="still here")
                continue
            if event is None:
                return
            yield ServerSentEventMessage(data=event.data, event=event.kind.value)
