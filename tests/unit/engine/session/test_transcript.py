"""What the transcript of a call holds, from the events of a scripted call."""

from __future__ import annotations

from typing import Any

import pytest

from engine.domain.attempt import Marks, Turn, TurnKind
from engine.scenario import events as said
from engine.session.messages import Perceived, Spoken
from tests.unit.engine.session.conftest import HELLO, Line
from tests.unit.engine.session.test_call import ask

ASKED = {
    "id": "ask",
    "play": {"type": "tts", "text": "Да или нет, {{name}}?"},
    "barge_in": "matched",
    "recognition": {
        "branches": [
            {"when": {"type": "words", "contains": ["@yes"]}, "then": {"id": "yes", "goal": True}},
            {"when": {"type": "input", "min": 2, "max": 4, "save_as": "code"}, "then": {"id": "code"}},
        ],
        "on_no_match": {"id": "other", "play": {"type": "audio", "material": "bye"}},
    },
}


async def _turns(
    line: Line, start: dict[str, Any], *events: said.Event | tuple[said.Event, Spoken]
) -> tuple[Turn, ...]:
    call = await line.call(start)
    line.answers()
    await line.phone.until("play")
    for event in events:
        line.say(Perceived(*event) if isinstance(event, tuple) else Perceived(event))
        await line.settled()
    line.gone()
    record = await call
    saved = {turn.n: turn for marks in line.store.marks for turn in marks.turns}
    late = record.unsaved.turns if record.unsaved else record.turns
    return tuple({**saved, **{turn.n: turn for turn in late}}.values())


async def test_question_and_answer(line: Line) -> None:
    heard = said.Heard("да конечно", True), Spoken(4.123, 4.8, 0.83)
    question, answer = await _turns(line, ASKED, said.PlayFinished("play#1"), heard)
    assert (question.kind, question.text, question.node) == (TurnKind.SAID, "Да или нет, Анна?", "ask")
    assert question.end_s is not None
    assert not question.interrupted
    assert (answer.n, answer.kind, answer.text, answer.node) == (1, TurnKind.HEARD, "да конечно", "ask")
    assert (answer.start_s, answer.end_s, answer.confidence) == (4.12, 4.8, 0.83)
    assert answer.led_to.endswith(">yes")


async def test_a_partial_answer_that_interrupts(line: Line) -> None:
    """It decides, so no final result will come: it is in the transcript itself, and the prompt was cut off by it."""
    question, answer = await _turns(line, ASKED, (said.Heard("да", False), Spoken(1.0, 1.4, None)))
    assert question.interrupted
    assert (answer.text, answer.node, answer.confidence) == ("да", "ask", None)
    assert answer.led_to.endswith(">yes")


async def test_what_led_nowhere_is_kept_too(line: Line) -> None:
    """But neither the partial results before it, nor noise."""
    noise, partial = said.Heard("", True), said.Heard("а кто", False)
    turns = await _turns(line, ASKED, said.PlayFinished("play#1"), noise, partial, said.Heard("а кто это", True))
    assert [(turn.kind, turn.text) for turn in turns] == [
        (TurnKind.SAID, "Да или нет, Анна?"),
        (TurnKind.HEARD, "а кто это"),
        (TurnKind.PLAYED, "bye"),
    ]
    assert turns[1].led_to.endswith(">other")
    assert turns[2].interrupted, "the person hung up"


async def test_keys_of_one_input_are_one_turn(line: Line) -> None:
    keys = [said.Digit(symbol) for symbol in "120#"]
    turns = await _turns(line, ASKED, said.PlayFinished("play#1"), *keys)
    assert [(turn.kind, turn.text) for turn in turns[1:]] == [(TurnKind.KEYS, "120#")]
    assert turns[1].led_to.endswith(">code")


async def test_the_end_of_a_prompt_alone_writes_nothing(line: Line) -> None:
    """One write to the database less for each prompt; it comes with what follows, or with the record."""
    call = await line.call(HELLO)
    line.answers()
    await line.phone.until("play")
    await line.settled()
    (begun,) = line.store.marks
    assert [(turn.text, turn.end_s) for turn in begun.turns] == [("hello", None)], "a crash must not lose it"
    line.played(1)
    await line.phone.until("hang_up")
    line.gone()
    record = await call
    assert line.store.marks == [begun]
    assert record.unsaved is None
    assert [(turn.n, turn.interrupted) for turn in record.turns] == [(0, False)]
    assert record.turns[0].end_s is not None


async def test_a_transcript_that_could_not_be_saved_comes_with_the_record(line: Line) -> None:
    call = await line.call(ask())
    line.store.away = True
    line.answers()
    await line.phone.until("play")
    line.gone()
    record = await call
    assert record.unsaved is not None
    assert len(record.unsaved.turns) == 1


@pytest.mark.parametrize("changed", [True, False])
def test_news(changed: bool) -> None:
    one = Turn(0, TurnKind.SAID, "Алло", 0.1)
    saved = Marks(path=("a",), turns=(one,))
    ended = Turn(0, TurnKind.SAID, "Алло", 0.1, 0.9)
    marks = Marks(path=("a", "b") if changed else ("a",), turns=(ended,))
    news = marks.news(saved)
    assert news == (Marks(path=("a", "b"), turns=(ended,)) if changed else None)
    assert marks.new_turns(saved) == (ended,)
