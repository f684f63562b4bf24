"""Training of the acoustic model: Viterbi alignment, then Gaussian mixtures for the frames of each state.

From a flat start, no other model needed. The features are PocketSphinx's own, so that training hears what decoding
will hear.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pocketsphinx import Decoder

from engine.speech.acoustic_model import DIMENSIONS, NOISE, SILENCE, STATES, Acoustic, Floats, flat
from engine.speech.lexicon import PHONES, pronounce

MODEL_PHONES = tuple(sorted((NOISE, *PHONES, SILENCE)))
"""PocketSphinx wants them sorted."""
EDGE_S = 0.2
"""Silence that the corpus puts around every utterance: where the flat start looks for it."""
_FRAMES_A_SECOND = 100
_ROUNDS: tuple[tuple[int, int], ...] = ((1, 7), (2, 2), (4, 2), (8, 3))
"""Mixtures, and how often frames are aligned anew with so many."""
_LEAST_FRAMES = 8
"""A mixture with fewer keeps what it was."""
_FLOOR = 0.05
"""Of a feature's variance over everything: no mixture is narrower."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """``words`` in ``pcm`` (16 bit, 8 kHz); None: noise without speech."""

    words: tuple[str, ...] | None
    pcm: bytes


class FrontEnd:
    """Cepstra as PocketSphinx computes them."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "features"
        self._log.mkdir()
        flat(MODEL_PHONES).write(folder / "flat", [0.0] * 13, "none")
        self._decoder = Decoder(
            hmm=str(folder / "flat"), dict=None, lm=None, loglevel="FATAL", mfclogdir=str(self._log), mmap=False
        )
        self._decoder.add_word("a", "A", True)
        self._decoder.add_jsgf_string("any", "#JSGF V1.0; grammar g; public <s> = a;")
        self._decoder.activate_search("any")

    def cepstra(self, pcm: bytes) -> Floats:
        """Frames × 13, as they are before their mean is taken away."""
        self._decoder.start_utt()
        self._decoder.process_raw(pcm, True, True)
        self._decoder.end_utt()
        (file,) = self._log.iterdir()
        values = np.frombuffer(file.read_bytes()[4:], dtype=">f4")  # big-endian behind a count
        file.unlink()
        return np.asarray(values.reshape(-1, 13), dtype=np.float32)


def features(cepstra: Floats, mean: Floats) -> Floats:
    """Frames × DIMENSIONS: what PocketSphinx's ``1s_c_d_dd`` makes of ``cepstra``."""
    level = np.pad(cepstra - mean, ((3, 3), (0, 0)), mode="edge")
    count = len(cepstra)

    def at(offset: int) -> Floats:
        return level[3 + offset : 3 + offset + count]

    slope = at(2) - at(-2)
    bend = (at(3) - at(-1)) - (at(1) - at(-3))
    return np.concatenate([at(0), slope, bend], axis=1).astype(np.float32)


def path_of(words: tuple[str, ...] | None) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """The senones that an utterance runs through, and at which of them the silence before may be left out."""
    if words is None:
        return _senones((NOISE,)), np.zeros(STATES, dtype=np.bool_)
    phones, skips = [SILENCE], [False]
    for word in words:
        said = pronounce(word)
        if not said:
            raise ValueError(word)
        if len(phones) > 1:
            phones.append(SILENCE)
            skips.append(False)
        skips += [len(phones) > 1, *[False] * (len(said[0]) - 1)]
        phones += said[0]
    phones.append(SILENCE)
    skips.append(False)
    return _senones(phones), np.repeat(skips, STATES) & (np.arange(len(skips) * STATES) % STATES == 0)


def _senones(phones: Iterable[str]) -> NDArray[np.intp]:
    first = np.array([MODEL_PHONES.index(phone) * STATES for phone in phones], dtype=np.intp)
    return (first[:, None] + np.arange(STATES)).ravel()


def align(scores: Floats, path: NDArray[np.intp], skips: NDArray[np.bool_]) -> NDArray[np.intp] | None:
    """The senone of each frame on the best way along ``path``; None when there are too few frames for it."""
    seen = scores[:, path]
    count, length = seen.shape
    best = np.full(length, -np.inf, dtype=np.float64)
    best[0] = seen[0, 0]
    back = np.zeros((count, length), dtype=np.int8)
    over = STATES + 1  # from the last state of the word before, over the silence between
    for frame in range(1, count):
        step = np.concatenate([[-np.inf], best[:-1]])
        jump = np.where(skips[over:], best[:-over], -np.inf) if length > over else np.empty(0)
        from_behind = np.concatenate([np.full(min(over, length), -np.inf), jump])
        choices = np.stack([best, step, from_behind])
        back[frame] = choices.argmax(axis=0)
        best = choices.max(axis=0) + seen[frame]
    if not np.isfinite(best[-1]):
        return None
    places = np.empty(count, dtype=np.intp)
    place = length - 1
    for frame in range(count - 1, -1, -1):
        places[frame] = place
        place -= (0, 1, over)[back[frame, place]]
    return np.asarray(path[places], dtype=np.intp)


