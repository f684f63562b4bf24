"""Ears as sockets: real packets over loopback."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import pairwise

import pytest

from engine.ari.ear_sockets import FRAME, EarSocket, EarSockets, address_towards
from engine.media.frames import level_dbov
from engine.speech.g711 import samples16
from tests.support.world import until

VOICE = bytes(range(FRAME))


class Heard:
    def __init__(self) -> None:
        self.calls: list[bytes] = []
        self.levels: list[float] = []
        self.clocks: list[float] = []
        self.is_lost = False

    def heard(self, pcm: bytes, levels: Sequence[float], _now: float) -> None:
        self.calls.append(pcm)
        self.levels += levels

    def clock(self, now: float) -> None:
        self.clocks.append(now)

    def lost(self) -> None:
        self.is_lost = True

    @property
    def frames(self) -> int:
        return sum(map(len, self.calls)) // 2 // FRAME


def packet(number: int, payload: bytes = VOICE, *, kind: int = 8, contributors: int = 0) -> bytes:
    head = struct.pack(">BBHII", 0x80 | contributors, kind, number & 0xFFFF, 0, 7)
    return head + bytes(4 * contributors) + payload


@pytest.fixture
def asterisk() -> Iterator[socket.socket]:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sender:
        yield sender


def send(sender: socket.socket, ear: EarSocket, *packets: bytes) -> None:
    for each in packets:
        sender.sendto(each, ("127.0.0.1", ear.port))


async def test_what_came_since_the_last_tick_is_one_piece(asterisk: socket.socket) -> None:
    sockets, heard = EarSockets("127.0.0.1", samples16), Heard()
    ear = sockets.open(heard)
    send(asterisk, ear, packet(65534), packet(65535), packet(0, contributors=2))
    await until(lambda: heard.frames == 3, 5)
    assert heard.calls == [samples16(3 * VOICE).tobytes()]
    assert heard.levels == pytest.approx([level_dbov(samples16(VOICE))] * 3)
    assert (sockets.frames, ear.lost) == (3, 0)
    sockets.close(ear)


async def test_each_ear_hears_its_own_call(asterisk: socket.socket) -> None:
    sockets, heard = EarSockets("127.0.0.1", samples16), [Heard() for _ in range(3)]
    ears = [sockets.open(each) for each in heard]
    sent = [[bytes([7 * number + index]) * FRAME for index in range(number + 1)] for number in range(3)]
    for ear, each in zip(ears, sent, strict=True):
        send(asterisk, ear, *(packet(index, frame) for index, frame in enumerate(each)))
    await until(lambda: [each.frames for each in heard] == [1, 2, 3], 5)
    assert [b"".join(each.calls) for each in heard] == [samples16(b"".join(each)).tobytes() for each in sent]
    for ear in ears:
        sockets.close(ear)


async def test_gaps_are_counted_and_late_packets_are_none(asterisk: socket.socket) -> None:
    sockets, heard = EarSockets("127.0.0.1", samples16), Heard()
    ear = sockets.open(heard)
    send(asterisk, ear, packet(10), packet(13), packet(12), packet(13))
    await until(lambda: heard.frames == 4, 5)
    assert ear.lost == 2
    sockets.close(ear)
    sockets.close(ear)
    assert sockets.lost == 2


async def test_only_a_law_from_whoever_came_first(asterisk: socket.socket) -> None:
    sockets, heard = EarSockets("127.0.0.1", samples16), Heard()
    ear = sockets.open(heard)
    send(asterisk, ear, b"", b"\x80", b"\0" * 172, packet(1, kind=0), packet(1, b""), packet(2))
    await until(lambda: heard.frames == 1, 5)
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as stranger:
        send(stranger, ear, packet(3, b"\0" * FRAME))
    send(asterisk, ear, packet(3))
    await until(lambda: heard.frames == 2, 5)
    assert heard.calls[1:] == [samples16(VOICE).tobytes()]
    sockets.close(ear)


async def test_a_stall_loses_nothing(asterisk: socket.socket) -> None:
    """The loop does not run while these are sent: a second of audio."""
    sockets, heard = EarSockets("127.0.0.1", samples16), Heard()
    ear = sockets.open(heard)
    send(asterisk, ear, *(packet(number) for number in range(50)))
    await until(lambda: heard.frames == 50, 5)
    assert ear.lost == 0
    sockets.close(ear)


async def test_an_ear_may_close_another_while_it_hears(asterisk: socket.socket) -> None:
    sockets, second = EarSockets("127.0.0.1", samples16), Heard()

    class Closing(Heard):
        def heard(self, pcm: bytes, levels: Sequence[float], now: float) -> None:
            super().heard(pcm, levels, now)
            sockets.close(other)

    first = Closing()
    ear, other = sockets.open(first), sockets.open(second)
    send(asterisk, ear, packet(0))
    await until(lambda: first.frames == 1, 5)
    send(asterisk, ear, packet(1))
    await until(lambda: first.frames == 2, 5)
    sockets.close(ear)
    reopened = Heard()
    last = sockets.open(reopened)
    send(asterisk, last, packet(0))
    await until(lambda: reopened.frames == 1, 5)
    sockets.close(last)


async def test_the_clock_goes_on_where_nothing_comes(asterisk: socket.socket) -> None:
    sockets, heard = EarSockets("127.0.0.1", samples16), [Heard() for _ in range(7)]
    ears = [sockets.open(each) for each in heard]
    await until(lambda: all(len(each.clocks) >= 3 for each in heard), 5)
    for each in heard:
        assert min(after - before for before, after in pairwise(each.clocks)) > 0.05
    for ear in ears:
        sockets.close(ear)


@pytest.mark.parametrize("method", ["heard", "clock"])
async def test_a_listener_that_breaks_is_lost_and_the_others_hear_on(asterisk: socket.socket, method: str) -> None:
    sockets, broken, heard = EarSockets("127.0.0.1", samples16), Heard(), Heard()

    def breaks(*_: object) -> None:
        raise ZeroDivisionError

    setattr(broken, method, breaks)
    first, second = sockets.open(broken), sockets.open(heard)
    send(asterisk, first, packet(0))
    send(asterisk, second, packet(0))
    await until(lambda: broken.is_lost and heard.frames == 1, 5)
    assert not first.open and not heard.is_lost
    send(asterisk, second, packet(1))
    await until(lambda: heard.frames == 2 and len(heard.clocks) > 1, 5)
    sockets.close(second)


def test_loopback_is_reached_from_loopback() -> None:
    assert address_towards("127.0.0.1", 8088) == "127.0.0.1"
