"""What holds for every document and every order of events."""

from __future__ import annotations

from hypothesis import given

from engine.scenario import commands as do
from engine.scenario import events as on
from engine.scenario.check import check, is_ready
from engine.scenario.document import Scenario, encode, parse
from engine.scenario.machine import start
from engine.scenario.prompts import prompts, saved_fields
from engine.scenario.simulate import Simulation
from engine.scenario.state import Limits, Phase
from tests.unit.engine.scenario.observer import Observer
from tests.unit.engine.scenario.strategies import Move, moves, scenarios

FIELDS = {"name": "Иван", "boss": "+79000000042"}
LIMITS = Limits(max_steps=20)


@given(scenarios(), moves())
def test_any_event_in_any_state_keeps_the_promises(scenario: Scenario, played: list[Move]) -> None:
    observer = Observer(scenario, start(scenario, FIELDS, LIMITS))
    observer.feed(on.Answered())
    for move in played:
        observer.feed(move.event(observer.state))
        if observer.state.phase not in (Phase.IDLE, Phase.TALKING, Phase.OVER):
            assert observer.waits, "nothing under way: the call would hang"
    marked = [command for command in observer.commands if isinstance(command, do.MarkGoal | do.AddToBlacklist)]
    assert len(marked) == observer.state.goal + observer.state.blacklisted
    observer.feed(on.HungUp())
    assert observer.state.phase is Phase.OVER


@given(scenarios(), moves())
def test_left_alone_every_call_ends_with_one_hang_up(scenario: Scenario, played: list[Move]) -> None:
    observer = Observer(scenario, start(scenario, FIELDS, LIMITS))
    observer.feed(on.Answered())
    for move in played[:10]:
        event = move.event(observer.state)
        if not isinstance(event, on.HungUp):
            observer.feed(event)
    simulation = Simulation(scenario, FIELDS, LIMITS)
    for _ in range(40 * LIMITS.max_steps):
        if observer.ended:
            break
        simulation.state = observer.state
        passing = simulation.pass_time()
        assert passing is not None
        observer.feed(passing)
    assert [type(command) for command in observer.commands].count(do.HangUp) == 1


@given(scenarios(), moves())
def test_every_prompt_played_was_known_before_dialling(scenario: Scenario, played: list[Move]) -> None:
    known = set(prompts(scenario, FIELDS))
    observer = Observer(scenario, start(scenario, FIELDS, LIMITS))
    observer.feed(on.Answered())
    for move in played:
        observer.feed(move.event(observer.state))
    if not saved_fields(scenario):
        assert {command.prompt for command in observer.commands if isinstance(command, do.Play)} <= known


@given(scenarios())
def test_check_never_fails_and_documents_survive_json(scenario: Scenario) -> None:
    assert parse(encode(scenario)) == scenario
    problems = check(scenario, materials=["hello"], fields=["name"], voices=[], integrations=[])
    ids = {node for node in (problem.node for problem in problems) if node is not None}
    assert ids <= {"a", "b", "c", "d", "e"}
    assert all(str(problem) for problem in problems)
    if scenario.start.play is None:
        assert not is_ready(problems)
