"""Reads digits out of a recording, as somebody does who writes down what a robot dictates on the phone: what was heard is compared
with how the same voice says each digit.
"""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.domain.prompt import SpeechPrompt
from engine.speech.clips import ClipStore
from engine.speech.g711 import samples16

Sound = NDArray[np.float64]
VOICE = "rhvoice:anna"
DIGITS = "Ноль Один Два Три Четыре Пять Шесть Семь Восемь Девять".split()
_ALIKE = 0.85
"""Correlation of the same digit said twice is 0.99; that of different ones stays below 0.75 (16 codes of six digits)."""
_QUIET = 0.02
"""Of the loudest sample: what is quieter at the ends of a digit is its pause."""


async def digits_of(recording: Path, clips: ClipStore) -> str:
    """All that were said by VOICE, each as a sentence of its own. ``recording``: WAV, 8 kHz, mono."""
    with wave.open(str(recording)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        heard = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.float64)
    known = [_trimmed(await clips.clip(SpeechPrompt(f"{digit}.", VOICE))) for digit in DIGITS]
    return "".join(str(digit) for digit in _read(heard, known))


def _trimmed(clip: Path) -> Sound:
    sound = np.asarray(samples16(clip.read_bytes()), dtype=np.float64)
    loud = np.flatnonzero(np.abs(sound) > np.abs(sound).max() * _QUIET)
    return sound[loud[0] : loud[-1] + 1]


def _read(heard: Sound, known: Sequence[Sound]) -> list[int]:
    """The most alike place first; what it covers is taken."""
    likeness = [_likeness(heard, each) for each in known]
    found: dict[int, int] = {}
    while True:
        digit = max(range(len(known)), key=lambda each: likeness[each].max(initial=0.0))
        if likeness[digit].max(initial=0.0) < _ALIKE:
            return [found[at] for at in sorted(found)]
        at = int(likeness[digit].argmax())
        found[at] = digit
        for each, other in zip(likeness, known, strict=True):
            each[max(0, at - len(other) // 2) : at + len(known[digit]) // 2] = 0.0


def _likeness(heard: Sound, wanted: Sound) -> Sound:
    """Normalised cross-correlation at each place of ``heard``."""
    size = 1 << (len(heard) + len(wanted)).bit_length()
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size)), size)
    places = len(heard) - len(wanted) + 1
    sums = np.concatenate(([0.0], np.cumsum(heard**2)))
    energy = sums[len(wanted) :] - sums[: -len(wanted)]
    return np.asarray(product[:places] / np.sqrt(np.maximum(energy, 1.0) * (wanted**2).sum()))
