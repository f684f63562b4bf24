"""Small sounds for these tests: frames of tones, hum like a voice, silence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.media.forest import Forest
from engine.media.frames import FRAME, RATE
from engine.media.timing import FEATURES

Pcm = NDArray[np.int16]


def tone(hz: float, seconds: float, dbov: float = -18.0) -> Pcm:
    at = np.arange(round(seconds * RATE)) / RATE
    return (32768 * 2**0.5 * 10 ** (dbov / 20) * np.sin(2 * np.pi * hz * at)).astype(np.int16)


def silence(seconds: float) -> Pcm:
    return np.zeros(round(seconds * RATE), dtype=np.int16)


def noise(seconds: float, dbov: float, seed: int = 1) -> Pcm:
    shape = np.random.default_rng(seed).standard_normal(round(seconds * RATE))
    return np.clip(32768 * 10 ** (dbov / 20) * shape, -32768, 32767).astype(np.int16)


def vowel(pitch: float, glide: float, seconds: float, dbov: float = -20.0) -> Pcm:
    """A buzz with formants near 700 and 1200 Hz whose pitch moves by ``glide`` Hz a second."""
    at = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * (pitch * at + glide * at**2 / 2)
    sound = np.zeros_like(at)
    for number in range(1, 20):
        hz = number * pitch
        weight = np.exp(-(((hz - 700) / 250) ** 2)) + 0.6 * np.exp(-(((hz - 1200) / 300) ** 2)) + 0.05
        sound += weight * np.sin(number * phase)
    sound *= 10 ** (dbov / 20) / np.sqrt(np.mean(sound**2))
    return np.clip(32768 * sound, -32768, 32767).astype(np.int16)


def framed(pcm: Pcm) -> list[Pcm]:
    return [pcm[start : start + FRAME] for start in range(0, len(pcm) - FRAME + 1, FRAME)]


def forest(feature: str, limit: float, below: float, above: float) -> Forest:
    """One division: log-odds ``below`` up to ``limit``, ``above`` beyond."""
    column = np.array([[FEATURES.index(feature)]], dtype=np.intp)
    return Forest(FEATURES, 1, 0.0, column, np.array([[limit]]), np.array([[below, above]]))
