"""What is heard, as RTP on UDP sockets: one for each ear, all read together every 20 ms.

A process that is woken for every packet of 200 calls is woken ten thousand times a second, and a wake-up costs more than
all that is done with a packet (docs/decisions/0008). So nobody waits for these sockets: at each tick epoll tells, without
waiting, which of them hold something. What one tick brings of all calls is decoded and measured in one go: numpy takes longer to be
called than to compute a frame. Each ear has a socket of its own, since its buffer then outlasts any stall of this
process, and the kernel tells calls apart. Source: RFC 3550.
"""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import numpy as np
import structlog
from numpy.typing import NDArray

from engine.media.frames import levels_dbov

log = structlog.get_logger("ari")
FRAME: Final = 160
"""Bytes of 20 ms of A-law at 8 kHz."""
TICK_S: Final = 0.02
_BYTES: Final = 2 * FRAME
"""Of a frame once it is decoded."""
_CLOCK_TICKS = 5
_EARLY = 0.01
"""Part of a tick by which a timer may run too early, rounded."""
_HEADER = 12
_ALAW = 8
"""The payload type of A-law (RFC 3551)."""
_LARGEST = 2048
_ROUNDS = 100
"""Packets of one ear read at one tick at most: two seconds' worth."""


class Listener(Protocol):
    """What an ear tells; called inline, so nothing slow."""

    def heard(self, pcm: bytes, levels: Sequence[float], now: float) -> None:
        """16 bits, a whole number of frames, and the level of each (dBov); ``now`` in loop time."""

    def clock(self, now: float) -> None:
        """Every fifth tick, whether anything comes or not."""

    def lost(self) -> None:
        """The ear is gone, and not by ``close`` or ``detach``; also when ``heard`` or ``clock`` has raised something."""


class EarSocket:
    """Made by ``EarSockets.open``."""

    def __init__(self, listener: Listener, host: str) -> None:
        self.listener = listener
        self.open = True
        self.lost = 0
        self._pending = b""
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
        if not _is_alaw(packet):
            return False
        number = (packet[2] << 8) | packet[3]
        if number != self._next and self._next is not None and (gap := (number - self._next) & 0xFFFF) < 0x8000:
            self.lost += gap
        self._next = (number + 1) & 0xFFFF
        octets = packet[_HEADER + 4 * (packet[0] & 0x0F) :]
        first = not self._pending
        self._pending = self._pending + octets if self._pending else octets
        return first

    def take(self) -> bytes:
        """The whole frames that have been read."""
        octets, self._pending = self._pending, b""
        return octets if len(octets) == FRAME else octets[: len(octets) // FRAME * FRAME]


def _is_alaw(packet: bytes) -> bool:
    return len(packet) >= _HEADER and packet[0] & 0xC0 == 0x80 and packet[1] & 0x7F == _ALAW


class EarSockets:
    """All ears of a process. ``host``: our address as Asterisk sees it; ``decode``: samples of A-law. Used in the loop's thread."""

    def __init__(self, host: str, decode: Callable[[bytes], NDArray[np.int16]]) -> None:
        self.host = host
        self._decode = decode
        self.frames = 0
        """Frames heard, and those missing in the sequence of packets, since the beginning."""
        self.lost = 0
        self._open: dict[int, EarSocket] = {}
        self._epoll = select.epoll()
        self._tick: asyncio.TimerHandle | None = None
        self._ticks = 0

    def open(self, listener: Listener) -> EarSocket:
        """Raises OSError when the process has no more descriptors."""
        ear = EarSocket(listener, self.host)
        self._open[ear.socket.fileno()] = ear
        self._epoll.register(ear.socket.fileno(), select.EPOLLIN)
        if self._tick is None:
            self._again()
        return ear

    def close(self, ear: EarSocket) -> None:
        """Closing twice is harmless."""
        if self._open.pop(ear.socket.fileno(), None) is not None:
            ear.open = False
            self.lost += ear.lost
            self._epoll.unregister(ear.socket.fileno())
            ear.socket.close()

    def _again(self) -> None:
        """At the next whole multiple of a tick. After a stall the missed ones are not made up for: one reads all that came."""
        loop = asyncio.get_running_loop()
        due = (int(loop.time() / TICK_S + _EARLY) + 1) * TICK_S
        self._tick = loop.call_at(due, self._read) if self._open else None

    def _read(self) -> None:
        touched = []
        for _ in range(_ROUNDS):
            ready = self._epoll.poll(0)
            if not ready:
                break
            touched += [ear for number, _ in ready if (ear := self._open[number]).read()]
        now = asyncio.get_running_loop().time()
        self._tell(touched, now)
        self._ticks += 1
        for number, ear in tuple(self._open.items()):
            if (number + self._ticks) % _CLOCK_TICKS == 0 and ear.open:
                try:
                    ear.listener.clock(now)
                except Exception:
                    log.exception("ear_broken")
                    self._give_up(ear)
        self._again()

    def _give_up(self, ear: EarSocket) -> None:
        """One call's trouble must not stop the tick, which is every call's."""
        self.close(ear)
        ear.listener.lost()

    def _tell(self, ears: list[EarSocket], now: float) -> None:
        taken = [ear.take() for ear in ears]
        octets = b"".join(taken)
        if not octets:
            return
        samples = self._decode(octets).reshape(-1, FRAME)
        pcm, levels = samples.tobytes(), levels_dbov(samples)
        self.frames += len(levels)
        at = 0
        for ear, piece in zip(ears, taken, strict=True):
            end = at + len(piece) // FRAME
            if end > at and ear.open:
                try:
                    ear.listener.heard(pcm[at * _BYTES : end * _BYTES], levels[at:end], now)
                except Exception:
                    log.exception("ear_broken")
                    self._give_up(ear)
            at = end


def address_towards(host: str, port: int) -> str:
    """Our own address on the way to ``host``; nothing is sent. Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((host, port))  # connecting UDP only chooses a route
        return str(probe.getsockname()[0])
