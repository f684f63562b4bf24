"""Echo, clipped, faint and shifted speech, one way only: real voices through the whole ear."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.hearing import AMD_MODEL, amd_model
from engine.media.frames import RATE
from engine.scenario import events as said
from engine.speech.recogniser import Recogniser
from engine.speech.sphinx_recogniser import SphinxModel
from tests.integration.hearing.line import Line, Samples, quieter, silence, together
from tests.integration.recognition.test_sphinx import WORDS, clips, install

__all__ = ["clips", "install"]
pytestmark = pytest.mark.integration


@pytest.fixture
async def speech() -> AsyncIterator[Recogniser]:
    made = Recogniser(SphinxModel(), threads=1)
    yield made
    await made.close()


def through_gsm(sound: Samples) -> Samples:
    file = io.BytesIO()
    soundfile.write(file, sound, RATE, format="WAV", subtype="GSM610")
    file.seek(0)
    return np.asarray(soundfile.read(file, dtype="float32")[0])


ECHOES: Mapping[str, tuple[Callable[[Samples], Samples], float]] = {
    "at once, as loud": (lambda sound: sound, 0.03),
    "satellite, fainter": (lambda sound: quieter(sound, 15), 0.7),
    "mobile": (lambda sound: quieter(through_gsm(sound), 6), 0.25),
    "looped in the midst of a word": (lambda sound: np.concatenate([silence(0.35), sound[round(0.35 * RATE) :]]), 0.04),
    "upside down": (lambda sound: np.clip(-3 * sound, -0.3, 0.3).astype(np.float32), 0.12),
}


@pytest.mark.parametrize("prompt", ["22-ask", "20-greeting", "40-operator"])
@pytest.mark.parametrize("echo", ECHOES)
async def test_the_robots_own_voice_is_nobodys_answer(
    speech: Recogniser, clips: Mapping[str, Samples], prompt: str, echo: str
) -> None:
    change, delay = ECHOES[echo]
    line = Line(speech, prompt=clips[prompt])
    await line.answered()
    line.ear.listen(WORDS, 60.0)
    await line.hears(np.concatenate([silence(delay), change(clips[prompt]), silence(0.6)]))
    assert line.told == []
    await line.hears(np.concatenate([clips["01-no"], silence(0.6)]))
    assert (await line.understood())[0].text == "нет"
    assert line.told[0] == said.SpeechStarted()


async def test_without_a_prompt_the_same_sound_is_a_person(speech: Recogniser, clips: Mapping[str, Samples]) -> None:
    line = Line(speech)
    await line.answered()
    line.ear.listen(WORDS, 60.0)
    await line.hears(np.concatenate([silence(0.03), clips["22-ask"], silence(0.6)]))
    assert said.SpeechStarted() in line.told
    assert (await line.understood())[0].other


@pytest.mark.parametrize("fainter_db", [6, 15])
async def test_who_speaks_into_an_echo_interrupts(
    speech: Recogniser, clips: Mapping[str, Samples], fainter_db: float
) -> None:
    prompt = clips["20-greeting"]
    line = Line(speech, prompt=prompt)
    await line.answered()
    line.ear.listen(WORDS, 60.0)
    echo = np.concatenate([silence(0.2), quieter(prompt, fainter_db)])
    person = np.concatenate([silence(2.0), clips["25-monologue"][: 3 * RATE]])
    await line.hears(together(echo, person)[: 5 * RATE])
    assert line.told[0] == said.SpeechStarted()


async def test_an_echo_makes_no_machine_of_a_person(speech: Recogniser, clips: Mapping[str, Samples]) -> None:

    prompt = clips["20-greeting"]
    line = Line(speech, amd_model(AMD_MODEL))
    await line.answered()
    line.ear.screen()
    await line.hears(np.concatenate([silence(0.4), clips["02-allo"]]))
    while not line.told:
        await line.hears(silence(0.02))
    assert line.told == [said.PersonDetected()]
    line.prompt = np.concatenate([silence(line.now), prompt])
    line.ear.robot_says(Path("clip"))
    await line.hears(np.concatenate([silence(0.1), prompt]))
    assert line.told == [said.PersonDetected()]


SHAPES: Mapping[str, tuple[Callable[[Samples], Samples], float]] = {
    "clipped": (lambda sound: np.clip(sound * 8, -0.9, 0.9).astype(np.float32), -58.0),
    "very quiet": (lambda sound: quieter(sound, 22), -75.0),
    "shifted": (lambda sound: (sound * 0.7 + 0.1).astype(np.float32), -58.0),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("clip", "text"), [("00-yes", "да"), ("01-no", "нет")])
async def test_a_bad_line_is_understood(
    speech: Recogniser, clips: Mapping[str, Samples], shape: str, clip: str, text: str
) -> None:
    change, noise = SHAPES[shape]
    line = Line(speech)
    await line.answered()
    line.ear.listen(WORDS, 60.0)
    await line.hears(change(np.concatenate([silence(1.0), clips[clip], silence(0.7)])), noise_dbov=noise)
    assert [each.text for each in await line.understood()] == [text]


async def test_where_nothing_comes_there_is_silence(speech: Recogniser, clips: Mapping[str, Samples]) -> None:
    line = Line(speech)
    await line.answered()
    line.ear.listen(WORDS, 2.0)
    line.ear.begin_silence()
    await line.hears_nothing(1.8)
    assert line.told == []
    await line.hears_nothing(0.4)
    assert [type(each) for each in line.told] == [said.Silence]
