"""Carrying out the machine's commands on the channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import assert_never

import structlog

from engine.domain.attempt import SideEffect
from engine.domain.errors import BadInput, Unavailable
from engine.domain.ids import E164
from engine.domain.prompt import Prompt
from engine.domain.telephony import Ended, PlaybackDone
from engine.scenario import commands as do
from engine.scenario import events as said
from engine.session.ear import Ear
from engine.session.facts import Facts
from engine.session.messages import GONE, Message, Perceived, Timer
from engine.session.ports import ClipSource, Phone
from engine.session.timers import Timers
from engine.session.transfer import Transfer

log = structlog.get_logger("call")
INTERWORKING = 127
"""Q.850 cause of an end that the network did not explain."""
ENDING_S = 5.0
"""After our hang-up the channel must be gone within this; then we ask Asterisk, again and again."""


@dataclass(frozen=True, slots=True)
class Line:
    """The channel of the call and what serves it."""

    channel: str
    phone: E164
    recorded: bool
    rendered: Mapping[Prompt, Path]
    ear: Ear | None = None
    """None: the scenario needs none, or this cell hears nothing."""


class Actions:
    """``deliver`` puts what follows from an action into the call's mailbox."""

    def __init__(
        self,
        line: Line,
        phone: Phone,
        clips: ClipSource,
        facts: Facts,
        transfer: Transfer,
        timers: Timers,
        deliver: Callable[[Message], None],
    ) -> None:
        self._line = line
        self._phone = phone
        self._clips = clips
        self._facts = facts
        self._transfer = transfer
        self._timers = timers
        self._deliver = deliver
        self._filling = False

    async def carry_out(self, command: do.Command) -> None:
        """What Asterisk or a voice refuses is reported to the machine as it would see it happen."""
        try:
            await self._dispatch(command)
        except (BadInput, Unavailable) as error:
            log.error("command_failed", call=self._line.channel, command=type(command).__name__, error=str(error))
            if isinstance(command, do.Play):
                playback = self.playback(command.play_id)
                self._deliver(PlaybackDone(self._line.channel, playback, True, datetime.now(UTC)))
            elif isinstance(command, do.Dial):
                self._deliver(ended(self._transfer.leg))

    async def _dispatch(self, command: do.Command) -> None:
        match command:
            case do.Play():
                await self._play(command)
            case do.StopPlay(play_id):
                await self._phone.stop_playback(self.playback(play_id))
            case do.StartTimer(timer, seconds):
                self._timers.arm(Timer(timer), seconds)
            case do.CancelTimer(timer):
                self._timers.disarm(timer)
            case do.Dial(number, timeout_s):
                self._facts.legs = 2
                await self._go_deaf()
                await self.fill_pauses(False)
                await self._transfer.dial(number, timeout_s)
            case do.StopDial():
                await self._transfer.close()
            case do.HangUp(reason):
                await self.end(by="robot", why="" if reason is do.HangUpReason.COMPLETED else reason.value)
            case do.DetectMachine() | do.Listen() | do.StopListening():
                self._hear(command)
            case do.SendMessage() | do.CallWebhook() | do.SaveField():
                self._facts.effects.append(self._effect(command))
            case do.Protest(event, phase):
                log.error("protest", call=self._line.channel, said=type(event).__name__, phase=phase)
                await self.end(by="robot", why="protest")
            case do.Record() | do.MarkGoal() | do.AddToBlacklist() | do.AddTag():
                pass  # recording runs since the answer; marks are facts of the state, saved after the step
            case _:
                assert_never(command)

    async def _play(self, command: do.Play) -> None:
        await self.fill_pauses(False)
        # what depends on keyed-in fields could not be rendered before
        clip = self._line.rendered.get(command.prompt) or await self._clips.clip(command.prompt)
        if self._line.ear is not None:
            self._line.ear.robot_says(clip)
        played = await self._clips.linear(clip) if self._line.recorded else clip
        if not await self._phone.play(self._line.channel, self.playback(command.play_id), played):
            log.debug("play_on_gone_channel", call=self._line.channel)  # its end is already in the mailbox

    def _hear(self, command: do.DetectMachine | do.Listen | do.StopListening) -> None:
        ear = self._line.ear
        match command:
            case do.DetectMachine():
                if ear is not None and ear.attached:
                    ear.screen()
                else:  # nothing listens on this call, so nobody is kept waiting for a verdict
                    self._deliver(Perceived(said.PersonDetected()))
            case do.Listen(words, silence_s):
                if ear is not None:
                    ear.listen(words, silence_s)
            case do.StopListening():
                if ear is not None:
                    ear.stop_listening()

    async def _go_deaf(self) -> None:
        if self._line.ear is not None:
            await self._line.ear.detach()

    async def fill_pauses(self, on: bool) -> None:
        """In a recorded call silence is sent while the robot waits: where neither side sends anything (and some far ends
        do not), the recording would lose that time.
        """
        if self._line.recorded and on != self._filling:
            self._filling = on
            try:
                await self._phone.send_silence(self._line.channel, on)
            except Unavailable as error:
                log.warning("silence_not_switched", call=self._line.channel, on=on, error=str(error))

    async def end(self, *, by: str, why: str) -> None:
        """End the call. The first who ends it, and why, go into its record."""
        self._facts.hung_up_by = self._facts.hung_up_by or by
        self._facts.why = self._facts.why or why
        await self._transfer.close()
        await self._go_deaf()
        await self.hang_up()
        self._timers.arm(GONE, ENDING_S)

    async def hang_up(self) -> None:
        try:
            await self._phone.hang_up(self._line.channel)
        except Unavailable as error:
            log.warning("hangup_failed", call=self._line.channel, error=str(error))

    async def check_gone(self) -> None:
        """The channel's end was not told. Ask; without Asterisk wait for it, since a live channel costs money."""
        try:
            live = self._line.channel in await self._phone.live_channels()
        except Unavailable:
            live = True
        if live:
            await self.hang_up()
            self._timers.arm(GONE, ENDING_S)
        else:
            self._deliver(ended(self._line.channel))

    def playback(self, play: str) -> str:
        """The ARI id of a playback of the machine."""
        return f"{self._line.channel}.{play}"

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
        key = f"{self._line.channel}:{place}:{kind}:{order}"
        return SideEffect(key, kind, {"phone": self._line.phone, **payload})


def ended(channel: str) -> Ended:
    """An end that Asterisk did not tell: known from its channel list, or from a refused originate."""
    return Ended(channel, INTERWORKING, "", 0, datetime.now(UTC))
