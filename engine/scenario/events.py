"""What happened in a call, as the machine is told. Past tense, frozen. Identifiers are those of the machine's own
commands.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class MachineKind(StrEnum):
    """What answered instead of a person."""

    VOICEMAIL = "voicemail"
    ANNOUNCEMENT = "announcement"
    SECRETARY = "secretary"
    IVR = "ivr"
    FAX = "fax"
    UNKNOWN = "unknown"


class Party(StrEnum):
    CUSTOMER = "customer"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Answered:
    """The person took the call; early media is no answer."""


@dataclass(frozen=True, slots=True)
class PlayFinished:
    """The prompt was played to its end. Need not come after ``commands.StopPlay``; harmless when it does."""

    play_id: str


@dataclass(frozen=True, slots=True)
class PlayFailed:
    play_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Digit:
    """One key: ``0``-``9``, ``*`` or ``#``."""

    symbol: str


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """A voice is heard, and has lasted longer than a cough."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the recogniser makes of the current utterance; ``final`` when the person has stopped speaking. ``other``: it was
    speech, whatever ``text`` holds of it; empty ``text`` without is noise.
    """

    text: str
    final: bool
    other: bool = False


@dataclass(frozen=True, slots=True)
class Silence:
    """Nobody has spoken for ``seconds`` since the prompt ended."""

    seconds: float


@dataclass(frozen=True, slots=True)
class PersonDetected:
    """The answer to ``commands.DetectMachine``; also when nothing can listen."""


@dataclass(frozen=True, slots=True)
class MachineDetected:
    """A machine, by detection or by a later revision of the verdict. ``guessed``: its kind is no more than likely."""

    kind: MachineKind
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class GreetingEnded:
    """The machine's greeting is over (silence or beep): what is played now is recorded by it."""


@dataclass(frozen=True, slots=True)
class TimerFired:
    timer: str


@dataclass(frozen=True, slots=True)
class TransferAnswered:
    number: str


@dataclass(frozen=True, slots=True)
class TransferFailed:
    """The operator at ``number`` was not reached within the time of ``commands.Dial``."""

    number: str
    why: str


@dataclass(frozen=True, slots=True)
class TransferEnded:
    by: Party


@dataclass(frozen=True, slots=True)
class HearingLost:
    """Nothing can be heard from now on; keys still arrive."""


@dataclass(frozen=True, slots=True)
class HungUp:
    """The person's channel is gone, whoever ended it."""


Event = (
    Answered
    | PlayFinished
    | PlayFailed
    | Digit
    | SpeechStarted
    | Heard
    | Silence
    | PersonDetected
    | MachineDetected
    | GreetingEnded
    | TimerFired
    | TransferAnswered
    | TransferFailed
    | TransferEnded
    | HearingLost
    | HungUp
)
