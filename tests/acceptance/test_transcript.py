"""What was said and heard is kept with the call, at the times at which the recording has it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from engine.domain.attempt import Turn, TurnKind
from engine.domain.ids import CallId
from engine.speech.recording_file import Container, Keeping
from tests.support.world import Row, World, file_of, node, phone, sound, speech

pytestmark = pytest.mark.acceptance
QUESTION = "Здравствуйте! Хотите получить скидку? Скажите да или нет."
FRAME = 160
LOUD = 0.01
"""RMS over which a frame of a recording is not silence (full scale 1)."""
STEP_S = 0.35
"""A turn's times are the engine's: a prompt's first sample is a little later, a recogniser's words begin after the breath."""


def _scenario() -> dict[str, Any]:
    words = {"agreed": ["@yes"], "refused": ["@no"]}
    branches = [
        {"when": {"type": "words", "contains": contains}, "then": node(name, play=sound())}
        for name, contains in words.items()
    ]
    ask = node("ask", play=speech(QUESTION), barge_in="matched", recognition={"branches": branches, "timeout_s": 6})
    return {"name": "talk", "start": ask, "recording": True}


async def test_question_answer_and_what_it_led_to(world: World) -> None:
    """00 and 01 hear the question out; 05 says «да» into it."""
    personas = {"00": ("да", "agreed"), "01": ("нет", "refused"), "05": ("да", "agreed")}
    rows = await world.run([phone(persona) for persona in personas], _scenario())
    for persona, (word, node_id) in personas.items():
        turns = await world.calls.transcript(CallId(str(rows[phone(persona)]["id"])))
        assert [turn.n for turn in turns] == list(range(len(turns)))
        question, answer, thanks = turns[0], _decisive(turns), turns[-1]
        assert (question.kind, question.text, question.node) == (TurnKind.SAID, QUESTION, "ask")
        assert question.interrupted == (persona == "05")
        assert word in answer.text.split()
        assert answer.led_to.endswith(f">{node_id}")
        assert answer.confidence is None or 0 < answer.confidence <= 1
        assert (thanks.kind, thanks.text, thanks.node) == (TurnKind.PLAYED, "asterisk:hello-world", node_id)
        assert not thanks.interrupted
        _assert_in_step(rows[phone(persona)], question, answer)


async def test_keys_are_part_of_it(world: World) -> None:
    branch = {"when": {"type": "digits", "digits": "1"}, "then": node("one", play=sound())}
    start = node("ask", play=speech(QUESTION), recognition={"branches": [branch]})
    rows = await world.run([phone("02")], {"name": "keys", "start": start})
    turns = await world.calls.transcript(CallId(str(rows[phone("02")]["id"])))
    assert [(turn.kind, turn.led_to) for turn in turns] == [
        (TurnKind.SAID, ""), (TurnKind.KEYS, "ask:1>one"), (TurnKind.PLAYED, ""),
    ]  # fmt: skip


@pytest.mark.parametrize("keeping", [Keeping(Container.MP3), Keeping(Container.WAV, mixed=True)], ids=["mp3", "mixed"])
async def test_the_recording_as_the_setting_says(world: World, keeping: Keeping) -> None:
    """Opus in stereo is what all other tests have."""
    campaign = await world.campaign([phone("00")], _scenario())
    async with world.engine(recording=keeping):
        (row,) = await world.ended(campaign)
    turns = await world.calls.transcript(CallId(str(row["id"])))
    assert file_of(row).suffix == f".{keeping.container}"
    assert soundfile.info(file_of(row)).channels == keeping.channels
    _assert_in_step(row, turns[0], _decisive(turns))


def _decisive(turns: list[Turn]) -> Turn:
    (answer,) = [turn for turn in turns if turn.kind is TurnKind.HEARD and turn.led_to]
    return answer


def _assert_in_step(row: Row, question: Turn, answer: Turn) -> None:
    """The robot is heard when it asks, the person when the answer was said; each on a side of its own in stereo."""
    samples, rate = soundfile.read(file_of(row), always_2d=True)
    assert rate == 8000
    person, robot = _loud(samples[:, 0]), _loud(samples[:, -1])
    asked = robot[robot >= 0 if samples.shape[1] == 2 else robot >= question.start_s]
    assert asked[0] == pytest.approx(question.start_s, abs=STEP_S)
    assert answer.end_s is not None
    during = person[(person > answer.start_s - STEP_S) & (person < answer.end_s + STEP_S)]
    assert len(during), f"nobody speaks at {answer}, but at {person}"
    assert during[0] == pytest.approx(answer.start_s, abs=STEP_S)


def _loud(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Seconds at which loud frames begin."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    return np.flatnonzero(np.sqrt((frames**2).mean(axis=1)) > LOUD) * FRAME / 8000
