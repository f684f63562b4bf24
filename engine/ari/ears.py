"""Ears: beside a call's channel one of Asterisk's own (UnicastRTP) that runs ChanSpy on it and sends us what the person says.

The call's channel stays in no bridge and keeps its playbacks: the robot hears while it speaks, prompts are timed by
Asterisk whatever this process does, and a broken ear interrupts nothing (docs/decisions/0008).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from engine.ari.client import Ari, NotFound
from engine.ari.ear_sockets import EarSocket, EarSockets, Listener, address_towards
from engine.domain.errors import Unavailable
from engine.domain.text import mark

CONTEXT = "ear"
"""Where an ear's channel runs, in dialplan/platform.conf."""
_MARK = "-ear"


class AriLeg:
    """An attached ear; satisfies ``session.ports.Leg``."""

    def __init__(self, ears: AriEars, channel: str, socket: EarSocket) -> None:
        self._ears = ears
        self._channel = channel
        self._socket = socket

    async def detach(self) -> None:
        """Nothing is heard any more. Raises Unavailable, the ear being silent all the same."""
        await self._ears.release(self._channel, self._socket)


class AriEars:
    """Attaches ears. ``ended`` must be told of every channel that is gone."""

    def __init__(self, ari: Ari, app: str, decode: Callable[[bytes], NDArray[np.int16]]) -> None:
        """``decode``: 16-bit samples of A-law."""
        self._ari = ari
        self._decode = decode
        self._app = app
        self._number = 0
        self._sockets: EarSockets | None = None
        self._live: dict[str, EarSocket] = {}

    @property
    def frames(self) -> int:
        """Frames heard since the start."""
        return self._sockets.frames if self._sockets else 0

    @property
    def lost(self) -> int:
        """Packets that Asterisk sent and this process never saw."""
        live = sum(each.lost for each in self._live.values())
        return live + (self._sockets.lost if self._sockets else 0)

    def ended(self, channel: str) -> None:
        if (socket := self._live.pop(channel, None)) is not None and self._sockets is not None:
            self._sockets.close(socket)
            socket.listener.lost()

    async def reconcile(self) -> None:
        """After a reconnection: ears that ended meanwhile are lost, the others are followed again. Raises Unavailable."""
        expected = tuple(self._live)
        channels = {each.id for each in await self._ari.channels.list()}
        for channel in expected:
            if channel not in channels:
                self.ended(channel)
            elif channel in self._live:
                with suppress(NotFound):
                    await self._ari.applications.subscribe(self._app, f"channel:{channel}")

    async def attach(self, call: str, listener: Listener) -> AriLeg:
        """Hear what comes from ``call``, a channel that is answered. Raises Unavailable; nothing is left behind then."""
        self._number += 1
        channel = f"{call}{_MARK}{self._number}"  # begins with the call's id, by which strays are recognised
        socket = self._socket(listener)
        self._live[channel] = socket
        try:
            await self._ari.channels.originate(
                endpoint=f"UnicastRTP/{self._where}:{socket.port}/c(alaw)",
                context=CONTEXT,
                extension="s",
                priority=1,
                channelId=channel,
                formats="alaw",
                variables={"DOZVON_HEARD": call},
            )
            await self._ari.applications.subscribe(self._app, f"channel:{channel}")
        except Unavailable:
            with suppress(Unavailable):
                await self.release(channel, socket)
            raise
        return AriLeg(self, channel, socket)

    async def release(self, channel: str, socket: EarSocket) -> None:
        self._live.pop(channel, None)
        assert self._sockets is not None
        self._sockets.close(socket)
        with suppress(NotFound):
            await self._ari.channels.hangup(channel, reason_code=16)

    @property
    def _where(self) -> str:
        assert self._sockets is not None
        return self._sockets.host

    def _socket(self, listener: Listener) -> EarSocket:
        parts = urlsplit(self._ari.address)
        try:
            if self._sockets is None:
                self._sockets = EarSockets(
                    address_towards(parts.hostname or "127.0.0.1", parts.port or 80), self._decode
                )
            return self._sockets.open(listener)
        except OSError as error:
            raise Unavailable("no_ear", mark("No socket to hear with: {error}"), error=error) from error
