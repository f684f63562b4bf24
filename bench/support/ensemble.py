"""Both Asterisks, PostgreSQL and an engine of its own, as the telephone benchmarks drive and watch them."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.support import carrier
from bench.support.figures import Leg
from bench.support.proc import PROC, calls_up, family, parent, rss_mb
from bench.support.report import machine
from bench.support.rig import Rig, asterisks, planted, postgres_version
from engine.ari.client import Ari
from engine.domain.ids import CampaignId
from engine.stack import Stack

LAG = "dozvon_loop_lag_seconds"
_GONE_S = 15.0


@contextmanager
def running_engine(stack: Stack) -> Iterator[int]:
    """The engine's process id. Ended with the block, before the database that it uses is dropped."""
    stack.start_engine()
    assert stack.engine is not None
    try:
        yield stack.engine.pid
    finally:
        stack.engine.send_signal(signal.SIGTERM)
        stack.engine.wait(30)


@dataclass
class Ensemble:
    stack: Stack
    rig: Rig
    engine: int
    """Process id, as are the next."""
    platform: int
    carrier: int
    postmaster: int | None
    """None: PostgreSQL runs elsewhere."""

    @staticmethod
    async def make(stack: Stack, rig: Rig, engine: int) -> Ensemble:
        platform, other = (asterisk.pid for asterisk in asterisks(stack))
        assert platform is not None
        assert other is not None
        backend = PROC / str(await rig.database.fetchval("select pg_backend_pid()")) / "stat"
        postmaster = parent(backend.read_text()) if backend.exists() and "(postgres)" in backend.read_text() else None
        return Ensemble(stack, rig, engine, platform, other, postmaster)

    def ari(self) -> Ari:
        password = self.stack.password_file.read_text().strip()
        return Ari(f"http://127.0.0.1:{self.stack.ports.platform_http}", "dozvon", password)

    def processes(self) -> dict[str, list[int]]:
        found = {"engine": [self.engine], "asterisk": [self.platform], "carrier": [self.carrier]}
        return found | ({"postgres": family(self.postmaster)} if self.postmaster else {})

    def calls_up(self) -> int:
        """Counted at the carrier: on the platform an ear has a socket too."""
        return calls_up(self.carrier, *self.stack.ports.carrier_rtp)

    def engine_mb(self) -> float:
        return rss_mb(self.engine)

    async def metrics(self) -> str:
        """The engine's Prometheus page."""
        address = f"http://127.0.0.1:{self.stack.ports.metrics}/metrics"
        async with aiohttp.ClientSession() as http, http.get(address) as answer:
            return await answer.text()

    async def media(self) -> list[Leg]:
        """RTP statistics of every leg on both Asterisks."""
        found = await asyncio.gather(*(asyncio.to_thread(carrier.media, each) for each in asterisks(self.stack)))
        return [leg for legs in found for leg in legs]

    async def received(self) -> int:
        """Calls that have reached the carrier's dialplan since it started."""
        return (await asyncio.to_thread(carrier.channels, asterisks(self.stack)[1]))[1]

    async def channels(self) -> int:
        """Channels alive on both."""
        found = await asyncio.gather(*(asyncio.to_thread(carrier.channels, each) for each in asterisks(self.stack)))
        return sum(alive for alive, _ in found)

    async def clear(self) -> int:
        """End all calls at the carrier, also those that still arrive; how many channels outlive that: leaked ones."""

        async def left() -> int:
            await asyncio.to_thread(asterisks(self.stack)[1].command, "channel request hangup all")
            return await self.channels()

        return await self._nought(left)

    async def emptied(self) -> int:
        """Wait until no channel is left; how many remain when patience ends."""
        return await self._nought(self.channels)

    async def settled(self, campaign: CampaignId) -> int:
        """Stop the campaign and wait until its attempts are written; how many remain open."""

        async def unwritten() -> int:
            return int((await self.rig.campaigns.progress(campaign))["open"])

        await self.rig.campaigns.stop(campaign)
        return await self._nought(unwritten)

    @staticmethod
    async def _nought(count: Callable[[], Awaitable[int]]) -> int:
        end = time.monotonic() + _GONE_S
        left = await count()
        while left and time.monotonic() < end:
            await asyncio.sleep(0.2)
            left = await count()
        return left

    async def machine(self) -> dict[str, object]:
        words = (await asyncio.to_thread(asterisks(self.stack)[0].command, "core show version")).split()
        postgresql = await postgres_version(self.rig.database)
        return machine(asterisk=words[1] if len(words) > 1 else "", postgresql=postgresql)


@asynccontextmanager
async def at_work(stack: Stack) -> AsyncIterator[Ensemble]:
    """An engine on the servers of ``stack``, with a database of its own."""
    async with planted(stack.dsn) as rig:
        stack.dsn = rig.dsn
        with running_engine(stack) as engine:
            yield await Ensemble.make(stack, rig, engine)


def scenario(clip: Path) -> Mapping[str, object]:
    """Plays a recording, takes a key at any moment, and ends the call."""
    branch = {"when": {"type": "digits", "digits": "1"}, "then": {"id": "thanks"}}
    play = {"type": "audio", "material": clip.name}
    return {"name": "bench", "start": {"id": "ask", "play": play, "recognition": {"branches": [branch]}}}
