"""Media legs: a second channel (chan_websocket) beside the call's in a mixing bridge of two, its socket in our hands.

Two channels of the same format in a bridge are passed through frame by frame, without mixing or transcoding. While a leg is attached,
prompts go through it: an ARI playback would take the call out of the bridge, and the robot would be deaf while it speaks.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from engine.ari.client import Ari, NotFound
from engine.ari.media_socket import FRAME, SILENCE, Listener, MediaSocket, connect
from engine.domain.errors import Unavailable
from engine.domain.text import mark

ARGS = "ear"
"""Stasis arguments of a leg's channel."""
_ARRIVE_S = 3.0
_PAD = SILENCE * (5 * FRAME)
_CONNECTION = "MEDIA_WEBSOCKET_CONNECTION_ID"


class AriLeg:
    """An attached leg; satisfies ``session.ports.Leg``."""

    def __init__(self, ari: Ari, call: str, number: int, socket: MediaSocket) -> None:
        self._ari = ari
        self._socket = socket
        self._bridge, self._channel = _names(call, number)

    def say(self, clip: str, file: Path) -> None:
        """Play an ``.alaw`` file behind what is playing; the listener's ``played(clip)`` follows."""
        self._socket.say(clip, file.read_bytes())

    def hush(self) -> None:
        self._socket.hush()

    def pad(self) -> None:
        """A tenth of a second of silence: a recording loses the time in which neither side sends anything."""
        self._socket.say("", _PAD)

    async def detach(self) -> None:
        """Take the call out of the bridge and end the leg."""
        self._socket.close()
        with suppress(NotFound):
            await self._ari.bridges.destroy(self._bridge)
        with suppress(NotFound):
            await self._ari.channels.hangup(self._channel, reason_code=16)


class AriEars:
    """Attaches legs. ``arrived`` must be told of every channel that enters our application with ``ARGS``."""

    def __init__(self, ari: Ari, app: str) -> None:
        self._ari = ari
        self._app = app
        self._expected: dict[str, asyncio.Future[None]] = {}
        self._number = 0

    def arrived(self, channel: str) -> None:
        if (waiting := self._expected.get(channel)) and not waiting.done():
            waiting.set_result(None)

    async def attach(self, call: str, listener: Listener) -> AriLeg:
        """Give ``call`` (an answered channel in no bridge) a leg. Raises Unavailable; nothing is left behind then."""
        self._number += 1
        number = self._number
        bridge, channel = _names(call, number)
        arrival = self._expected[channel] = asyncio.get_running_loop().create_future()
        socket: MediaSocket | None = None
        try:
            await self._ari.bridges.create(bridge)
            variables = await self._ari.channels.externalMedia(channelId=channel, app=self._app, data=ARGS)
            socket = await connect(self._ari.address, variables[_CONNECTION], listener)
            async with asyncio.timeout(_ARRIVE_S):
                await arrival
            await self._ari.bridges.addChannel(bridge, call, channel)
        except (Unavailable, TimeoutError, KeyError) as error:
            await self._undo(bridge, channel, socket)
            if isinstance(error, Unavailable):
                raise
            raise Unavailable("no_media_leg", mark("Asterisk opened no media channel: {error}"), error=error) from error
        finally:
            del self._expected[channel]
        return AriLeg(self._ari, call, number, socket)

    async def _undo(self, bridge: str, channel: str, socket: MediaSocket | None) -> None:
        if socket is not None:
            socket.close()
        with suppress(Unavailable):
            await self._ari.bridges.destroy(bridge)
        with suppress(Unavailable):
            await self._ari.channels.hangup(channel, reason_code=16)


def _names(call: str, number: int) -> tuple[str, str]:
    """Ids of a leg's bridge and channel: both begin with the call's, by which strays are recognised."""
    return f"{call}-earbridge{number}", f"{call}-ear{number}"
