"""One turn of the machine: the state as it changes and the commands as they gather. The only place that holds
the invariants: one prompt, one timer and one listener at a time, nothing after the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from engine.domain.prompt import Prompt
from engine.scenario import commands as do
from engine.scenario.document import Node, Scenario, find
from engine.scenario.state import Phase, State
from engine.scenario.words import Forms, as_written


@dataclass(slots=True)
class Turn:
    scenario: Scenario
    state: State
    forms: Forms = as_written
    commands: list[do.Command] = field(default_factory=list)

    def set(self, **changes: Any) -> None:
        """Change fields of the state."""
        self.state = msgspec.structs.replace(self.state, **changes)

    def tell(self, command: do.Command) -> None:
        self.commands.append(command)

    @property
    def node(self) -> Node | None:
        """The current node."""
        return find(self.scenario, self.state.node) if self.state.node is not None else None

    def chose(self, choice: str) -> None:
        """Note in the path what led on from the current node."""
        self.set(path=(*self.state.path, f"{self.state.node}:{choice}"))

    def start_timer(self, name: str, seconds: float) -> None:
        """Run ``name`` instead of the timer that runs now."""
        self.cancel_timer()
        generation = self.state.timers + 1
        timer = f"{name}#{generation}"
        self.set(timer=timer, timers=generation)
        self.tell(do.StartTimer(timer, seconds))

    def cancel_timer(self) -> None:
        if self.state.timer is not None:
            self.tell(do.CancelTimer(self.state.timer))
            self.set(timer=None)

    def start_play(self, prompt: Prompt) -> None:
        self.stop_play()
        number = self.state.plays + 1
        play_id = f"play#{number}"
        self.set(play=play_id, plays=number)
        self.tell(do.Play(play_id, prompt))

    def stop_play(self) -> None:
        if self.state.play is not None:
            self.tell(do.StopPlay(self.state.play))
            self.set(play=None)

    def listen(self, words: tuple[str, ...], silence_s: float | None) -> None:
        if not self.state.listening and not self.state.deaf:
            self.set(listening=True)
            self.tell(do.Listen(words, silence_s))

    def stop_listening(self) -> None:
        if self.state.listening:
            self.set(listening=False)
            self.tell(do.StopListening())

    def quiet(self) -> None:
        """Stop whatever prompt, timer or listener is at work."""
        self.stop_play()
        self.cancel_timer()
        self.stop_listening()

    def hang_up(self, reason: do.HangUpReason) -> None:
        self.quiet()
        self.set(phase=Phase.ENDING)
        self.tell(do.HangUp(reason))