def _first_guess(count: int, path: NDArray[np.intp], edge: int) -> NDArray[np.intp]:
    """The path spread evenly, its ends on the silence around."""
    inner = np.linspace(STATES, len(path) - STATES - 1e-6, max(count - 2 * edge, 1)).astype(np.intp)
    ends = np.linspace(0, STATES - 1e-6, edge).astype(np.intp)
    places = np.concatenate([ends, inner, len(path) - STATES + ends])[:count]
    return np.asarray(path[places], dtype=np.intp)


def train(corpus: Sequence[Utterance], say: Callable[[str], None]) -> tuple[Acoustic, Floats]:
    """The model of ``corpus`` and the mean of its cepstra."""
    with tempfile.TemporaryDirectory(prefix="dozvon-training-") as folder:
        front = FrontEnd(Path(folder))
        cepstra = [front.cepstra(utterance.pcm) for utterance in corpus]
    speech = np.concatenate([c for c, u in zip(cepstra, corpus, strict=True) if u.words is not None])
    mean = np.asarray(speech.mean(axis=0), dtype=np.float32)
    frames = [features(c, mean) for c in cepstra]
    paths = [path_of(utterance.words) for utterance in corpus]
    edge = int(EDGE_S * _FRAMES_A_SECOND)
    labels = [
        _first_guess(len(f), path, edge) if u.words is not None else np.resize(path, len(f))
        for f, (path, _), u in zip(frames, paths, corpus, strict=True)
    ]
    together = np.concatenate(frames)
    floor = np.asarray(_FLOOR * together.var(axis=0), dtype=np.float32)
    model = _estimated(flat(MODEL_PHONES), together, np.concatenate(labels), floor)
    for mixtures, rounds in _ROUNDS:
        while model.weights.shape[1] < mixtures:
            model = _split(model)
        for number in range(rounds):
            used, labels = _aligned(model, frames, paths)
            for _ in range(2 if mixtures > 1 else 1):
                model = _estimated(model, np.concatenate([frames[i] for i in used]), np.concatenate(labels), floor)
            say(f"{mixtures} mixtures, round {number + 1} of {rounds}: {len(used)} of {len(corpus)} utterances aligned")
    return model, mean


def _aligned(
    model: Acoustic, frames: Sequence[Floats], paths: Sequence[tuple[NDArray[np.intp], NDArray[np.bool_]]]
) -> tuple[list[int], list[NDArray[np.intp]]]:
    used, labels = [], []
    for index, (seen, (path, skips)) in enumerate(zip(frames, paths, strict=True)):
        scores = np.logaddexp.reduce(model.scores(seen), axis=2)
        found = align(scores, path, skips)
        if found is not None:
            used.append(index)
            labels.append(found)
    return used, labels


def _split(model: Acoustic) -> Acoustic:
    """Each mixture becomes two, a fifth of a deviation to either side."""
    aside = 0.2 * np.sqrt(model.variances)
    return Acoustic(
        model.phones,
        np.concatenate([model.means - aside, model.means + aside], axis=1),
        np.concatenate([model.variances] * 2, axis=1),
        np.concatenate([model.weights / 2] * 2, axis=1),
    )


def _estimated(model: Acoustic, frames: Floats, labels: NDArray[np.intp], floor: Floats) -> Acoustic:
    """One step of expectation maximisation in every senone."""
    means, variances, weights = model.means.copy(), model.variances.copy(), model.weights.copy()
    order = np.argsort(labels, kind="stable")
    bounds = np.searchsorted(labels[order], np.arange(len(weights) + 1))
    for senone in range(len(weights)):
        mine = frames[order[bounds[senone] : bounds[senone + 1]]]
        if len(mine) < _LEAST_FRAMES:
            continue
        one = Acoustic(("",), means[[senone]], variances[[senone]], weights[[senone]])
        scores = one.scores(mine)[:, 0]
        share = np.exp(scores - np.logaddexp.reduce(scores, axis=1)[:, None])
        count = share.sum(axis=0)
        enough = count >= _LEAST_FRAMES
        new = (share.T @ mine) / np.maximum(count, 1e-6)[:, None]
        spread = (share.T @ mine**2) / np.maximum(count, 1e-6)[:, None] - new**2
        means[senone][enough] = new[enough]
        variances[senone][enough] = np.maximum(spread, floor)[enough]
        weights[senone] = np.maximum(count / count.sum(), 1e-5)
    assert means.shape[2] == DIMENSIONS
    return Acoustic(model.phones, means, variances, weights)
