"""The media leg on the real pair: what the person says arrives, what we say is heard, hushed at once, and nothing is left."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

import pytest

from engine.ari.client import Ari
from engine.ari.ears import ARGS, AriEars
from engine.ari.messages import Event, StasisStart
from engine.ari.socket import EventSocket
from tests.support.world import World, phone, until

pytestmark = pytest.mark.acceptance
SILENCE = 0xD5


class Heard:
    def __init__(self) -> None:
        self.samples = bytearray()
        self.clips: list[str] = []
        self.is_lost = False

    def heard(self, frames: bytes) -> None:
        self.samples += frames

    def played(self, clip: str) -> None:
        self.clips.append(clip)

    def lost(self) -> None:
        self.is_lost = True


async def test_both_ways_hush_and_loss(world: World, tmp_path: Path) -> None:
    settings = world.settings()
    clip = tmp_path / "clip.alaw"
    clip.write_bytes(bytes(range(0, 160)) * 100)  # 2 s
    call, started, up = str(uuid.uuid4()), asyncio.Event(), asyncio.Event()
    async with Ari(settings.ari, settings.ari_user, settings.ari_password) as ari:
        ears = AriEars(ari, "dozvon")

        def on_event(event: Event) -> None:
            if isinstance(event, StasisStart):
                if event.args == (ARGS,):
                    ears.arrived(event.channel.id)
                elif event.channel.id == call:
                    started.set()

        async def on_up() -> None:
            up.set()

        socket = asyncio.ensure_future(EventSocket(ari, "dozvon", on_event, on_up, lambda: None).run())
        try:
            await up.wait()
            await ari.channels.originate(
                endpoint=f"PJSIP/{phone('25')}@carrier", app="dozvon", channelId=call, formats="alaw", timeout=10
            )
            await asyncio.wait_for(started.wait(), 10)
            heard = Heard()
            leg = await ears.attach(call, heard)
            await until(lambda: sum(octet != SILENCE for octet in heard.samples) > 8000, 10)
            assert len(heard.samples) % 160 == 0
            leg.say("a", clip)
            await until(lambda: heard.clips == ["a"], 10)
            leg.say("b", clip)
            leg.hush()
            leg.say("c", clip)
            await until(lambda: heard.clips == ["a", "c"], 10)
            await leg.detach()
            assert [each.id for each in await ari.channels.list()] == [call]
            assert await ari.bridges.list() == []
            again = Heard()
            second = await ears.attach(call, again)
            await until(lambda: len(again.samples) > 1600, 10)
            await ari.channels.hangup(call, reason_code=16)
            await second.detach()
            assert not heard.is_lost
            await until_no_channels(ari)
        finally:
            socket.cancel()
            await asyncio.gather(socket, return_exceptions=True)


async def until_no_channels(ari: Ari) -> None:
    async def gone() -> bool:
        return not await ari.channels.list()

    await until(gone, 10)
