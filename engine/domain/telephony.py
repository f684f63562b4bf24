"""What the telephone network tells us about one call. Past tense, frozen, with wall-clock times as they reached us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Ringing:
    channel: str
    at: datetime


@dataclass(frozen=True, slots=True)
class EarlyMedia:
    """The far end plays something before it answers: ringback, or an operator's announcement. Never an answer."""

    channel: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Connected:
    """An answered channel is in our hands (ARI's StasisStart)."""

    channel: str
    args: tuple[str, ...]
    at: datetime
    caller: str = ""
    called: str = ""


@dataclass(frozen=True, slots=True)
class DigitReceived:
    channel: str
    digit: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PlaybackDone:
    channel: str
    playback: str
    failed: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class LeftControl:
    """The channel left our application without having been destroyed yet (ARI's StasisEnd)."""

    channel: str
    at: datetime


@dataclass(frozen=True, slots=True)
class HangupRequested:
    """The far end hung up; the channel will be destroyed in a moment, and what was playing stops."""

    channel: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """The channel is gone. ``cause`` is Q.850; ``tech_cause`` the SIP status where one was received, else 0."""

    channel: str
    cause: int
    cause_text: str
    tech_cause: int
    at: datetime


CallEvent = Ringing | EarlyMedia | Connected | DigitReceived | PlaybackDone | LeftControl | HangupRequested | Ended
