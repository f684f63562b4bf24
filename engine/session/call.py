"""The task of one call.

Everything that happens to the call arrives in its mailbox: the network's events, fired timers, wishes of the engine. One at a
time is turned into an event for the scenario's machine, and the machine's commands are carried out before the next is taken. The
session adds only what a scenario knows nothing about: placing the call, recording, the operator's leg, and the record
of it all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import assert_never

import structlog

from engine.domain.attempt import Attempt, CallRecord, Marks
from engine.domain.errors import Unavailable
from engine.domain.prompt import Prompt
from engine.domain.telephony import (
    Connected,
    DigitReceived,
    EarlyMedia,
    Ended,
    HangupRequested,
    LeftControl,
    PlaybackDone,
    Ringing,
)
from engine.scenario import events as said
from engine.scenario.machine import step
from engine.scenario.script import Script
from engine.scenario.state import Phase, State
from engine.scenario.words import as_written
from engine.session.actions import Actions, Line, ended
from engine.session.ear import Ear, Hearing
from engine.session.early import EarlyHearing, EarlyTap
from engine.session.facts import Facts
from engine.session.limits import limits
from engine.session.messages import (
    ANSWER,
    GONE,
    LONGEST,
    EarLost,
    Lost,
    Message,
    Perceived,
    Resync,
    Spoken,
    Stop,
    Timer,
)
from engine.session.notes import Notes
from engine.session.ports import ASTERISK_AWAY, CallStore, ClipSource, Phone
from engine.session.timers import Timers
from engine.session.transfer import LegEvent, Transfer

log = structlog.get_logger("call")
SAFETY_S = 10
"""Added to the answer timeout that Asterisk is told: our own timer ends the ringing, this is for when we are gone."""
ORPHAN_S = 30
"""Asterisk ends a call by itself this long after we should have done so."""


class Call:
    """``deliver`` may be called from anywhere in the loop's thread; ``run`` once."""

    def __init__(
        self,
        attempt: Attempt,
        script: Script,
        clips: ClipSource,
        rendered: Mapping[Prompt, Path],
        phone: Phone,
        store: CallStore,
        recordings: Path,
        hearing: Hearing | None = None,
        early: EarlyHearing | None = None,
    ) -> None:
        self.attempt = attempt
        self.placed = False
        """Whether Asterisk has taken the originate: only then does a missing channel mean that the call is over."""
        self._scenario = script.scenario
        self._phone = phone
        self._notes = Notes(attempt.call_id, store)
        self._channel = str(attempt.call_id)
        self._record = attempt.record or script.scenario.recording
        self._recordings = recordings
        self._mailbox: asyncio.Queue[Message] = asyncio.Queue()
        self._timers = Timers(self.deliver)
        self._facts = Facts(attempt.call_id)
        self._state: State = script.start(attempt.fields, limits(attempt, hearing))
        self._transfer = Transfer(
            phone, self._channel, attempt.trunk, attempt.caller_id, attempt.longest_call_s + ORPHAN_S
        )
        self._early = EarlyTap(self._channel, early)
        self._needs = script.needs
        self._forms = hearing.forms if hearing is not None else as_written
        wanted = hearing is not None and self._needs.any
        self._ear = Ear(self._channel, hearing, self.deliver) if hearing and wanted else None
        line = Line(self._channel, attempt.phone, self._record, rendered, self._ear)
        self._actions = Actions(line, phone, clips, self._facts, self._transfer, self._timers, self.deliver)
        self._leaving = False
        self._answered = 0.0

    def deliver(self, message: Message) -> None:
        self._mailbox.put_nowait(message)

    @property
    def leg(self) -> str | None:
        """The operator's channel that Asterisk should have now."""
        return self._transfer.leg if self._transfer.placed else None

    async def run(self) -> CallRecord:
        """Place the call and follow it to its end. Never raises for what a telephone network or Asterisk does."""
        try:
            await self._originate()
            self.placed = True
            while self._facts.ended is None:
                await self._take(await self._mailbox.get())
        finally:
            self._timers.close()
            if self._ear is not None:
                await self._ear.detach()
        await self._transfer.close()
        if self._facts.early_media:
            self._facts.early = await self._early.end()
        record = self._facts.record(self._state, self._notes.saved)
        told = {"outcome": record.outcome, "result": record.result, "cause": record.cause}
        log.info("call_ended", call=self._channel, **told, path=self._state.path)
        return record

    def crashed(self) -> CallRecord:
        """The record of a call whose task broke: what is known until now."""
        self._facts.ended = self._facts.ended or ended(self._channel)
        self._facts.why, self._facts.hung_up_by = "engine_error", "engine"
        return self._facts.record(self._state, Marks())

    async def _originate(self) -> None:
        self._timers.arm(ANSWER, self.attempt.answer_timeout_s)
        try:
            await self._phone.originate(
                channel=self._channel,
                trunk=self.attempt.trunk,
                number=self.attempt.phone,
                caller_id=self.attempt.caller_id,
                timeout_s=self.attempt.answer_timeout_s + SAFETY_S,
                args="call",
                record_to=self._recordings / self._channel if self._record else None,
                longest_s=self.attempt.answer_timeout_s + self.attempt.longest_call_s + ORPHAN_S,
            )
        except Unavailable as error:
            # Asterisk may have placed it all the same (the answer was lost on the way): end it by its id.
            log.error("originate_failed", call=self._channel, error=str(error))
            self._facts.why = str(error)
            # It counts against the trunk, since where every originate fails, nobody can be called; but not when
            # Asterisk was away.
            self._facts.hung_up_by = "engine" if error.code == ASTERISK_AWAY else "network"
            await self._actions.hang_up()
            self._facts.ended = ended(self._channel)

    async def _take(self, message: Message) -> None:
        match message:
            case Timer() | Stop() | Resync() | Lost() | EarLost() | Perceived():
                await self._own(message)
            case DigitReceived(channel, digit, _):
                if channel == self._channel:
                    await self._tell(said.Digit(digit))
            case PlaybackDone(_, playback, failed, _):
                await self._played(playback, failed)
            case _ if message.channel != self._channel:
                await self._operator(message)
            case _:
                await self._progress(message)

    async def _own(self, message: Timer | Stop | Resync | Lost | EarLost | Perceived) -> None:
        match message:
            case Timer():
                await self._timer(message)
            case Stop(why):
                await self._actions.end(by="engine", why=why)
            case Resync():
                await self._notes.quietly(self._resync())
            case Lost(at):
                self._facts.lost(self._channel, at)
                await self._tell(said.HungUp())
            case EarLost():
                await self._ear_lost()
            case Perceived(event, spoken):
                await self._perceived(event, spoken)

    async def _progress(self, event: LegEvent) -> None:
        """What becomes of the person's channel."""
        match event:
            case Ringing(_, at):
                if self._facts.ringing_at is None:
                    self._facts.ringing_at = at
                    await self._notes.ringing(at)
            case EarlyMedia():
                self._facts.early_media = True
                self._early.begin()
            case Connected():
                await self._connected(event)
            case HangupRequested():
                self._leaving = True
            case LeftControl():
                pass  # on its way to the recording context, or about to be destroyed
            case Ended():
                self._facts.ended = event
                await self._tell(said.HungUp())
            case _:
                assert_never(event)

    async def _connected(self, event: Connected) -> None:
        if self._facts.answered_at is None:
            self._timers.disarm(ANSWER.name)
            self._early.answered()
            self._facts.answered_at = event.at
            self._answered = asyncio.get_running_loop().time()
            self._timers.arm(LONGEST, self.attempt.longest_call_s)
            await self._notes.answered(event.at)
            log.info("call_answered", call=self._channel)
            if self._record:
                await self._notes.quietly(self._phone.record(self._channel))
                return  # it comes back as Connected("recording")
        hears = self._ear is None or await self._ear.attach(self._answered)
        await self._tell(said.Answered())
        if not hears:
            await self._tell(said.HearingLost())

    async def _ear_lost(self) -> None:
        """Its channel ends with the call's: then there is nobody left to hear."""
        if not self._leaving and self._ear is not None:
            log.error("ear_lost", call=self._channel)
            await self._ear.detach()
            await self._tell(said.HearingLost())

    async def _perceived(self, event: said.Event, spoken: Spoken | None) -> None:
        decided = isinstance(event, said.PersonDetected) and self._state.phase is Phase.SCREENING
        if decided and self._ear is not None and not self._needs.voice:
            await self._ear.detach()  # it was only for this; the rest of the call is cheaper without
        await self._tell(event, spoken)

    async def _timer(self, timer: Timer) -> None:
        if timer == ANSWER:
            if self._facts.answered_at is None:  # it may have fired while the answer lay in the mailbox
                self._facts.timed_out = True
                await self._actions.end(by="robot", why="answer_timeout")
        elif timer == LONGEST:
            await self._actions.end(by="robot", why="longest_call")
        elif timer == GONE:
            await self._actions.check_gone()
        else:
            await self._tell(said.TimerFired(timer.name))

    async def _played(self, playback: str, failed: bool) -> None:
        channel, _, play = playback.rpartition(".")
        if channel != self._channel:
            return  # the ringback tone
        if failed and not self._leaving:
            log.error("playback_failed", call=self._channel, play=play)
            await self._tell(said.PlayFailed(play, "asterisk"))
        else:
            await self._tell(said.PlayFinished(play))

    async def _operator(self, event: LegEvent) -> None:
        told = await self._transfer.take(event)
        if isinstance(told, said.TransferEnded):
            self._facts.hung_up_by = self._facts.hung_up_by or "operator"
        if told is not None:
            self._facts.legs = 2 if isinstance(told, said.TransferAnswered) else 1
            if isinstance(told, said.TransferFailed) and self._ear is not None and self._needs.voice:
                await self._ear.attach(self._answered)
            await self._tell(told)

    async def _resync(self) -> None:
        """The end of a prompt is the one missed event that would leave the call waiting for ever."""
        if (play := self._state.play) and not await self._phone.is_playing(self._actions.playback(play)):
            await self._tell(said.PlayFinished(play))

    async def _tell(self, event: said.Event, spoken: Spoken | None = None) -> None:
        if self._leaving and not isinstance(event, said.HungUp):
            return  # nobody is there: a prompt cut off by the hang-up must not lead on to the next node and its marks
        before = self._state
        outcome = step(self._scenario, before, event, self._forms)
        self._state = outcome.state
        at = asyncio.get_running_loop().time() - self._answered
        self._facts.transcript.add(event, spoken, before, outcome, at)
        names = [type(command).__name__ for command in outcome.commands]
        told = {"old": before.phase, "said": type(event).__name__, "new": outcome.state.phase}
        log.debug("step", call=self._channel, **told, action=names)
        for command in outcome.commands:
            await self._actions.carry_out(command)
        if self._state.phase is Phase.LISTENING and self._state.play is None:
            await self._actions.fill_pauses(True)
            if self._ear is not None and (before.play is not None or before.phase is not Phase.LISTENING):
                self._ear.begin_silence()
        await self._notes.mark(self._facts.marks(self._state))
