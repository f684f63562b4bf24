"""One LISTEN connection a process, fanned out to the streams of those whom an event concerns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import msgspec
import structlog

from engine.domain.ids import AccountId
from engine.storage.database import Listener
from management.errors import TooMany
from management.live.schemas import Announced, Event, EventKind

log = structlog.get_logger("live")
CHANNELS = {"dozvon_task": EventKind.TASK, "dozvon_campaign": EventKind.CAMPAIGN}
WAITING = 100
"""Events kept for a stream that is slow to take them; one more and it is closed. Its browser connects again."""
MOST_STREAMS = 10
"""Of one user at once: so many tabs."""
FULL_S = 60.0
"""When to ask again if there are more tabs."""
_REFRESH = Event(EventKind.REFRESH, "{}")


class Stream:
    """One connected browser. ``next`` waits for the next event."""

    def __init__(self, account: AccountId) -> None:
        self.account = account
        self._events: asyncio.Queue[Event | None] = asyncio.Queue(WAITING + 1)
        self._closed = False

    def give(self, event: Event) -> bool:
        """False when it was too slow; it ends then."""
        if self._closed:
            return False
        if self._events.qsize() >= WAITING:
            self.close()
            return False
        self._events.put_nowait(event)
        return True

    def close(self) -> None:
        """What waits is thrown away: the browser will be told to look again at everything."""
        self._closed = True
        while not self._events.empty():
            self._events.get_nowait()
        self._events.put_nowait(None)

    async def next(self) -> Event | None:
        """None at the end."""
        return await self._events.get()


class Broker:
    """One instance serves the whole process."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._streams: dict[int, list[Stream]] = {}

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Listen while the application runs; streams end with it."""
        listener = asyncio.create_task(Listener(self._dsn, tuple(CHANNELS), self.hear).run())
        try:
            yield
        finally:
            listener.cancel()
            with suppress(asyncio.CancelledError):
                await listener
            for stream in self._all():
                stream.close()

    @contextmanager
    def stream(self, user: int, account: AccountId) -> Iterator[Stream]:
        """A stream of the account's events, beginning with ``refresh``: the page may be older than the connection. Raises TooMany
        when the user has as many as he may."""
        if len(self._streams.get(user, ())) >= MOST_STREAMS:
            raise TooMany(FULL_S)
        stream = Stream(account)
        stream.give(_REFRESH)
        self._streams.setdefault(user, []).append(stream)
        try:
            yield stream
        finally:
            self._streams[user].remove(stream)
            if not self._streams[user]:
                del self._streams[user]

    def hear(self, channel: str, payload: str) -> None:
        """An announcement of the database; '' after each connection, when something may have been missed."""
        if not payload:
            self._give(_REFRESH, self._all())
            return
        try:
            account = msgspec.json.decode(payload, type=Announced).account
        except msgspec.MsgspecError:
            log.error("announcement_unreadable", channel=channel)
            return
        event = Event(CHANNELS[channel], payload)
        self._give(event, [stream for stream in self._all() if stream.account == account])

    def _give(self, event: Event, streams: list[Stream]) -> None:
        slow = sum(not stream.give(event) for stream in streams)
        if slow:
            log.info("slow_streams_closed", count=slow)

    def _all(self) -> list[Stream]:
        return [stream for streams in self._streams.values() for stream in streams]
