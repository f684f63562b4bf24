"""``GET /live``: server-sent events for whoever is signed in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol, runtime_checkable

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException, TooManyRequestsException
from litestar.response import ServerSentEvent, ServerSentEventMessage

from engine.domain.ids import AccountId
from management.live.service import Broker

HEARTBEAT_S = 15.0
"""Keeps proxies from ending a quiet connection (their usual limit is 60 s), and finds browsers that are gone."""
RETRY_MS = 3000


@runtime_checkable  # Litestar looks whether it gets one
class Listening(Protocol):
    """Of a caller, what this feature needs."""

    @property
    def user(self) -> int: ...
    @property
    def account(self) -> AccountId: ...


class LiveController(Controller):
    """Needs the dependencies ``caller`` (None: nobody is signed in) and ``broker``."""

    @get("/live", media_type="text/event-stream")
    async def live(
        self,
        caller: NamedDependency[Listening | None],
        broker: NamedDependency[Broker],
    ) -> ServerSentEvent:
        if caller is None:
            raise NotAuthorizedException
        if not broker.has_room(caller.user):
            raise TooManyRequestsException(headers={"retry-after": "60"})
        # A proxy that gathers output would hold events back.
        return ServerSentEvent(_events(broker, caller), headers={"x-accel-buffering": "no"})


async def _events(broker: Broker, caller: Listening) -> AsyncIterator[ServerSentEventMessage]:
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
