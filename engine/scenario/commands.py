"""What the machine wants done. Imperative, frozen, to be done in the order given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from engine.domain.prompt import Prompt

if TYPE_CHECKING:
    from engine.scenario.events import Event


class HangUpReason(StrEnum):
    COMPLETED = "completed"
    MACHINE = "machine"
    SILENCE = "silence"
    NO_INPUT = "no_input"
    NO_MATCH = "no_match"
    TRANSFER_FAILED = "transfer_failed"
    LIMIT = "limit"
    """Too many steps or returns."""
    FAILED = "failed"
    """A prompt could not be played."""


@dataclass(frozen=True, slots=True)
class Record:
    """Record both directions until the call ends."""


@dataclass(frozen=True, slots=True)
class DetectMachine:
    """Say PersonDetected or MachineDetected as soon as it is known. The machine has its own deadline."""


@dataclass(frozen=True, slots=True)
class Play:
    """Begin ``prompt``, then say PlayFinished or PlayFailed with ``play_id``. Never two at once."""

    play_id: str
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class StopPlay:
    play_id: str


@dataclass(frozen=True, slots=True)
class Listen:
    """Tell SpeechStarted and Heard from now on. ``words`` are all phrases that matter (a grammar may be built of them);
    ``silence_s``: tell Silence after so many seconds, counted while no prompt plays; None: don't.
    """

    words: tuple[str, ...]
    silence_s: float | None = None


@dataclass(frozen=True, slots=True)
class StopListening:
    pass


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Say TimerFired(timer) in ``seconds``. At most one timer runs at a time; its id is never used again."""

    timer: str
    seconds: float


@dataclass(frozen=True, slots=True)
class CancelTimer:
    timer: str


@dataclass(frozen=True, slots=True)
class Dial:
    """Ring the operator at ``number`` (SIP URI or telephone number) for ``timeout_s``, ringback or music to the
    person meanwhile; on answer bridge both and say TransferAnswered, else TransferFailed. Never two at once.
    """

    number: str
    timeout_s: float


@dataclass(frozen=True, slots=True)
class StopDial:
    number: str


@dataclass(frozen=True, slots=True)
class MarkGoal:
    node: str


@dataclass(frozen=True, slots=True)
class AddToBlacklist:
    node: str


@dataclass(frozen=True, slots=True)
class SendMessage:
    """``text`` with its fields filled in, or the name of a ``material`` whose text is filled by the sender; one is
    empty.
    """

    node: str
    text: str
    material: str


@dataclass(frozen=True, slots=True)
class CallWebhook:
    node: str
    integration: str
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AddTag:
    node: str
    tag: str


@dataclass(frozen=True, slots=True)
class SaveField:
    """What the person keyed in, for the contact's record."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call and all that belongs to it. No command follows."""

    reason: HangUpReason


@dataclass(frozen=True, slots=True)
class Protest:
    """``event`` cannot be: it answers nothing that was asked. The state is unchanged; the owner should end the call
    safely.
    """

    event: Event
    phase: str


Command = (
    Record
    | DetectMachine
    | Play
    | StopPlay
    | Listen
    | StopListening
    | StartTimer
    | CancelTimer
    | Dial
    | StopDial
    | MarkGoal
    | AddToBlacklist
    | SendMessage
    | CallWebhook
    | AddTag
    | SaveField
    | HangUp
    | Protest
)
