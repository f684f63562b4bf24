"""What a call has come to so far: times, causes, marks. Plain bookkeeping without I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from engine.domain.attempt import CallRecord, Marks, Result, SideEffect
from engine.domain.ids import CallId
from engine.domain.outcome import classify, describe
from engine.domain.telephony import Ended
from engine.scenario.state import State
from engine.session.transcript import Transcript


@dataclass(slots=True)
class Facts:
    """Filled by the session, read once at the end by ``record``."""

    call: CallId
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    early_media: bool = False
    timed_out: bool = False
    hung_up_by: str = ""
    """Set by whoever of us ends the call first; left empty, the far end did."""
    why: str = ""
    """Why the engine ended it, or could not begin; overrides the network's cause in the record."""
    ended: Ended | None = None
    effects: list[SideEffect] = field(default_factory=list)
    legs: int = 1
    transcript: Transcript = field(default_factory=Transcript)
    early: str = ""
    """What the early media was, as far as it is known."""

    def lost(self, channel: str, at: datetime) -> None:
        """The channel vanished with Asterisk, or while it was out of reach: it lasted at most until ``at``."""
        self.why = self.why or "asterisk_lost"
        self.hung_up_by = self.hung_up_by or "engine"
        self.ended = Ended(channel, 0, "", 0, max(at, self.answered_at or at))

    def marks(self, state: State) -> Marks:
        """``state``'s facts as they go to the store."""
        return Marks(
            path=state.path,
            dtmf=state.digits,
            result=result_of(state),
            tags=state.tags,
            machine=state.machine,
            transferred_to=state.transferred_to,
            blacklist=state.blacklisted,
            legs=self.legs,
            effects=tuple(self.effects),
            turns=self.transcript.turns,
        )

    def record(self, state: State, saved: Marks) -> CallRecord:
        """The record of an ended call (``ended`` is set), of which ``saved`` has been written."""
        end = self.ended
        assert end is not None
        marks = self.marks(state)
        unsaved = marks.news(saved)
        outcome = classify(
            answered=self.answered_at is not None,
            q850=end.cause,
            sip=end.tech_cause,
            timed_out=self.timed_out,
            cancelled=self.hung_up_by == "engine",
            ringing=self.ringing_at is not None,
            early_media=self.early_media,
        )
        return CallRecord(
            call_id=self.call,
            outcome=outcome,
            cause=self.why or describe(end.cause, end.tech_cause),
            q850=end.cause,
            sip=end.tech_cause,
            ringing_at=self.ringing_at,
            answered_at=self.answered_at,
            ended_at=end.at,
            result=result_of(state),
            hung_up_by=self.hung_up_by or ("customer" if self.answered_at else "network"),
            unsaved=unsaved,
            turns=() if unsaved else marks.new_turns(saved),
            early=self.early,
        )


def result_of(state: State) -> Result | None:
    """One result a call, the most valuable first (manual, section 12)."""
    if state.goal:
        return Result.LEAD
    if state.blacklisted:
        return Result.BLACKLIST
    return Result.MACHINE if state.machine else None
