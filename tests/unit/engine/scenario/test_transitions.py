"""The table of phases is exactly what the machine does, and the picture in the documentation is the table."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

from engine.scenario import events as on
from engine.scenario.document import (
    AudioPlay,
    Branch,
    Digits,
    MachineFilter,
    Node,
    OnMachine,
    Recognition,
    Scenario,
    Transfer,
    Words,
)
from engine.scenario.machine import start, step
from engine.scenario.state import TRANSITIONS, Limits, Phase, State
from tests.unit.engine.scenario.strategies import possible_events

PAGE = Path(__file__).parents[4] / "docs" / "scenario.md"
TURN = re.compile(r"^\s*(\w+|\[\*\]) --> (\w+|\[\*\])", re.MULTILINE)

PROMPT = AudioPlay(material="hello")
BYE = Node(id="bye", play=PROMPT)
SILENT_QUESTION = Node(
    id="silent-question",
    recognition=Recognition(
        branches=(
            Branch(when=Words(contains=("да",)), then=BYE),
            Branch(when=Digits(digits="2"), then=Node(id="call", transfer=Transfer(numbers=("100",), on_failure=BYE))),
        )
    ),
)
QUESTION = Node(
    id="question", play=PROMPT, recognition=Recognition(branches=(Branch(when=Digits(digits="1"), then=BYE),))
)
TO_OPERATOR = Node(id="to-operator", play=PROMPT, transfer=Transfer(numbers=("100",), on_failure=SILENT_QUESTION))
AT_ONCE = Node(id="at-once", transfer=Transfer(numbers=("100",), on_failure=QUESTION))
STARTS = (Node(id="nothing"), BYE, SILENT_QUESTION, QUESTION, TO_OPERATOR, AT_ONCE)
FILTERS = (None, MachineFilter(), MachineFilter(on_machine=OnMachine.DROP, drop=PROMPT))


def test_the_table_holds_every_change_of_phase_and_no_other() -> None:
    seen: dict[Phase, set[Phase]] = {phase: set() for phase in Phase}
    for first, rule in product(STARTS, FILTERS):
        scenario = Scenario(name="walk", machine_filter=rule, start=first)
        for before, after in _reachable(scenario):
            if before is not after:
                seen[before].add(after)
    assert seen == {phase: set(following) for phase, following in TRANSITIONS.items()}


def test_the_picture_is_the_table() -> None:
    picture = PAGE.read_text(encoding="utf-8").split("```mermaid")[1].split("```")[0]
    drawn = {(before, after) for before, after in TURN.findall(picture)}
    table = {(before.value, after.value) for before, following in TRANSITIONS.items() for after in following}
    assert drawn == table | {("[*]", "idle"), ("over", "[*]")}


def _reachable(scenario: Scenario) -> set[tuple[Phase, Phase]]:
    """Every change of phase within reach of any events, by looking at each kind of state once."""
    first = start(scenario, {}, Limits(max_steps=6))
    waiting, known = [first], {_kind(first)}
    changes: set[tuple[Phase, Phase]] = set()
    while waiting:
        state = waiting.pop()
        for event in [*possible_events(state), on.TransferEnded(on.Party.CUSTOMER)]:
            after = step(scenario, state, event).state
            changes.add((state.phase, after.phase))
            if _kind(after) not in known:
                known.add(_kind(after))
                waiting.append(after)
    return changes


def _kind(state: State) -> tuple[object, ...]:
    timer = (state.timer or "").split("#")[0]
    return state.phase, state.node, state.keyed, timer, state.listening, state.deaf, bool(state.path)
