"""Short ways to write a call down in a test."""

from __future__ import annotations

from typing import TypeVar

from engine.scenario import commands as do
from engine.scenario import events as on
from engine.scenario.document import (
    AudioPlay,
    Branch,
    Digits,
    MachineFilter,
    Node,
    Recognition,
    Scenario,
    SpeechPlay,
    Words,
)
from engine.scenario.machine import start
from engine.scenario.state import Limits
from tests.unit.engine.scenario.observer import Observer

_C = TypeVar("_C", bound=do.Command)

THANKS = Node(id="thanks", goal=True, play=SpeechPlay(text="Спасибо, {{name}}!"))
BYE = Node(id="bye", play=AudioPlay(material="bye"))


def branch(when: str, then: Node) -> Branch:
    """A branch for keys, or for words where ``when`` holds a letter."""
    if any(sign.isalpha() for sign in when):
        return Branch(when=Words(contains=(when,)), then=then)
    return Branch(when=Digits(digits=when), then=then)


def scenario(start_node: Node, *, rule: MachineFilter | None = None, silence_limit_s: float | None = None) -> Scenario:
    return Scenario(name="Проверка", start=start_node, machine_filter=rule, silence_limit_s=silence_limit_s)


def question(*branches: Branch, repeats: int = 0, silence: Node | None = None, no_match: Node | None = None) -> Node:
    """A node that asks."""
    answers = Recognition(branches=branches, repeats=repeats, on_silence=silence, on_no_match=no_match)
    return Node(id="ask", play=AudioPlay(material="ask"), recognition=answers)


class Call(Observer):
    """A call under the observer's eyes, with words for what people and telephones do."""

    def __init__(self, document: Scenario, fields: dict[str, str] | None = None, limits: Limits | None = None) -> None:
        super().__init__(document, start(document, fields or {}, limits))

    def answer(self) -> tuple[do.Command, ...]:
        return self.feed(on.Answered())

    def hear_out(self) -> tuple[do.Command, ...]:
        """The prompt ends by itself."""
        assert self.playing is not None
        return self.feed(on.PlayFinished(self.playing))

    def press(self, keys: str) -> tuple[do.Command, ...]:
        return tuple(command for key in keys for command in self.feed(on.Digit(key)))

    def say(self, text: str) -> tuple[do.Command, ...]:
        return self.feed(on.SpeechStarted()) + self.feed(on.Heard(text, final=True))

    def time_out(self) -> tuple[do.Command, ...]:
        assert self.timer is not None
        return self.feed(on.TimerFired(self.timer))

    @property
    def reason(self) -> do.HangUpReason:
        """Why the robot hung up."""
        (last,) = of(do.HangUp, tuple(self.commands))
        return last.reason


def of(kind: type[_C], commands: tuple[do.Command, ...]) -> list[_C]:
    """The commands of one kind."""
    return [command for command in commands if isinstance(command, kind)]
