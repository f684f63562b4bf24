"""One call's media as a WebSocket to Asterisk's chan_websocket: what is heard comes in, what is said goes out.

Asterisk re-times what it is sent, so a prompt is handed over in pieces as fast as it takes them and plays on evenly even when this
process stalls; ``FLUSH_MEDIA`` ends it at once. The WebSocket framing is our own: one A-law frame of 160 bytes
arrives every 20 ms on every call, and the general clients spend 38 µs on each where this spends 3 (docs/decisions).
Sources: RFC 6455; the text commands and events are those of chan_websocket in Asterisk 22.8 and later.
"""

from __future__ import annotations

import asyncio
import base64
import os
import struct
from collections import deque
from functools import partial
from typing import Protocol, cast
from urllib.parse import urlsplit

from engine.domain.errors import Unavailable
from engine.domain.text import mark

FRAME = 160
"""Bytes of 20 ms of A-law at 8 kHz."""
SILENCE = b"\xd5"
_PIECE = 50 * FRAME
"""Asterisk refuses messages over 65,500 bytes; a second at a time also lets XOFF take effect early."""
_TEXT, _BINARY, _CLOSE, _PING, _PONG = 1, 2, 8, 9, 10
_CONNECT_S = 3.0


class Listener(Protocol):
    """What the leg tells; called inline, so nothing slow."""

    def heard(self, frames: bytes) -> None:
        """A-law, a whole number of frames."""

    def played(self, clip: str) -> None:
        """The clip was played to its end."""

    def lost(self) -> None:
        """The connection is gone, and not by ``close``."""


class MediaSocket(asyncio.Protocol):
    """Made by ``connect``. ``say`` and ``hush`` may be called at any time."""

    def __init__(self, listener: Listener, request: bytes) -> None:
        self._listener = listener
        self._request = request
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._open = False
        self._closing = False
        self._held = False
        self._out: deque[tuple[int, bytes]] = deque()
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def say(self, clip: str, samples: bytes) -> None:
        """Queue a clip (A-law) behind what is playing; ``Listener.played(clip)`` follows unless it is hushed."""
        samples += SILENCE * (-len(samples) % FRAME)
        self._out.extend((_BINARY, samples[at : at + _PIECE]) for at in range(0, len(samples), _PIECE))
        self._out.append((_TEXT, f"MARK_MEDIA {clip}".encode()))
        self._flow()

    def hush(self) -> None:
        """Drop what is playing and queued, at once and without ``played``."""
        self._out.clear()
        self._held = False
        self._send(_TEXT, b"FLUSH_MEDIA")

    def close(self) -> None:
        self._closing = True
        if self._transport is not None:
            self._transport.close()

    # ── asyncio.Protocol ────────────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class is none of asyncio's
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._open and not self._shaken():
            return
        self._read_messages()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(_refused(error or "connection closed"))
        elif not self._closing:
            self._listener.lost()

    # ── the protocol ────────────────────────────────────────────────────────────────────────────────────────────

    def _shaken(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        status = bytes(self._buffer[: self._buffer.find(b"\r\n")])
        del self._buffer[: end + 4]
        if b" 101 " not in status:
            self.ready.set_exception(_refused(status.decode(errors="replace")))
            self.close()
            return False
        self._open = True
        self.ready.set_result(None)
        return True

    def _read_messages(self) -> None:
        buffer, at, heard = self._buffer, 0, bytearray()
        size = len(buffer)
        while size - at >= 2:
            length, body = buffer[at + 1] & 0x7F, at + 2
            if length == 126:
                if size - at < 4:
                    break
                length, body = (buffer[at + 2] << 8) | buffer[at + 3], at + 4
            elif length == 127:
                if size - at < 10:
                    break
                length, body = struct.unpack_from(">Q", buffer, at + 2)[0], at + 10
            if size - body < length:
                break
            kind = buffer[at] & 0x0F
            if kind == _BINARY:
                heard += buffer[body : body + length]
            else:
                self._control(kind, bytes(buffer[body : body + length]))
            at = body + length
        del buffer[:at]
        if heard:
            self._listener.heard(bytes(heard))

    def _control(self, kind: int, body: bytes) -> None:
        if kind == _PING:
            self._send(_PONG, body)
        elif kind == _CLOSE and self._transport is not None:
            self._transport.close()
        elif kind == _TEXT:
            self._told(body.decode(errors="replace"))

    def _told(self, text: str) -> None:
        event, _, rest = text.partition(" ")
        if event == "MEDIA_XOFF":
            self._held = True
        elif event == "MEDIA_XON":
            self._held = False
            self._flow()
        elif event == "MEDIA_MARK_PROCESSED":
            self._listener.played(rest)

    def _flow(self) -> None:
        while self._out and not self._held:
            self._send(*self._out.popleft())

    def _send(self, kind: int, body: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        size = len(body)
        head = (
            struct.pack(">BB", 0x80 | kind, 0x80 | size) if size < 126 else struct.pack(">BBH", 0x80 | kind, 0xFE, size)
        )
        # A client must mask, but may choose the key; this one leaves the bytes as they are. Masking protects proxies
        # from scripts in browsers; between two programs on the loopback interface it would only cost time.
        self._transport.write(b"".join((head, b"\0\0\0\0", body)))


async def connect(address: str, connection: str, listener: Listener) -> MediaSocket:
    """Connect to the media channel whose MEDIA_WEBSOCKET_CONNECTION_ID is ``connection``. Raises Unavailable."""
    parts = urlsplit(address)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    request = (
        f"GET /media/{connection} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: media\r\n\r\n"
    ).encode()
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_CONNECT_S):
            _, socket = await loop.create_connection(partial(MediaSocket, listener, request), host, port)
            await socket.ready
    except (OSError, TimeoutError) as error:
        raise _refused(error) from error
    return socket


def _refused(error: object) -> Unavailable:
    return Unavailable("media_refused", mark("Asterisk's media socket: {error}"), error=error)
