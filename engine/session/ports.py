"""What a session needs of the outside. Satisfied by structure; bootstrap chooses the adapters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from engine.domain.attempt import Marks
from engine.domain.ids import CallId, ScenarioId
from engine.domain.prompt import Prompt

ASTERISK_AWAY = "asterisk_away"
"""Code of the Unavailable that a Phone raises when Asterisk cannot be reached at all."""


class Phone(Protocol):
    """Channel operations. All raise domain Unavailable when Asterisk refuses or cannot be reached; what concerns a
    channel that has just ended is without effect.
    """

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
    ) -> None: ...

    async def play(self, channel: str, playback: str, clip: Path) -> bool: ...

    async def play_ringback(self, channel: str, playback: str) -> bool: ...

    async def stop_playback(self, playback: str) -> None: ...

    async def is_playing(self, playback: str) -> bool: ...

    async def record(self, channel: str) -> None: ...

    async def send_silence(self, channel: str, on: bool) -> None: ...

    async def bridge(self, bridge: str, *channels: str) -> None: ...

    async def unbridge(self, bridge: str) -> None: ...

    async def hang_up(self, channel: str, cause: int = 16) -> None: ...

    async def live_channels(self) -> frozenset[str]: ...

    async def live_bridges(self) -> frozenset[str]: ...


class CallStore(Protocol):
    """Writes what recovery and reports need while the call goes on. Raises Unavailable when the database is away."""

    async def ringing(self, call: CallId, at: datetime) -> None: ...

    async def answered(self, call: CallId, at: datetime) -> None: ...

    async def mark(self, call: CallId, marks: Marks) -> None: ...


class ClipSource(Protocol):
    """Prompts as files that Asterisk plays. Raises BadInput or Unavailable when one cannot be made."""

    async def clip(self, prompt: Prompt) -> Path: ...

    async def prepare(self, prompts: Iterable[Prompt]) -> dict[Prompt, Path]: ...

    async def linear(self, clip: Path) -> Path:
        """The same sound in the form that a recorded call must play."""


class ScenarioSource(Protocol):
    async def scenario(self, scenario: ScenarioId) -> object:
        """The document as parsed JSON; None when there is none."""


class LegListener(Protocol):
    """What a media leg tells; called inline, so nothing slow."""

    def heard(self, pcm: bytes, levels: Sequence[float], now: float) -> None:
        """16 bits at 8 kHz, whole frames of 20 ms, and the level of each (dBov); ``now`` in loop time."""

    def clock(self, now: float) -> None:
        """Ten times a second, whether frames come or not."""

    def lost(self) -> None: ...


class Leg(Protocol):
    """A media leg: what the person says, in our hands."""

    async def detach(self) -> None: ...


class Ears(Protocol):
    async def attach(self, call: str, listener: LegListener) -> Leg:
        """Raises Unavailable."""


class Taps(Protocol):
    """Listens to channels that are not answered yet. Raises Unavailable; then nothing is left behind."""

    async def open(self, call: str) -> None: ...

    async def close(self, call: str) -> bytes:
        """End a tap that is open, whether its call still lives or not; what it heard, A-law at 8 kHz."""


class Vad(Protocol):
    def voiced(self, pcm: bytes) -> bool:
        """Whether a frame of 320 octets (16 bits, 8 kHz) holds voice."""


class Utterance(Protocol):
    """What was understood of one stretch of sound; empty text: nothing. ``other``: it was speech all the same."""

    @property
    def text(self) -> str: ...

    @property
    def other(self) -> bool: ...

    @property
    def confidence(self) -> float | None:
        """0 to 1; None where the recogniser tells none."""


class SpeechStream(Protocol):
    """One call's part of a recogniser. ``feed`` never waits."""

    def feed(self, pcm: bytes) -> None: ...

    def finish(self) -> Awaitable[Utterance]:
        """The person has stopped; what is fed from now on, awaited or not, is another utterance. Raises Unavailable."""

    def close(self) -> None: ...


class SpeechSource(Protocol):
    def open(self, words: Sequence[str] | None, on_partial: Callable[[str], None]) -> SpeechStream: ...


class Gate(Protocol):
    """Lets speech through, with the moment before it."""

    def push(self, pcm: bytes, voiced: bool) -> bytes: ...
