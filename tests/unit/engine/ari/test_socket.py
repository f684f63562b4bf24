"""The event socket: every event once, whatever else comes; connected again after each loss."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from engine.ari import socket as socket_module
from engine.ari.client import Ari
from engine.ari.messages import HEARD, Event, StasisEnd
from engine.ari.socket import EventSocket
from tests.unit.engine.ari.conftest import SmallAri

END = '{"type": "StasisEnd", "channel": {"id": "%s", "state": "Up"}}'


@dataclass
class Ears:
    heard: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    def event(self, event: Event) -> None:
        self.heard.put_nowait(event.channel.id if isinstance(event, StasisEnd) else type(event).__name__)

    async def up(self) -> None:
        self.heard.put_nowait("up")

    def down(self) -> None:
        self.heard.put_nowait("down")

    async def next(self) -> str:
        return await asyncio.wait_for(self.heard.get(), 5)


@pytest.fixture
async def listen(ari: Ari) -> AsyncIterator[Callable[[Ears], None]]:
    tasks: list[asyncio.Task[None]] = []

    def begin(ears: Ears, up: Callable[[], Awaitable[None]] | None = None) -> None:
        made = EventSocket(ari, "dozvon", ears.event, up or ears.up, ears.down)
        tasks.append(asyncio.ensure_future(made.run()))

    yield begin
    for task in tasks:
        assert not task.done(), "the socket gave up"
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_events_and_what_is_none(small: SmallAri, listen: Callable[[Ears], None]) -> None:
    ears = Ears()
    listen(ears)
    remote = await asyncio.wait_for(small.connected.get(), 5)
    assert await ears.next() == "up"
    assert small.asked == [
        ("PUT", "/ari/applications/dozvon/eventFilter", {}, {"allowed": [{"type": kind} for kind in HEARD]})
    ]
    for text in (END % "1", '{"type": "ChannelVarset"}', "not json", "", END % "2"):
        await remote.send_str(text)
    await remote.send_bytes(b"\0\1")
    await remote.send_str('{"type": "ApplicationReplaced", "application": "dozvon"}')
    assert [await ears.next() for _ in range(3)] == ["1", "2", "ApplicationReplaced"]


async def test_a_lost_connection_is_made_again(
    small: SmallAri, listen: Callable[[Ears], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_module, "BACKOFF_S", (0.0,))
    ears = Ears()
    small.status = 503  # Asterisk is starting: the filter is refused, and with it the connection
    listen(ears)
    for _ in range(3):
        await asyncio.wait_for(small.connected.get(), 5)
    assert ears.heard.empty(), "up without having been asked for events"
    small.status = 200
    assert await ears.next() == "up"
    for number in ("1", "2"):
        await small.sockets[-1].send_str(END % number)
        assert await ears.next() == number
        await small.sockets[-1].close()
        assert [await ears.next(), await ears.next()] == ["down", "up"]


async def test_reconciling_does_not_hold_up_events(small: SmallAri, ari: Ari) -> None:
    """What happens while stored calls are compared with live channels is heard all the same."""
    ears, stuck = Ears(), asyncio.Event()

    async def up() -> None:
        stuck.set()
        await asyncio.Event().wait()

    task = asyncio.ensure_future(EventSocket(ari, "dozvon", ears.event, up, ears.down).run())
    try:
        await asyncio.wait_for(stuck.wait(), 5)
        await small.sockets[-1].send_str(END % "1")
        assert await ears.next() == "1"
        await small.sockets[-1].close()
        assert await ears.next() == "down", "it does not wait for what cannot end any more"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
