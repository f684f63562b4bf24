from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from engine.host.ports import LOOPBACK, first_busy, free_port, free_range, is_free


@pytest.fixture(params=[socket.SOCK_STREAM, socket.SOCK_DGRAM])
def taken(request: pytest.FixtureRequest) -> Iterator[tuple[int, socket.SocketKind]]:
    kind: socket.SocketKind = request.param
    with closing(socket.socket(socket.AF_INET, kind)) as holder:
        holder.bind((LOOPBACK, 0))
        if kind is socket.SOCK_STREAM:
            holder.listen()
        yield holder.getsockname()[1], kind


def test_a_held_port_is_busy_for_its_kind(taken: tuple[int, socket.SocketKind]) -> None:
    port, kind = taken
    assert not is_free(port, kind)


def test_a_free_port_serves_both_kinds() -> None:
    port = free_port()
    assert is_free(port, socket.SOCK_STREAM)
    assert is_free(port, socket.SOCK_DGRAM)


def test_a_range_steps_over_a_busy_port() -> None:
    start, _ = free_range(4)
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as holder:
        holder.bind((LOOPBACK, start + 2))
        assert first_busy(range(start, start + 4)) == start + 2
        after, end = free_range(4, first=start)
    assert after >= start + 4
    assert after % 2 == 0
    assert end == after + 3
