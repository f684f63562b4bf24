"""What can lie in a call's mailbox besides the network's events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.domain.telephony import CallEvent
from engine.scenario import events as said


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer of the machine (``name``) or of the session itself (name in capitals) fired."""

    name: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The engine wants the call ended; ``why`` goes into its record."""

    why: str


@dataclass(frozen=True, slots=True)
class Resync:
    """Events may have been missed while Asterisk was out of reach."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Asterisk no longer has the channel, and nobody saw it end; ``at`` is when Asterisk was last heard."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Spoken:
    """When something was said, in seconds since the answer, and how sure the recogniser is of it (0 to 1)."""

    start_s: float
    end_s: float
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Perceived:
    """Something was heard, or decided not to be heard: goes to the machine as it is."""

    event: said.Event
    spoken: Spoken | None = None


@dataclass(frozen=True, slots=True)
class EarLost:
    """The media leg is gone, and not by us."""


ANSWER = Timer("ANSWER")
LONGEST = Timer("LONGEST")
GONE = Timer("GONE")
Message = CallEvent | Timer | Stop | Resync | Lost | Perceived | EarLost
