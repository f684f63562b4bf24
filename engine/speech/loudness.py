"""Every prompt equally loud: active speech level by the method of ITU-T P.56, then a peak limiter."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

TARGET_DBOV = -26.0
"""Nominal active speech level in ITU-T's speech tests (P.830; the default of G.191's sv56demo). With A-law's overload
point at +3.14 dBm0 for a sine, 0 dBov is +6.15 dBm0, so this is −19.85 dBm0: the −20 dBm0 telephone networks expect."""
CEILING = 10 ** (-1.0 / 20)
"""−1 dB: room for the ripple that the far end's own filters add to peaks."""
LARGEST_GAIN_DB = 40.0
"""A recording fainter than this is noise; lifting it further would only play its hiss."""

_TIME_CONSTANT_S = 0.03  # P.56, table 1: T, H, M
_HANGOVER_S = 0.2
_MARGIN_DB = 15.9


@dataclass(frozen=True, slots=True)
class Speech:
    """``level_dbov``: RMS of the active part, dB to a full-scale square wave; −inf for silence. ``activity`` 0…1."""

    level_dbov: float
    activity: float


def measure(samples: Samples, rate: int) -> Speech:
    """Active speech level of ``samples`` (full scale ±1): the level at which the mean over the time that the envelope
    exceeds a threshold lies 15.9 dB above that threshold.
    """
    energy = float(np.dot(samples.astype(np.float64), samples)) if len(samples) else 0.0
    if energy <= len(samples) * 1e-12:  # below −120 dBov: nothing is being said
        return Speech(-math.inf, 0.0)
    envelope = _envelope(samples, rate)
    hangover = int(_HANGOVER_S * rate)
    higher: tuple[float, float] | None = None  # (level, level − threshold) at the next higher threshold
    for bit in range(1, 17):
        threshold = 2.0**-bit
        active = _active_samples(envelope, threshold, hangover)
        if active == 0:
            continue
        level = 10 * math.log10(energy / active)
        margin = level - 20 * math.log10(threshold)
        if margin >= _MARGIN_DB:
            level = _between(higher, (level, margin))
            return Speech(level, min(1.0, energy / len(samples) / 10 ** (level / 10)))
        higher = (level, margin)
    return Speech(10 * math.log10(energy / len(samples)), 1.0)


def normalised(samples: Samples, rate: int, target_dbov: float = TARGET_DBOV) -> Samples:
    """``samples`` at ``target_dbov`` with no peak above ``CEILING``; silence comes back unchanged."""
    speech = measure(samples, rate)
    if speech.level_dbov == -math.inf:
        return samples
    gain_db = min(target_dbov - speech.level_dbov, LARGEST_GAIN_DB)
    return limited((samples * 10 ** (gain_db / 20)).astype(np.float32), rate)


def limited(samples: Samples, rate: int, ceiling: float = CEILING) -> Samples:
    """``samples`` with gain taken back smoothly, over ±5 ms, around each peak above ``ceiling``."""
    need = np.minimum(1.0, ceiling / np.maximum(np.abs(samples), 1e-9))
    if need.min(initial=1.0) == 1.0:
        return samples
    width = 2 * int(0.005 * rate) + 1
    held = np.lib.stride_tricks.sliding_window_view(np.pad(need, width - 1, constant_values=1.0), width).min(axis=1)
    window = np.hanning(width + 2)[1:-1]
    # Each smoothed gain averages minima of windows that all contain the sample, so it never exceeds what is needed.
    gain = np.convolve(held, window / window.sum(), mode="valid")
    return np.asarray(samples * gain, dtype=np.float32)


def _envelope(samples: Samples, rate: int) -> NDArray[np.float64]:
    """|x| through two exponential averages in cascade, whose joint impulse response is cut at ten time constants."""
    g = math.exp(-1.0 / (rate * _TIME_CONSTANT_S))
    n = np.arange(int(10 * _TIME_CONSTANT_S * rate))
    response = (1 - g) ** 2 * (n + 1) * g**n
    size = 1 << (len(samples) + len(response) - 2).bit_length()
    spectrum = np.fft.rfft(np.abs(samples), size) * np.fft.rfft(response, size)
    return np.asarray(np.fft.irfft(spectrum, size)[: len(samples)], dtype=np.float64)


def _active_samples(envelope: NDArray[np.float64], threshold: float, hangover: int) -> int:
    """How many samples lie above ``threshold`` or within ``hangover`` samples after one that does."""
    above = np.flatnonzero(envelope >= threshold)
    if len(above) == 0:
        return 0
    gaps = np.diff(above, append=len(envelope))
    return int(np.minimum(gaps, hangover + 1).sum())


def _between(higher: tuple[float, float] | None, lower: tuple[float, float]) -> float:
    """The level where the margin is exactly 15.9 dB, by a straight line between two neighbouring thresholds."""
    if higher is None or lower[1] == higher[1]:
        return lower[0]
    share = (_MARGIN_DB - higher[1]) / (lower[1] - higher[1])
    return higher[0] + share * (lower[0] - higher[0])
