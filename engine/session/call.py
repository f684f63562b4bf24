"""The task of one call.

Everything that happens to the call arrives in its mailbox: the network's events, fired timers, wishes of the engine. One at a time
is turned into an event for the scenario's machine, and the machine's commands are carried out before the next is taken. The
session adds only what a scenario knows nothing about: placing the call, recording, the operator's leg, and the record of it all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import assert_never

import structlog

from engine.domain.attempt import Attempt, CallRecord, Marks, SideEffect
from engine.domain.errors import BadInput, Unavailable
from engine.domain.prompt import Prompt
from engine.domain.telephony import (
    CallEvent,
    Connected,
    DigitReceived,
    EarlyMedia,
    Ended,
    HangupRequested,
    LeftControl,
    PlaybackDone,
    Ringing,
)
from engine.scenario import commands as do
from engine.scenario import events as said
from engine.scenario.document import Scenario
from engine.scenario.machine import start, step
from engine.scenario.state import Limits, Phase, State
from engine.session import recording
from engine.session.facts import Facts
from engine.session.ports import CallStore, ClipSource, Phone
from engine.session.transfer import LegEvent, Transfer

INTERWORKING = 127
"""Q.850 cause of an end that the network did not explain."""
ENDING_S = 5.0
"""After our hang-up the channel must be gone within this; then we ask Asterisk, at last once a minute."""


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


ANSWER = Timer("ANSWER")
LONGEST = Timer("LONGEST")
GONE = Timer("GONE")
Message = CallEvent | Timer | Stop | Resync


class Call:
    """``deliver`` may be called from anywhere in the loop's thread; ``run`` once."""

    def __init__(
        self,
        attempt: Attempt,
        scenario: Scenario,
        clips: ClipSource,
        rendered: Mapping[Prompt, Path],
        phone: Phone,
        store: CallStore,
        recordings: Path,
    ) -> None:
        self.attempt = attempt
        self._scenario = scenario
        self._clips = clips
        self._rendered = rendered
        self._phone = phone
        self._store = store
        self._channel = str(attempt.call_id)
        self._record = attempt.record or scenario.recording
        self._raw = recordings / f"{self._channel}.raw"
        self._mailbox: asyncio.Queue[Message] = asyncio.Queue()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._facts = Facts(attempt.call_id)
        self._state: State = start(scenario, attempt.fields, Limits(action_timeout_s=attempt.action_timeout_s))
        self._transfer = Transfer(phone, self._channel, attempt.trunk, attempt.caller_id)
        self._saved = Marks()
        self._leaving = False
        self._pausing = False
        self.placed = False
        """Whether Asterisk has taken the originate: only then does a missing channel mean that the call is over."""
        self._log = structlog.get_logger("call").bind(call=self._channel)

    def deliver(self, message: Message) -> None:
        self._mailbox.put_nowait(message)

    async def run(self) -> CallRecord:
        """Place the call and follow it to its end. Never raises for what a telephone network or Asterisk does."""
        try:
            await self._originate()
            self.placed = True
            while self._facts.ended is None:
                await self._take(await self._mailbox.get())
        finally:
            for handle in self._timers.values():
                handle.cancel()
        await self._transfer.close()
        recorded = await recording.finish(self._raw) if self._record and self._facts.answered_at else None
        marks = self._facts.marks(self._state)
        record = self._facts.record(self._state, recorded, None if marks == self._saved else marks)
        self._log.info("call_ended", outcome=record.outcome, result=record.result, cause=record.cause, path=marks.path)
        return record

    def crashed(self) -> CallRecord:
        """The record of a call whose task broke: what is known until now."""
        self._facts.ended = self._facts.ended or _ended(self._channel)
        self._facts.why, self._facts.hung_up_by = "engine_error", "engine"
        return self._facts.record(self._state, None, self._facts.marks(self._state))

    async def _originate(self) -> None:
        self._arm(ANSWER, self.attempt.answer_timeout_s)
        try:
            await self._phone.originate(
                channel=self._channel,
                trunk=self.attempt.trunk,
                number=self.attempt.phone,
                caller_id=self.attempt.caller_id,
                timeout_s=self.attempt.answer_timeout_s,
                args="call",
                record_to=self._raw.with_suffix("") if self._record else None,
            )
        except Unavailable as error:
            # Asterisk may have placed it all the same (the answer was lost on the way): end it by its id.
            self._log.error("originate_failed", error=str(error))
            self._facts.why = str(error)
            self._facts.hung_up_by = (
                "network"  # counts against the trunk: if every originate fails, nobody can be called
            )
            await self._hang_up()
            self._facts.ended = _ended(self._channel)

    # ── events ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def _take(self, message: Message) -> None:
        match message:
            case Timer():
                await self._timer(message)
            case Stop(why):
                await self._end(by="engine", why=why)
            case Resync():
                await self._resync()
            case Connected() | Ringing() | EarlyMedia() | Ended() | HangupRequested() | LeftControl() if (
                message.channel != self._channel
            ):
                await self._operator(message)
            case Ringing(_, at):
                if self._facts.ringing_at is None:
                    self._facts.ringing_at = at
                    await self._quietly(self._store.ringing(self.attempt.call_id, at))
            case EarlyMedia():
                self._facts.early_media = True
            case Connected():
                await self._connected(message)
            case DigitReceived(channel, digit, _):
                if channel == self._channel:
                    await self._tell(said.Digit(digit))
            case PlaybackDone(_, playback, failed, _):
                await self._played(playback, failed)
            case HangupRequested():
                self._leaving = True
            case LeftControl():
                pass  # on its way to the recording context, or about to be destroyed
            case Ended():
                self._facts.ended = message
                await self._tell(said.HungUp())
            case _:
                assert_never(message)

    async def _connected(self, event: Connected) -> None:
        if self._facts.answered_at is None:
            self._disarm(ANSWER.name)
            self._facts.answered_at = event.at
            self._arm(LONGEST, self.attempt.longest_call_s)
            await self._quietly(self._store.answered(self.attempt.call_id, event.at))
            self._log.info("call_answered")
            if self._record:
                await self._phone.record(self._channel)
                return  # it comes back as Connected("recording")
        await self._tell(said.Answered())
        await self._fill_pause()

    async def _own(self, message: Timer | Stop | Resync) -> None:
        match message:
            case Timer():
                await self._timer(message)
            case Stop(why):
                await self._end(by="engine", why=why)
            case Resync():
                await self._resync()

    async def _timer(self, timer: Timer) -> None:
        self._timers.pop(timer.name, None)
        if timer == ANSWER:
            self._facts.timed_out = True
            await self._end(by="robot", why="answer_timeout")
        elif timer == LONGEST:
            await self._end(by="robot", why="longest_call")
        elif timer == GONE:
            await self._check_gone()
        else:
            await self._tell(said.TimerFired(timer.name))

    async def _played(self, playback: str, failed: bool) -> None:
        channel, _, play = playback.rpartition(".")
        if channel != self._channel:
            return  # the ringback tone
        if failed and not self._leaving:
            self._log.error("playback_failed", play=play)
            await self._tell(said.PlayFailed(play, "asterisk"))
        else:
            await self._tell(said.PlayFinished(play))
        await self._fill_pause()

    async def _operator(self, event: LegEvent) -> None:
        told = await self._transfer.take(event)
        if isinstance(told, said.TransferEnded):
            self._facts.hung_up_by = self._facts.hung_up_by or "operator"
        if told is not None:
            self._facts.legs = 2 if isinstance(told, said.TransferAnswered) else 1
            await self._tell(told)

    async def _resync(self) -> None:
        """The end of a prompt is the one missed event that would leave the call waiting for ever."""
        if (play := self._state.play) and not await self._phone.is_playing(self._playback(play)):
            await self._tell(said.PlayFinished(play))

    async def _tell(self, event: said.Event) -> None:
        before = self._state
        outcome = step(self._scenario, before, event)
        self._state = outcome.state
        self._log.debug(
            "step",
            old=before.phase,
            said=type(event).__name__,
            new=outcome.state.phase,
            action=[type(command).__name__ for command in outcome.commands],
        )
        for command in outcome.commands:
            await self._do(command)
        await self._save()

    # ── commands ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _do(self, command: do.Command) -> None:
        try:
            await self._carry_out(command)
        except (BadInput, Unavailable) as error:
            self._log.error("command_failed", command=type(command).__name__, error=str(error))
            if isinstance(command, do.Play):
                self._mailbox.put_nowait(PlaybackDone(self._channel, self._playback(command.play_id), True, _now()))
            elif isinstance(command, do.Dial):
                self._mailbox.put_nowait(_ended(self._transfer.leg))

    async def _carry_out(self, command: do.Command) -> None:
        match command:
            case do.Play(play_id, prompt):
                await self._pause(False)
                # what depends on keyed-in fields could not be rendered before
                clip = self._rendered.get(prompt) or await self._clips.clip(prompt)
                if not await self._phone.play(self._channel, self._playback(play_id), clip):
                    self._log.debug("play_on_gone_channel")  # its end is already in the mailbox
            case do.StopPlay(play_id):
                await self._phone.stop_playback(self._playback(play_id))
            case do.StartTimer(timer, seconds):
                self._arm(Timer(timer), seconds)
            case do.CancelTimer(timer):
                self._disarm(timer)
            case do.Dial(number, timeout_s):
                self._facts.legs = 2
                await self._pause(False)
                await self._transfer.dial(number, timeout_s)
            case do.StopDial():
                await self._transfer.close()
            case do.HangUp(reason):
                await self._end(by="robot", why="" if reason is do.HangUpReason.COMPLETED else reason.value)
            case do.DetectMachine():
                await self._tell(said.PersonDetected())  # no media leg: nothing listens, so nobody is kept waiting
            case do.SendMessage() | do.CallWebhook() | do.SaveField():
                self._facts.effects.append(self._effect(command))
            case do.Protest(event, phase):
                self._log.error("protest", said=type(event).__name__, phase=phase)
                await self._end(by="robot", why="protest")
            case do.Record() | do.Listen() | do.StopListening() | do.MarkGoal() | do.AddToBlacklist() | do.AddTag():
                pass  # recording runs since the answer; marks are facts of the state, saved after the step
            case _:
                assert_never(command)

    def _effect(self, command: do.SendMessage | do.CallWebhook | do.SaveField) -> SideEffect:
        payload: dict[str, object]
        match command:
            case do.SendMessage(place, text, material):
                kind, payload = "message", {"text": text, "material": material}
            case do.CallWebhook(place, integration, params):
                kind, payload = "webhook", {"integration": integration, "params": dict(params)}
            case do.SaveField(place, value):
                kind, payload = "field", {"name": place, "value": value}
        order = sum(effect.kind == kind for effect in self._facts.effects)
        key = f"{self._channel}:{place}:{kind}:{order}"
        return SideEffect(key, kind, {"phone": self.attempt.phone, **payload})

    async def _fill_pause(self) -> None:
        """In a recorded call silence is sent while the robot waits: where neither side sends anything (and some far ends
        do not), the recording would lose that time.
        """
        if self._state.phase is Phase.LISTENING and self._state.play is None and not self._leaving:
            await self._pause(True)

    async def _pause(self, on: bool) -> None:
        if self._record and on != self._pausing:
            self._pausing = on
            await self._quietly(self._phone.send_silence(self._channel, on))

    # ── helpers ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _end(self, *, by: str, why: str) -> None:
        self._facts.hung_up_by = self._facts.hung_up_by or by
        self._facts.why = self._facts.why or why
        await self._transfer.close()
        await self._hang_up()
        self._arm(GONE, ENDING_S)

    async def _hang_up(self) -> None:
        try:
            await self._phone.hang_up(self._channel)
        except Unavailable as error:
            self._log.warning("hangup_failed", error=str(error))

    async def _check_gone(self) -> None:
        """The channel's end was not told. Ask; without Asterisk wait for it, since a live channel costs money."""
        try:
            live = self._channel in await self._phone.live_channels()
        except Unavailable:
            live = True
        if live:
            await self._hang_up()
            self._arm(GONE, ENDING_S)
        else:
            self.deliver(_ended(self._channel))

    async def _save(self) -> None:
        marks = self._facts.marks(self._state)
        if marks != self._saved:
            try:
                await self._store.mark(self.attempt.call_id, marks)
                self._saved = marks
            except Unavailable as error:
                self._log.error("marks_not_saved", error=str(error))  # kept, and handed over with the record

    async def _quietly(self, write: Awaitable[None]) -> None:
        try:
            await write
        except Unavailable as error:
            self._log.error("not_done", error=str(error))

    def _playback(self, play: str) -> str:
        return f"{self._channel}.{play}"

    def _arm(self, timer: Timer, seconds: float) -> None:
        self._disarm(timer.name)
        self._timers[timer.name] = asyncio.get_running_loop().call_later(seconds, self.deliver, timer)

    def _disarm(self, name: str) -> None:
        if handle := self._timers.pop(name, None):
            handle.cancel()


def _now() -> datetime:
    return datetime.now(UTC)


def _ended(channel: str) -> Ended:
    """An end that Asterisk did not tell: known from its channel list, or from a refused originate."""
    return Ended(channel, INTERWORKING, "", 0, _now())
