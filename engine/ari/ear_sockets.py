"""What is heard, as RTP on UDP sockets: one for each ear, all read together every 20 ms.

A process that is woken for every packet of 200 calls is woken ten thousand times a second, and a wake-up costs more than
all that is done with a packet (docs/decisions/0008). So nobody waits for these sockets: at each tick epoll tells, without
waiting, which of them hold something. Each ear has a socket of its own, since its buffer then outlasts any stall of this
process, and the kernel tells calls apart. Source: RFC 3550.
"""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Callable
from typing import Final, Protocol

FRAME: Final = 160
"""Bytes of 20 ms of A-law at 8 kHz."""
TICK_S: Final = 0.02
_HEADER = 12
_ALAW = 8
"""The payload type of A-law (RFC 3551)."""
_LARGEST = 2048
_ROUNDS = 100
"""Packets of one ear read at one tick at most: two seconds' worth."""


class Listener(Protocol):
    """What an ear tells; called inline, so nothing slow."""

    def heard(self, frames: bytes) -> None:
        """A-law, a whole number of frames."""

    def lost(self) -> None:
        """The ear is gone, and not by ``close`` or ``detach``."""


class EarSocket:
    """Made by ``EarSockets.open``."""

    def __init__(self, listener: Listener, host: str) -> None:
        self.listener = listener
        self.lost = 0
        self.pending = bytearray()
        self._next: int | None = None
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.bind((host, 0))
        self.port = int(self.socket.getsockname()[1])
        self._receive: Callable[[int], bytes] = self._from_anyone

    def _from_anyone(self, most: int) -> bytes:
        packet, source = self.socket.recvfrom(most)
        if _is_alaw(packet):
            self.socket.connect(source)  # from now on the kernel takes packets from nobody else
            self._receive = self.socket.recv
        return packet

    def read(self) -> bool:
        """Take one packet; whether it is the first to wait for ``heard``. Whatever is not A-law in RTP is ignored."""
        try:
            packet = self._receive(_LARGEST)
        except OSError:
            return False  # the other side is gone, says ICMP; its channel's end is told by Asterisk
        first = not self.pending
        if not _is_alaw(packet):
            return False
        number = (packet[2] << 8) | packet[3]
        if number != self._next and self._next is not None and (gap := (number - self._next) & 0xFFFF) < 0x8000:
            self.lost += gap
        self._next = (number + 1) & 0xFFFF
        self.pending += packet[_HEADER + 4 * (packet[0] & 0x0F) :]
        return first and len(self.pending) > 0


def _is_alaw(packet: bytes) -> bool:
    return len(packet) >= _HEADER and packet[0] & 0xC0 == 0x80 and packet[1] & 0x7F == _ALAW


class EarSockets:
    """All ears of a process. ``host``: our address as Asterisk sees it. Used in the loop's thread."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.frames = 0
        """Frames heard, and those missing in the sequence of packets, since the beginning."""
        self.lost = 0
        self._open: dict[int, EarSocket] = {}
        self._epoll = select.epoll()
        self._tick: asyncio.TimerHandle | None = None
        self._due = 0.0

    def open(self, listener: Listener) -> EarSocket:
        """Raises OSError when the process has no more descriptors."""
        ear = EarSocket(listener, self.host)
        self._open[ear.socket.fileno()] = ear
        self._epoll.register(ear.socket.fileno(), select.EPOLLIN)
        if self._tick is None:
            self._due = asyncio.get_running_loop().time()
            self._again()
        return ear

    def close(self, ear: EarSocket) -> None:
        """Closing twice is harmless."""
        if self._open.pop(ear.socket.fileno(), None) is not None:
            self.lost += ear.lost
            self._epoll.unregister(ear.socket.fileno())
            ear.socket.close()

    def _again(self) -> None:
        """After a stall the missed ticks are not made up for: one reads all that came meanwhile."""
        loop = asyncio.get_running_loop()
        self._due = max(self._due + TICK_S, loop.time())
        self._tick = loop.call_at(self._due, self._read) if self._open else None

    def _read(self) -> None:
        touched = []
        for _ in range(_ROUNDS):
            ready = self._epoll.poll(0)
            if not ready:
                break
            touched += [ear for number, _ in ready if (ear := self._open[number]).read()]
        for ear in touched:
            whole = len(ear.pending) // FRAME * FRAME
            frames = bytes(ear.pending[:whole])
            ear.pending.clear()
            self.frames += whole // FRAME
            if frames and ear.socket.fileno() in self._open:
                ear.listener.heard(frames)
        self._again()


def address_towards(host: str, port: int) -> str:
    """Our own address on the way to ``host``; nothing is sent. Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((host, port))  # connecting UDP only chooses a route
        return str(probe.getsockname()[0])
