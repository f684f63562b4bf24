"""One attempt to call one contact: what is needed to make it, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from engine.domain.ids import E164, CallId, CampaignId, ContactId, ScenarioId
from engine.domain.outcome import Outcome


class Result(StrEnum):
    """What the conversation gave (manual, section 12: Лид, Черный список, Автоответчик)."""

    LEAD = "lead"
    BLACKLIST = "blacklist"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A claimed attempt. Its row in ``calls`` exists before this object does."""

    call_id: CallId
    campaign: CampaignId
    phone: E164
    caller_id: str
    trunk: str
    scenario: ScenarioId
    fields: Mapping[str, str]
    answer_timeout_s: int
    action_timeout_s: int
    longest_call_s: int
    record: bool


@dataclass(frozen=True, slots=True)
class SideEffect:
    """Something to happen outside because of a call: a message, a webhook. ``key`` makes a repeat harmless."""

    key: str
    kind: str
    payload: Mapping[str, object]


class TurnKind(StrEnum):
    SAID = "said"
    """By the robot, in a synthetic voice: ``text`` are the words."""
    PLAYED = "played"
    """By the robot, a recording: ``text`` is its name."""
    HEARD = "heard"
    """From the person, as the recogniser understood it."""
    KEYS = "keys"


@dataclass(frozen=True, slots=True)
class Turn:
    """A line of a call's transcript, the ``n``-th; seconds count from the answer. Personal, all of it.

    ``end_s`` None: it goes on, or nobody saw its end. ``node`` is where the scenario stood, ``led_to`` what this turn
    added to the path (``ask:yes>thanks``), empty when nothing followed from it. ``confidence`` 0 to 1, None where the
    recogniser tells none.
    """

    n: int
    kind: TurnKind
    text: str
    start_s: float
    end_s: float | None = None
    node: str = ""
    led_to: str = ""
    confidence: float | None = None
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Marks:
    """What the conversation has given so far; written while the call goes on, since the engine may die."""

    path: tuple[str, ...] = ()
    dtmf: str = ""
    result: Result | None = None
    tags: tuple[str, ...] = ()
    machine: str | None = None
    transferred_to: str | None = None
    blacklist: bool = False
    legs: int = 1
    """Trunk channels in use: 2 while an operator is rung or talks."""
    effects: tuple[SideEffect, ...] = ()
    turns: tuple[Turn, ...] = ()
    """The transcript, or those of its turns that are to be written."""

    def news(self, saved: Marks) -> Marks | None:
        """What of this must be written now, ``saved`` having been; None when there is nothing. That a prompt has ended
        can wait for the next news, or for the call's end.
        """
        if self == saved or (len(self.turns) == len(saved.turns) and replace(self, turns=saved.turns) == saved):
            return None  # the first comparison is for speed: most attempts have nothing to tell
        return replace(self, turns=self.new_turns(saved))

    def new_turns(self, saved: Marks) -> tuple[Turn, ...]:
        """Turns that are not in ``saved``, or otherwise."""
        return tuple(turn for turn in self.turns if turn not in saved.turns)


@dataclass(frozen=True, slots=True)
class Recording:
    """A finished recording at 8 kHz: stereo (left what the robot heard, right what it said) or both mixed into one."""

    path: str
    seconds: float
    sha256: str


@dataclass(frozen=True, slots=True)
class CallRecord:
    """How an attempt ended; written once, with the money and the contact's next state, in one transaction."""

    call_id: CallId
    outcome: Outcome
    cause: str
    """Short text: SIP status and Q.850 cause, or why the engine ended it."""
    q850: int
    sip: int
    ringing_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime
    result: Result | None = None
    hung_up_by: str = ""
    """robot, customer, operator, network or engine."""
    unsaved: Marks | None = None
    """Marks that could not be written while the call went on; to be written before its end."""
    turns: tuple[Turn, ...] = ()
    """What the transcript lacks yet."""
    early: str = ""
    """What the network played before the answer, or instead of one (``media.early.EarlySound``); empty: nothing."""

    @property
    def talk_seconds(self) -> float:
        """Seconds from answer to end; 0 when never answered."""
        return (self.ended_at - self.answered_at).total_seconds() if self.answered_at else 0.0


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """What the retry policy needs to know of an ended attempt."""

    outcome: Outcome
    result: Result | None = None
    carousel: bool = False


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """An attempt whose engine is gone."""

    call_id: CallId
    campaign: CampaignId
    contact: ContactId
    run: int
    state: str
    cell: str
    ringing_at: datetime | None
    answered_at: datetime | None
    per_minute: Decimal
    result: Result | None
    carousel: bool
    retry: Mapping[str, object]
