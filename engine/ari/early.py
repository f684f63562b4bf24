"""Taps on channels that ring: what the network plays before an answer.

Such a channel is not in our application yet, but Asterisk already reads its frames while it waits for the answer; a
snoop channel hears them, and is recorded into Asterisk's own folder. It ends with the channel. Only calls whose far end
announces early media get one.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from engine.ari.client import Ari, NotFound
from engine.domain.errors import Unavailable
from engine.domain.text import mark

ARGS = "early"
"""Stasis arguments of a tap's channel."""
LONGEST_S = 30
"""An announcement is told in ten seconds and repeated; ringing may be longer and tells nothing more."""
_ARRIVE_S = 3.0
_POLL_S, _POLLS = 0.05, 40
_PREFIX = "early-"


class AriTaps:
    """Satisfies ``session.ports.Taps``. ``arrived`` must be told of every channel that enters our application with ``ARGS``."""

    def __init__(self, ari: Ari, app: str) -> None:
        self._ari = ari
        self._app = app
        self._expected: dict[str, asyncio.Future[None]] = {}

    def arrived(self, channel: str) -> None:
        if (waiting := self._expected.get(channel)) and not waiting.done():
            waiting.set_result(None)

    async def sweep(self) -> None:
        """Remove what a dead engine's taps have left."""
        for name in await self._ari.recordings.listStored():
            if name.startswith(_PREFIX):
                await self._remove(name)

    async def open(self, call: str) -> None:
        channel = _channel(call)
        arrival = self._expected[channel] = asyncio.get_running_loop().create_future()
        try:
            await self._ari.channels.snoop(call, snoopId=channel, app=self._app, appArgs=ARGS)
            async with asyncio.timeout(_ARRIVE_S):
                await arrival
            await self._ari.channels.record(channel, name=_PREFIX + call, format="alaw", seconds=LONGEST_S)
        except (Unavailable, TimeoutError) as error:
            with suppress(Unavailable):
                await self._ari.channels.hangup(channel, reason_code=16)
            if isinstance(error, Unavailable):
                raise
            raise Unavailable("no_tap", mark("Asterisk opened no tap: {error}"), error="timeout") from error
        finally:
            del self._expected[channel]

    async def close(self, call: str) -> bytes:
        name = _PREFIX + call
        with suppress(NotFound):
            await self._ari.channels.hangup(_channel(call), reason_code=16)
        try:
            for _ in range(_POLLS):
                await self._ari.recordings.getLive(name)
                await asyncio.sleep(_POLL_S)
        except NotFound:
            pass  # it is whole
        try:
            return await self._ari.recordings.getStoredFile(name)
        except NotFound:
            return b""  # not a packet had come
        finally:
            await self._remove(name)

    async def _remove(self, name: str) -> None:
        with suppress(NotFound):
            await self._ari.recordings.deleteStored(name)


def _channel(call: str) -> str:
    """Begins with the call's id, by which strays are recognised."""
    return f"{call}-early"
