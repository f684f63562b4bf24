"""The callee's own voice so far, as seen from now: numbers of the classifier. PURE."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.media.frames import FRAME_S

_NEAR_DB = 15.0
_BRIDGE, _SHORTEST = 8, 3
_LOUD_DB = 13.0
_HISS_HZ = 1500.0
_SLOTS, _SLOT = 9, 20


def near(levels: list[float], flags: list[bool], centres: list[float], floor: float, at: float) -> list[float]:
    """The same as seen from now: only what is within ``_NEAR_DB`` of the loudest voice so far counts as the speaker's, so that
    a television behind him, which was voice as long as he had not spoken, is taken back.
    """
    level = np.array(levels)
    flagged = np.array(flags)
    if not flagged.any():
        return [at, *[0.0] * (24 + _SLOTS)]
    loud = _ninth_tenth(level[flagged])
    mine = flagged & (level > max(loud - _NEAR_DB, floor + 4.0))
    runs = _runs(mine)
    if not runs:
        return [at, *[0.0] * (24 + _SLOTS)]
    lengths = [(end - start) * FRAME_S for start, end in runs]
    gaps = [(after[0] - before[1]) * FRAME_S for before, after in pairwise(runs)]
    began, ended = runs[0][0] * FRAME_S, runs[-1][1] * FRAME_S
    voiced = sum(lengths)
    return [
        began, at - began, float(len(runs)), max(0.0, at - ended), lengths[0], nth(gaps, 0), nth(lengths, 1),
        nth(gaps, 1), nth(lengths, 2), lengths[-1], max(lengths), max(gaps, default=0.0), voiced,
        voiced / max(0.02, at - began), float((flagged & ~mine).mean()), *_hiss(np.array(centres), runs),
        *_loud(level > max(loud - _LOUD_DB, floor + 6.0), at), *_slots(mine, runs[0][0]),
        loud - floor,
    ]  # fmt: skip


def _slots(mine: NDArray[np.bool_], start: int) -> list[float]:
    """Share of voice in each 0.4 s since the first voice; 0 in what is yet to come."""
    padded = np.zeros(_SLOTS * _SLOT, dtype=np.bool_)
    since = mine[start : start + len(padded)]
    padded[: len(since)] = since
    return [float(x) for x in padded.reshape(_SLOTS, _SLOT).mean(axis=1)]


def _ninth_tenth(values: NDArray[np.float64]) -> float:
    """The 0.9 quantile, ten times as fast as numpy's general one on a few hundred values."""
    ordered = np.sort(values)
    place = 0.9 * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return float(ordered[low] + (place - low) * (ordered[high] - ordered[low]))


def _loud(mine: NDArray[np.bool_], at: float) -> list[float]:
    """Runs of level alone: webrtcvad is deaf to faint voices and hears some in traffic."""
    runs = _runs(mine)
    if not runs:
        return [0.0, at, *[0.0] * 5]
    lengths = [(end - start) * FRAME_S for start, end in runs]
    gaps = [(after[0] - before[1]) * FRAME_S for before, after in pairwise(runs)]
    quiet = max(0.0, at - runs[-1][1] * FRAME_S)
    longest_gap = max(gaps, default=0.0)
    return [float(len(runs)), quiet, lengths[0], lengths[-1], max(lengths), longest_gap, sum(lengths)]


def _hiss(centres: NDArray[np.float64], runs: list[tuple[int, int]]) -> list[float]:
    """Sibilants of the first voice (seconds) and of all (share): «алло» has none in any voice, «здравствуйте» has."""
    first = centres[slice(*runs[0])]
    everything = np.concatenate([centres[slice(*run)] for run in runs])
    hissing = everything > _HISS_HZ
    return [float((first > _HISS_HZ).sum()) * FRAME_S, float(hissing.mean())]


def _runs(mine: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Frames [start, end) of voice: gaps under ``_BRIDGE`` frames closed, then runs under ``_SHORTEST`` dropped."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mine.astype(np.int8), [0]]))).reshape(-1, 2).tolist()
    joined: list[tuple[int, int]] = []
    for start, end in edges:
        if joined and start - joined[-1][1] < _BRIDGE:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return [run for run in joined if run[1] - run[0] >= _SHORTEST]


def nth(values: list[float], index: int) -> float:
    return values[index] if index < len(values) else 0.0
