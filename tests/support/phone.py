"""A telephone in memory for sessions: it notes what was asked of it, and the test tells what the network does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from engine.domain.attempt import Marks
from engine.domain.errors import BadInput, Unavailable
from engine.domain.ids import CallId
from engine.domain.prompt import Prompt
from engine.session.ports import ASTERISK_AWAY


def away() -> Unavailable:
    return Unavailable(ASTERISK_AWAY, "Asterisk is away")


def refusal() -> Unavailable:
    return Unavailable("ari", "Allocation failed")


@dataclass
class PaperPhone:
    """Satisfies ``session.ports.Phone``. ``asked``: (operation, what …) in order. ``failing``: an operation's error."""

    asked: list[tuple[object, ...]] = field(default_factory=list)
    failing: dict[str, Exception] = field(default_factory=dict)
    live: set[str] = field(default_factory=set)
    bridges: set[str] = field(default_factory=set)
    playing: set[str] = field(default_factory=set)
    timeouts: dict[str, int] = field(default_factory=dict)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def _ask(self, operation: str, *what: object) -> None:
        self.asked.append((operation, *what))
        self._changed.set()
        if operation in self.failing:
            raise self.failing[operation]

    async def until(self, *operation: object) -> None:
        """Wait until this was asked; an AssertionError after two seconds."""
        try:
            async with asyncio.timeout(2):
                while not any(asked[: len(operation)] == operation for asked in self.asked):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"{operation} was not asked, but {self.asked}") from None

    def count(self, *operation: object) -> int:
        return sum(asked[: len(operation)] == operation for asked in self.asked)

    async def originate(
        self,
        *,
        channel: str,
        trunk: str,
        number: str,
        caller_id: str,
        timeout_s: int,
        args: str,
        record_to: Path | None,
        longest_s: int,
    ) -> None:
        self.timeouts[channel] = timeout_s
        self._ask("originate", channel, number, args)
        self.live.add(channel)

    async def play(self, channel: str, playback: str, clip: Path) -> bool:
        self._ask("play", playback, clip.name)
        self.playing.add(playback)
        return channel in self.live

    async def play_ringback(self, channel: str, playback: str) -> bool:
        self._ask("ringback", playback)
        return channel in self.live

    async def stop_playback(self, playback: str) -> None:
        self._ask("stop", playback)

    async def is_playing(self, playback: str) -> bool:
        self._ask("is_playing", playback)
        return playback in self.playing

    async def record(self, channel: str) -> None:
        self._ask("record", channel)

    async def send_silence(self, channel: str, on: bool) -> None:
        self._ask("silence", on)

    async def bridge(self, bridge: str, *channels: str) -> None:
        self._ask("bridge", bridge, *channels)
        self.bridges.add(bridge)

    async def unbridge(self, bridge: str) -> None:
        self._ask("unbridge", bridge)
        self.bridges.discard(bridge)

    async def hang_up(self, channel: str, cause: int = 16) -> None:
        self._ask("hang_up", channel)

    async def live_channels(self) -> frozenset[str]:
        self._ask("live_channels")
        return frozenset(self.live)

    async def live_bridges(self) -> frozenset[str]:
        self._ask("live_bridges")
        return frozenset(self.bridges)


@dataclass
class PaperStore:
    """Satisfies ``session.ports.CallStore``; ``away``: raises Unavailable."""

    marks: list[Marks] = field(default_factory=list)
    rang: datetime | None = None
    picked_up: datetime | None = None
    away: bool = False

    async def ringing(self, call: CallId, at: datetime) -> None:
        self._look()
        self.rang = at

    async def answered(self, call: CallId, at: datetime) -> None:
        self._look()
        self.picked_up = at

    async def mark(self, call: CallId, marks: Marks) -> None:
        self._look()
        self.marks.append(marks)

    def _look(self) -> None:
        if self.away:
            raise Unavailable("postgres_unreachable", "PostgreSQL is away")


@dataclass
class PaperClips:
    """Satisfies ``session.ports.ClipSource``: a name for every prompt; ``none``: there is no such clip."""

    none: bool = False

    async def clip(self, prompt: Prompt) -> Path:
        if self.none:
            raise BadInput("clip-missing", "There is no such recording")
        return Path(f"{getattr(prompt, 'material', None) or getattr(prompt, 'text', '')}.alaw")

    async def prepare(self, prompts: Iterable[Prompt]) -> dict[Prompt, Path]:
        return {prompt: await self.clip(prompt) for prompt in prompts}

    async def linear(self, clip: Path) -> Path:
        return clip.with_suffix(".sln")


def now() -> datetime:
    return datetime.now(UTC)
