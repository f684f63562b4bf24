"""A number said aloud where a branch waits for one."""

from __future__ import annotations

import pytest

from engine.scenario import commands as do
from engine.scenario import events as on
from engine.scenario.document import Branch, DigitsInput, Node, Recognition, Scenario, SpeechPlay, Words
from engine.scenario.machine import start, step
from engine.scenario.state import State


def document(spoken: bool) -> Scenario:
    return Scenario(
        name="n",
        start=Node(
            id="ask",
            play=SpeechPlay(text="Номер заказа?"),
            recognition=Recognition(
                branches=(
                    Branch(when=DigitsInput(min=2, max=4, save_as="order", spoken=spoken), then=Node(id="found")),
                    Branch(when=Words(contains=("@no",)), then=Node(id="none")),
                )
            ),
        ),
    )


def after(scenario: Scenario, *events: on.Event) -> tuple[State, list[do.Command]]:
    state, commands = start(scenario, {}), list[do.Command]()
    for event in (on.Answered(), *events):
        result = step(scenario, state, event)
        state = result.state
        commands += result.commands
    return state, commands


DONE = on.PlayFinished("play#1")


def test_a_number_said_aloud_is_kept() -> None:
    state, commands = after(document(True), DONE, on.Heard("сто двадцать три", final=True))
    assert state.saved == {"order": "123"}
    assert do.SaveField("order", "123") in commands
    assert state.path == ("ask", "ask:input", "found")


@pytest.mark.parametrize(
    ("spoken", "said", "final"),
    [(False, "сто двадцать три", True), (True, "сто двадцать", False), (True, "пять", True), (True, "раз", True)],
)
def test_nothing_is_kept_that_is_no_whole_number_of_that_length(spoken: bool, said: str, final: bool) -> None:
    state, _ = after(document(spoken), DONE, on.Heard(said, final=final))
    assert state.saved == {}


def test_words_still_count() -> None:
    state, _ = after(document(True), DONE, on.Heard("нет", final=True))
    assert state.path[-1] == "none"


@pytest.mark.parametrize("spoken", [True, False])
def test_number_words_are_expected_only_then(spoken: bool) -> None:
    _, commands = after(document(spoken))
    (listen,) = [command for command in commands if isinstance(command, do.Listen)]
    assert ("двадцать" in listen.words) == spoken
