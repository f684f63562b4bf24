from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from engine.host.ports import LOOPBACK, free_port
from engine.host.sip_probe import Trunk, options, parse_trunks


@contextmanager
def _server(reply: bytes, kind: socket.SocketKind) -> Iterator[tuple[int, list[bytes]]]:
    """Answers the first request; what it heard is in the list."""
    heard: list[bytes] = []
    with closing(socket.socket(socket.AF_INET, kind)) as server:
        server.bind((LOOPBACK, 0))
        server.settimeout(5)

        def serve() -> None:
            if kind is socket.SOCK_DGRAM:
                data, peer = server.recvfrom(4096)
                heard.append(data)
                server.sendto(reply, peer)
            else:
                link, _ = server.accept()
                with closing(link):
                    heard.append(link.recv(4096))
                    link.sendall(reply)

        if kind is socket.SOCK_STREAM:
            server.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1], heard
        thread.join()


@pytest.mark.parametrize("status", [200, 404])
def test_any_answer_over_udp_is_a_living_trunk(status: int) -> None:
    with _server(f"SIP/2.0 {status} Whatever\r\n\r\n".encode(), socket.SOCK_DGRAM) as (port, heard):
        assert options(Trunk("t", LOOPBACK, port)).status == status
    assert heard[0].startswith(f"OPTIONS sip:{LOOPBACK}:{port} SIP/2.0\r\n".encode())
    assert heard[0].endswith(b"\r\n\r\n")


def test_over_tcp() -> None:
    with _server(b"SIP/2.0 200 OK\r\n\r\n", socket.SOCK_STREAM) as (port, heard):
        assert options(Trunk("t", LOOPBACK, port, "tcp")).status == 200
    assert b"Via: SIP/2.0/TCP " in heard[0]


def test_something_else_on_the_port_is_not_a_trunk() -> None:
    with _server(b"HTTP/1.1 400 Bad Request\r\n\r\n", socket.SOCK_STREAM) as (port, _):
        answer = options(Trunk("t", LOOPBACK, port, "tcp"))
    assert answer.status == 0
    assert answer.why


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_nobody_there(transport: str) -> None:
    answer = options(Trunk("t", LOOPBACK, free_port(), "udp" if transport == "udp" else "tcp"), timeout=0.2)
    assert answer.status == 0
    assert answer.why


def test_trunk_files_are_read_without_their_comments() -> None:
    text = """
    ; [ignored](trunk-aor)
    ;contact = sip:ignored.example
    [one](trunk-aor)
    contact = sip:one.example            ; the default port
    [two](trunk-aor)
    contact=sip:user@192.0.2.1:5080\\;transport=TCP
    [three](trunk-aor)
    contact => sips:three.example\\;transport=tls
    [one](trunk-identify)
    match = 192.0.2.9
    """
    assert parse_trunks(text) == [
        Trunk("one", "one.example", 5060, "udp"),
        Trunk("two", "192.0.2.1", 5080, "tcp"),
        Trunk("three", "three.example", 5061, "tls"),
    ]
