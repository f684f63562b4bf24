"""Training from a flat start, on words that are tones: what comes out must be heard by PocketSphinx itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.speech import noises
from engine.speech.acoustic_model import STATES, flat
from engine.speech.acoustic_training import (
    EDGE_S,
    MODEL_PHONES,
    FrontEnd,
    Utterance,
    align,
    features,
    path_of,
    train,
)
from engine.speech.sphinx_recogniser import SphinxModel

SOUNDS = {"а": 500.0, "у": 1100.0, "ш": 2500.0}


def utterance(*words: str, seed: int) -> Utterance:
    chance = np.random.default_rng(seed)
    sounds = [noises.silence(EDGE_S)]
    for letter in "".join(words):
        sounds.append(noises.tone(SOUNDS[letter] * chance.uniform(0.97, 1.03), chance.uniform(0.15, 0.3), -20.0))
    sound = np.concatenate([*sounds, noises.silence(EDGE_S)])
    sound = sound + chance.normal(0, 0.001, len(sound))
    return Utterance(words, (sound * 32767).astype("<i2").tobytes())


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> SphinxModel:
    words = ("а", "у", "шу", "уша", "аш")
    corpus = [utterance(words[n % 5], words[n // 5 % 5], seed=n) for n in range(25)]
    corpus.append(Utterance(None, (noises.street(2.0, 1) * 32767).astype("<i2").tobytes()))
    said: list[str] = []
    acoustic, mean = train(corpus, said.append)
    assert said[-1].endswith("26 of 26 utterances aligned")
    folder = tmp_path_factory.mktemp("model")
    acoustic.write(folder, [float(value) for value in mean], "live")
    return SphinxModel(folder)


@pytest.mark.parametrize("word", ["аш", "шу", "уша"])
def test_what_was_learnt_is_heard(model: SphinxModel, word: str) -> None:
    decoder = model.decoder(["а", "у", "шу", "уша", "аш"])
    decoder.feed(utterance(word, seed=1000).pcm)
    final = decoder.finish()
    assert final.text == word
    assert final.words[0].start_s == pytest.approx(EDGE_S, abs=0.06)
    decoder.close()


def test_the_shortest_way_along_a_path() -> None:
    path, skips = path_of(("а", "у"))
    assert len(path) == len(skips) == 5 * STATES
    assert list(np.flatnonzero(skips)) == [3 * STATES]  # the second word, past the silence between
    wanted = np.repeat(np.concatenate([path[: 2 * STATES], path[3 * STATES :]]), 4)
    scores = np.full((len(wanted), len(MODEL_PHONES) * STATES), -50.0, dtype=np.float32)
    scores[np.arange(len(wanted)), wanted] = 0.0
    found = align(scores, path, skips)
    assert found is not None and list(found) == list(wanted)


def test_too_few_frames_are_not_aligned() -> None:
    path, skips = path_of(("хорошо",))
    assert align(np.zeros((5, len(MODEL_PHONES) * STATES), dtype=np.float32), path, skips) is None


def test_features_are_level_slope_and_bend(tmp_path: Path) -> None:
    cepstra = FrontEnd(tmp_path).cepstra(utterance("а", seed=3).pcm)
    made = features(cepstra, cepstra.mean(axis=0))
    assert made.shape == (len(cepstra), 39)
    assert made[10, 13] == pytest.approx(cepstra[12, 0] - cepstra[8, 0], abs=1e-4)


def test_a_flat_model_prefers_nothing() -> None:
    scores = flat(MODEL_PHONES).scores(np.zeros((2, 39), dtype=np.float32))
    assert np.ptp(scores) == 0
