"""Requests over HTTP/1.1 as fast as they are answered: the client must cost little beside the server that is measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.support.figures import share


@dataclass
class Load:
    """What one run has done. ``seconds``: of each answer."""

    lasted: float = 0.0
    seconds: list[float] = field(default_factory=list)
    failed: int = 0

    @property
    def rate(self) -> float:
        return share(len(self.seconds), self.lasted)

    def percentile(self, part: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else 0.0


def request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def loaded(port: int, sent: bytes, connections: int, seconds: float) -> Load:
    """The same request again and again, on each connection the next one as soon as the last is answered."""
    load, began = Load(), time.perf_counter()
    await asyncio.gather(*(_connection(port, sent, load, began + seconds) for _ in range(connections)))
    load.lasted = time.perf_counter() - began
    return load


async def _connection(port: int, sent: bytes, load: Load, until: float) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while (asked := time.perf_counter()) < until:
            writer.write(sent)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(_length(head))
            load.seconds.append(time.perf_counter() - asked)
            load.failed += head[9:10] != b"2"
    finally:
        writer.close()


def _length(head: bytes) -> int:
    at = head.lower().find(b"content-length: ")
    return int(head[at + 16 : head.index(b"\r\n", at)]) if at >= 0 else 0
