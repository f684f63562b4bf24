from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.domain.text import use
from engine.scenario.document import MachineFilter, OnMachine, Scenario, parse
from engine.scenario.simulate import simulate
from engine.scenario.state import Phase, State
from tests.unit.engine.scenario.calls import BYE, branch, question, scenario

DATA = Path(__file__).parents[3] / "data" / "scenarios"


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    use("en")
    yield
    use("en")


def walk(document: Scenario, *lines: str) -> tuple[State, list[str]]:
    """The last state and the transcript of a person who types ``lines`` and then leaves."""
    typed = iter(lines)

    def read(_prompt: str) -> str:
        try:
            return next(typed)
        except StopIteration:
            raise EOFError from None

    written: list[str] = []
    state = simulate(document, {"name": "Иван"}, read, written.append)
    assert state.phase is Phase.OVER
    assert next(typed, None) is None, "the call ended before all was typed"
    return state, written


def demo() -> Scenario:
    return parse((DATA / "demo.json").read_bytes())


def test_a_lead() -> None:
    state, written = walk(demo(), "1")
    assert state.path == ("ask", "ask:1", "interested")
    assert state.goal
    assert any(line.startswith("00:00  Robot: Здравствуйте, Иван!") for line in written)
    assert "00:00  Marks the contact as a lead" in written
    assert written[-4:] == [
        "00:04  Robot hangs up: the scenario is completed",
        "Path: ask → ask:1 → interested",
        "Keys: 1",
        "Result: lead",
    ]


def test_silence_goes_through_the_prompt_and_the_time_out() -> None:
    state, written = walk(demo(), ".", ".")
    assert state.path == ("ask", "ask:repeat", "ask:silence", "silent")
    assert "00:16  Waits 7 s for an answer" in written


def test_operators() -> None:
    state, written = walk(demo(), "3", "b", "a", "")
    assert state.transferred_to == "+79000000040"
    assert "00:02  Connected with the operator at +79000000040" in written
    nobody, _ = walk(demo(), "3", ".", "b")
    assert nobody.path[-2:] == ("operator:transfer_failed", "all_busy")


def test_repeat_blacklist_and_hang_up() -> None:
    state, written = walk(demo(), "", "9", "2")
    assert state.blacklisted
    assert "Result: blacklist" in written
    left, said = walk(demo(), "", "h")
    assert left.path == ("ask",)
    assert "00:16  The person hangs up" in said


def test_the_end_of_input_hangs_up() -> None:
    state, _ = walk(demo())
    assert state.path == ("ask",)


def test_words_and_a_keyed_answer() -> None:
    survey = parse((DATA / "survey.json").read_bytes())
    state, written = walk(survey, "", "да, конечно", "5")
    assert state.path == ("hello", "hello:да", "score", "score:input", "thanks")
    assert state.saved == {"score": "5"}
    assert "00:00  Listens for: да, удобно, слушаю, не, нет, неудобно, не сейчас, перезвоните позже" in written


def test_words_where_nobody_listens_are_said_to_be_lost() -> None:
    _, written = walk(scenario(question(branch("1", BYE))), "алло", "1")
    assert "The robot does not listen to this now" in written


def test_machines() -> None:
    survey = parse((DATA / "survey.json").read_bytes())
    state, written = walk(survey, "m", "")
    assert written[-1] == "Result: answering machine (voicemail)"
    assert any("перезвоним позже" in line for line in written)
    assert not state.path
    hung_up, _ = walk(scenario(BYE, rule=MachineFilter(on_machine=OnMachine.HANG_UP)), "m")
    assert not hung_up.path
    deadline, _ = walk(scenario(BYE, rule=MachineFilter()), ".")
    assert deadline.path == ("bye",)
