"""A robot of a few lines for tests of the carrier: it calls through the platform's ARI, talks, and notes what comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import msgspec

APP = "persona-test"


class Channel(msgspec.Struct):
    id: str
    state: str


class Event(msgspec.Struct):
    type: str
    channel: Channel | None = None
    digit: str = ""
    cause: int = 0
    tech_cause: int = 0
    args: list[str] = []


class RtpStatistics(msgspec.Struct):
    rxcount: int
    txcount: int


@dataclass
class Call:
    """Seconds are since the originate; ``heard`` is what the callee sent, 8 kHz mono WAV, from the answer on."""

    id: str
    began: float
    answered: float | None = None
    ended: float | None = None
    states: list[str] = field(default_factory=list)
    digits: list[tuple[str, float]] = field(default_factory=list)
    sip: int = 0
    cause: int = 0
    packets: int = 0
    early_packets: int = 0
    heard: Path | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)
    up: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def talk_s(self) -> float:
        assert self.answered is not None
        assert self.ended is not None
        return self.ended - self.answered


class Robot:
    def __init__(self, session: aiohttp.ClientSession, base: str, spool: Path) -> None:
        self._session = session
        self._base = base
        self._spool = spool
        self._calls: dict[str, Call] = {}

    async def call(
        self, number: str, clip: Path, say_at: tuple[float, ...] = (0.2,), hold_s: float = 12.0, ring_s: float = 8.0
    ) -> Call:
        """One call: hang up ``ring_s`` seconds after dialling if nobody answers, ``hold_s`` after an answer; say
        ``clip`` at each of the moments ``say_at`` after the answer.
        """
        name = f"{APP}-{number[1:]}-{len(self._calls)}"  # a plus in an ARI path is read as a space
        call = Call(name, self._now())
        self._calls[name] = call
        await self._post("channels", channelId=name, endpoint=f"PJSIP/{number}@carrier", app=APP, timeout="30")
        # Early media shows only while the call is not answered.
        await asyncio.wait(
            [asyncio.ensure_future(call.up.wait()), asyncio.ensure_future(call.over.wait())],
            timeout=ring_s,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if not call.over.is_set():
            if call.up.is_set():
                await self._talk(call, clip, say_at, hold_s)
            else:
                call.early_packets = await self._packets(call)
                await self._delete(call)
        await asyncio.wait_for(call.over.wait(), 10)
        return call

    async def _talk(self, call: Call, clip: Path, say_at: tuple[float, ...], hold_s: float) -> None:
        await self._post(f"channels/{call.id}/snoop", app=APP, spy="in", snoopId=f"snoop-{call.id}")
        told = 0.0
        for moment in (*say_at, hold_s):
            try:
                await asyncio.wait_for(call.over.wait(), moment - told)
                return
            except TimeoutError:
                told = moment
            if moment is not hold_s:
                await self._post(f"channels/{call.id}/play", media=f"sound:{clip.with_suffix('')}")
        call.packets = await self._packets(call)
        await self._delete(call)

    async def _packets(self, call: Call) -> int:
        async with self._session.get(f"{self._base}/channels/{call.id}/rtp_statistics") as answer:
            if answer.status != 200:
                return 0
            return msgspec.json.decode(await answer.read(), type=RtpStatistics).rxcount

    async def _post(self, path: str, **query: str) -> None:
        async with self._session.post(f"{self._base}/{path}", params=query) as answer:
            assert answer.status in (200, 201, 204, 404, 409), (path, answer.status, await answer.text())

    async def _delete(self, call: Call) -> None:
        async with self._session.delete(f"{self._base}/channels/{call.id}") as answer:
            assert answer.status in (204, 404)

    async def listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            event = msgspec.json.decode(message.data, type=Event)
            if event.channel is None:
                continue
            if event.type == "StasisStart" and event.channel.id.startswith("snoop-"):
                name = event.channel.id.removeprefix("snoop-")
                await self._post(f"channels/{event.channel.id}/record", name=name, format="wav", ifExists="overwrite")
                self._calls[name].heard = self._spool / "recording" / f"{name}.wav"
            elif event.channel.id in self._calls:
                self._note(self._calls[event.channel.id], event, event.channel)

    def _note(self, call: Call, event: Event, channel: Channel) -> None:
        now = self._now() - call.began
        match event.type:
            case "ChannelStateChange":
                call.states.append(channel.state)
            case "StasisStart":
                call.answered = now
                call.up.set()
            case "ChannelDtmfReceived":
                call.digits.append((event.digit, now - (call.answered or 0.0)))
            case "ChannelDestroyed":
                call.ended, call.sip, call.cause = now, event.tech_cause, event.cause
                call.over.set()
            case _:
                pass

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


@asynccontextmanager
async def robot(port: int, password: str, spool: Path) -> AsyncIterator[Robot]:
    base = f"http://127.0.0.1:{port}/ari"
    # Asterisk makes it when it first records; of several recordings that begin together all but one then fail.
    (spool / "recording").mkdir(exist_ok=True)
    async with aiohttp.ClientSession(
        headers={"Authorization": aiohttp.encode_basic_auth("dozvon", password)}
    ) as session:
        made = Robot(session, base, spool)
        events = session.ws_connect(f"{base}/events", params={"app": APP, "subscribeAll": "true"})
        # In a group, so that a reader that fails fails the test at once.
        async with events as socket, asyncio.TaskGroup() as group:
            group.create_task(made.listen(socket))
            yield made
            await socket.close()
