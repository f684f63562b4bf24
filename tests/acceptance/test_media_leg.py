"""An ear on the real pair: what the person says arrives while the robot speaks, a lost ear is told, and nothing is left."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from engine.ari.client import Ari
from engine.ari.ears import AriEars
from engine.ari.messages import ChannelDestroyed, Event, PlaybackFinished, StasisStart
from engine.ari.socket import EventSocket
from engine.speech.g711 import samples16
from tests.support.world import World, phone, until

pytestmark = pytest.mark.acceptance
QUIET = 8
"""The least that A-law can say."""


class Heard:
    def __init__(self) -> None:
        self.samples = bytearray()
        self.is_lost = False

    def heard(self, pcm: bytes, _levels: Sequence[float], _now: float) -> None:
        self.samples += pcm

    def clock(self, now: float) -> None: ...

    def lost(self) -> None:
        self.is_lost = True

    @property
    def loud(self) -> int:
        return int((np.abs(np.frombuffer(self.samples, dtype=np.int16)) > QUIET).sum())


class Desk:
    """A call of persona 25, who talks all the time, and the events that matter."""

    def __init__(self, ari: Ari) -> None:
        self.ari = ari
        self.ears = AriEars(ari, "dozvon", samples16)
        self.call = str(uuid.uuid4())
        self.blind = False
        """Whether the ears are told nothing, as while the event socket is away."""
        self.up, self.started, self.played = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def on_event(self, event: Event) -> None:
        if isinstance(event, StasisStart) and event.channel.id == self.call:
            self.started.set()
        elif isinstance(event, PlaybackFinished):
            self.played.set()
        elif isinstance(event, ChannelDestroyed) and not self.blind:
            self.ears.ended(event.channel.id)

    async def on_up(self) -> None:
        self.up.set()

    async def channels(self) -> list[str]:
        return [each.id for each in await self.ari.channels.list()]


@asynccontextmanager
async def called(world: World) -> AsyncIterator[Desk]:
    settings = world.settings()
    async with Ari(settings.ari, settings.ari_user, settings.ari_password) as ari:
        desk = Desk(ari)
        socket = asyncio.ensure_future(EventSocket(ari, "dozvon", desk.on_event, desk.on_up, lambda: None).run())
        try:
            await desk.up.wait()
            await ari.channels.originate(
                endpoint=f"PJSIP/{phone('25')}@carrier", app="dozvon", channelId=desk.call, formats="alaw", timeout=10
            )
            await asyncio.wait_for(desk.started.wait(), 10)
            yield desk
        finally:
            socket.cancel()
            await asyncio.gather(socket, return_exceptions=True)


async def test_hears_while_speaking_and_again_after_detaching(world: World, tmp_path: Path) -> None:
    (tmp_path / "clip.alaw").write_bytes(bytes(range(0, 160)) * 100)  # 2 s
    async with called(world) as desk:
        heard = Heard()
        leg = await desk.ears.attach(desk.call, heard)
        await until(lambda: heard.loud > 8000, 10)
        before = len(heard.samples)
        await desk.ari.channels.play(desk.call, media=f"sound:{tmp_path / 'clip'}", playback="p")
        await asyncio.wait_for(desk.played.wait(), 10)
        assert len(heard.samples) % 320 == 0
        assert len(heard.samples) - before >= 0.95 * 2 * 16000, "deaf while it speaks"
        assert samples16(bytes(range(0, 160))).tobytes() not in heard.samples, "it hears itself"
        await leg.detach()
        await until_channels(desk, 1)
        again = Heard()
        second = await desk.ears.attach(desk.call, again)
        await until(lambda: again.loud > 1600, 10)
        assert desk.ears.lost == 0
        await second.detach()
        await desk.ari.channels.hangup(desk.call, reason_code=16)
        await until_channels(desk, 0)
        assert not heard.is_lost
        assert not again.is_lost


async def test_an_ear_ends_with_its_call_and_tells_of_its_end(world: World) -> None:
    async with called(world) as desk:
        heard = Heard()
        await desk.ears.attach(desk.call, heard)
        await until(lambda: heard.loud > 1600, 10)
        await desk.ari.channels.hangup(desk.call, reason_code=16)
        await until(lambda: heard.is_lost, 10)
        await until_channels(desk, 0)


async def test_an_ear_that_ended_unseen_is_found_out(world: World) -> None:
    async with called(world) as desk:
        gone, alive = Heard(), Heard()
        await desk.ears.attach(desk.call, gone)
        kept = await desk.ears.attach(desk.call, alive)
        await until(lambda: min(gone.loud, alive.loud) > 1600, 10)
        desk.blind = True
        await desk.ari.channels.hangup(f"{desk.call}-ear1", reason_code=16)
        await until_channels(desk, 2)
        assert not gone.is_lost
        await desk.ears.reconcile()
        assert (gone.is_lost, alive.is_lost) == (True, False)
        await kept.detach()
        await desk.ari.channels.hangup(desk.call, reason_code=16)
        await until_channels(desk, 0)


async def until_channels(desk: Desk, count: int) -> None:
    async def reached() -> bool:
        return len(await desk.channels()) == count

    await until(reached, 10)
