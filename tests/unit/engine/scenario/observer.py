"""Watches a call from outside: what must hold for every document and every event."""

from __future__ import annotations

import msgspec

from engine.scenario import commands as do
from engine.scenario import events as on
from engine.scenario.document import Scenario
from engine.scenario.machine import step
from engine.scenario.state import TRANSITIONS, Phase, State


class Observer:
    """Feeds events to the machine and asserts its promises."""

    def __init__(self, scenario: Scenario, state: State) -> None:
        self.scenario = scenario
        self.state = state
        self.playing: str | None = None
        self.timer: str | None = None
        self.listening = False
        self.operator: str | None = None
        self.ended = False
        self.commands: list[do.Command] = []

    def feed(self, event: on.Event) -> tuple[do.Command, ...]:
        before = self.state
        result = step(self.scenario, before, event)
        self._note(event)
        if any(isinstance(command, do.Protest) for command in result.commands):
            assert len(result.commands) == 1
            assert result.state == before
        if self.ended or before.phase is Phase.OVER:
            assert result.commands == ()
        for command in result.commands:
            assert not self.ended, f"{command} after the end"
            self._obey(command)
        self.commands.extend(result.commands)
        self.state = result.state
        self._compare(before)
        return result.commands

    def _note(self, event: on.Event) -> None:
        match event:
            case on.PlayFinished(play_id=name) | on.PlayFailed(play_id=name) if name == self.playing:
                self.playing = None
            case on.TimerFired(timer=name) if name == self.timer:
                self.timer = None
            case on.TransferFailed(number=number) if number == self.operator:
                self.operator = None
            case on.HearingLost():
                self.listening = False
            case on.HungUp():
                self.playing = self.timer = self.operator = None
                self.listening = False

    def _obey(self, command: do.Command) -> None:
        match command:
            case do.Play(play_id=name):
                assert self.playing is None, "two prompts at once"
                self.playing = name
            case do.StopPlay(play_id=name):
                assert self.playing == name
                self.playing = None
            case do.StartTimer(timer=name):
                assert self.timer is None, "two timers at once"
                self.timer = name
            case do.CancelTimer(timer=name):
                assert self.timer == name
                self.timer = None
            case do.Listen():
                assert not self.listening
                self.listening = True
            case do.StopListening():
                assert self.listening
                self.listening = False
            case do.Dial(number=number):
                assert self.operator is None, "two operators at once"
                self.operator = number
            case do.StopDial(number=number):
                assert self.operator == number
                self.operator = None
            case do.HangUp():
                assert (self.playing, self.timer, self.listening) == (None, None, False)
                self.ended = True

    def _compare(self, before: State) -> None:
        after = self.state
        if after.phase is not before.phase:
            assert after.phase in TRANSITIONS[before.phase], f"{before.phase} -> {after.phase}"
        assert (after.play, after.timer) == (self.playing, self.timer)
        assert after.listening == self.listening
        if after.ringing is not None:
            assert after.ringing == self.operator
        assert after.goal >= before.goal
        assert after.blacklisted >= before.blacklisted
        assert after.tags[: len(before.tags)] == before.tags
        assert after.path[: len(before.path)] == before.path
        assert after.digits.startswith(before.digits)
        assert before.transferred_to in (None, after.transferred_to)
        assert msgspec.json.decode(msgspec.json.encode(after), type=State) == after

    @property
    def waits(self) -> bool:
        """True when something is under way that must report sooner or later."""
        return self.playing is not None or self.timer is not None or self.operator is not None or self.ended
