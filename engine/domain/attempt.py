"""One attempt to call one contact: what is needed to make it, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from engine.domain.ids import E164, AccountId, CallId, CampaignId, ContactId, ScenarioId
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
    account: AccountId
    contact: ContactId
    phone: E164
    number: int
    """1 for the first attempt at this contact in this run of the campaign."""
    caller_id: str
    trunk: str
    scenario: ScenarioId
    fields: Mapping[str, str]
    answer_timeout_s: int
    action_timeout_s: int
    longest_call_s: int
    record: bool
    per_minute: Decimal
    carousel: bool = False
    """True for the one extra try from a carousel number."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """What became of an attempt; written once, with the money and the contact's next state, in one transaction."""

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
    machine: str | None = None
    path: tuple[str, ...] = ()
    dtmf: str = ""
    tags: tuple[str, ...] = ()
    transferred_to: str | None = None
    recording: str | None = None
    recording_s: float | None = None
    recording_sha256: str | None = None
    hung_up_by: str = ""

    @property
    def talk_seconds(self) -> float:
        """Seconds from answer to end; 0 when never answered."""
        return (self.ended_at - self.answered_at).total_seconds() if self.answered_at else 0.0
