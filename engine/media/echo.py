"""Whether what comes from the line is what the robot has just said: an echo that nothing cancels, or a looped line. PURE.

The waveforms are compared at every delay that a telephone network may have, so neither loudness nor delay need be known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.media.frames import RATE

WINDOW_S: Final = 0.5
"""Of the line is compared; less of a voice that is younger, since what was silent before may have been a line not looped yet."""
LATEST_S: Final = 1.2
"""The longest way there and back; two mobile networks and a satellite take 0.9."""
EARLY_S: Final = 0.1
"""How much sooner than we know a prompt may have begun."""
ALIKE: Final = 0.85
"""Likeness from which on it is an echo. Of 0.24 s of 45 prompts and voices: 0.91 at least, also through GSM or 20 dB fainter; others
0.80 at most; a person as loud as the echo 0.7."""
_NEAR_S: Final = 0.05
"""A line's delay, once known, hardly changes."""
_LOWEST_HZ, _HIGHEST_HZ = 200.0, 1200.0
"""Where codecs of mobile networks keep a voice's waveform; above, GSM makes a likeness of 0.3 of its own echo."""

Samples = NDArray[np.int16]
Clip = Callable[[int, int], Samples]
"""A prompt's samples from one to another; fewer where it ends."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """``share``: correlation, 0 … 1, at the most likely delay; ``behind_s``: that delay."""

    share: float
    behind_s: float


def likeness(heard: Samples, clip: Clip, since_s: float, known_s: float | None = None) -> Likeness:
    """Of ``heard``, the line's last ``WINDOW_S`` or less, to ``clip``, which began ``since_s`` ago as far as we know. ``known_s``: the
    line's delay, if it has been found before.
    """
    least, most = (-EARLY_S, LATEST_S) if known_s is None else (known_s - _NEAR_S, known_s + _NEAR_S)
    end = round((since_s - least) * RATE)
    begin = end - round((most - least) * RATE) - len(heard)
    sent = np.zeros(end - begin, dtype=np.float64)
    part = clip(max(0, begin), max(0, end))
    if not part.any():
        return Likeness(0.0, 0.0)
    sent[max(0, -begin) :][: len(part)] = part
    size = 1 << (len(sent) - 1).bit_length()  # no delay looked at goes beyond what was sent, so nothing wraps around
    line, there = _voice(heard.astype(np.float64), size), _voice(sent, size)
    product = np.fft.irfft(there * line.conj(), size)[: len(sent) - len(heard) + 1]
    sums = np.concatenate([[0.0], np.cumsum(np.fft.irfft(there, size)[: len(sent)] ** 2)])
    powers = sums[len(heard) :] - sums[: -len(heard)]
    strength = 2.0 / size * float((np.abs(line) ** 2).sum())  # Parseval; the band has neither 0 Hz nor the highest
    if strength < 1.0 or powers.max() < 1.0:
        return Likeness(0.0, 0.0)
    shares = np.abs(product) / np.sqrt(np.maximum(powers, powers.max() * 1e-3) * strength)  # a pause is like nothing
    best = int(shares.argmax())
    return Likeness(min(1.0, float(shares[best])), most - best / RATE)


def _voice(samples: NDArray[np.float64], size: int) -> NDArray[np.complex128]:
    spectrum = np.fft.rfft(samples, size)
    spectrum[: int(_LOWEST_HZ / RATE * size)] = 0.0
    spectrum[int(_HIGHEST_HZ / RATE * size) :] = 0.0
    return spectrum
