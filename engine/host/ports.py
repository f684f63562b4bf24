"""Free and busy ports, asked of the kernel by binding."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import closing

from engine.domain.errors import Unavailable
from engine.domain.text import mark

LOOPBACK = "127.0.0.1"


def is_free(port: int, kind: socket.SocketKind = socket.SOCK_STREAM, address: str = LOOPBACK) -> bool:
    """Whether ``port`` could be bound now. TIME_WAIT leftovers of a finished TCP server do not count as busy."""
    with closing(socket.socket(socket.AF_INET, kind)) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
        return True


def free_port(address: str = LOOPBACK) -> int:
    """A port that is free for both TCP and UDP at this moment, as is the next one for TCP (SIP, and SIP over TLS)."""
    for _ in range(64):
        with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
            probe.bind((address, 0))
            port = int(probe.getsockname()[1])
        if is_free(port, socket.SOCK_DGRAM, address) and port < 65535 and is_free(port + 1, address=address):
            return port
    raise Unavailable("no-free-port", mark("No free port was found on {address}."), address=address)


def free_range(size: int, address: str = LOOPBACK, first: int = 20000, last: int = 60000) -> tuple[int, int]:
    """(start, end) of ``size`` consecutive free UDP ports beginning at an even number, for RTP."""
    start = first + first % 2
    while start + size - 1 <= last:
        busy = first_busy(range(start, start + size), address)
        if busy is None:
            return start, start + size - 1
        start = busy + 1 + (busy + 1) % 2
    raise Unavailable("no-free-port", mark("No free port was found on {address}."), address=address)


def first_busy(candidates: Iterable[int], address: str = LOOPBACK) -> int | None:
    """The lowest UDP port of ``candidates`` that somebody holds, or None."""
    for port in candidates:
        if not is_free(port, socket.SOCK_DGRAM, address):
            return port
    return None


def own_address() -> str:
    """The address this machine calls others from by default; the loopback one without a network. Sends nothing."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # a documentation address: connecting UDP only chooses a route
        except OSError:
            return LOOPBACK
        return str(probe.getsockname()[0])
