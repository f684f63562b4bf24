"""What the spectrum of the callee's sound is like, whoever speaks: how fast it changes, how much of it is noise. PURE."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.media.tones import Floats, Peak

TEXTURES: Final = ("change_db", "change_lately_db", "flatness", "flatness_lately", "purity")
_LATELY = 30
"""Voiced frames."""
_EDGES: Final = np.array([13, 20, 28, 38, 52, 70, 96, 130, 180])
_LAST_EDGE: Final = 220
_WIDTHS: Final = np.diff(np.append(_EDGES, _LAST_EDGE))
"""Bins of nine bands between 200 and 3400 Hz, about half an octave each."""
_LEAST_POWER = 1e-3


class Texture:
    """Means over the frames that webrtcvad takes for voice, since the answer and lately: music keeps its spectrum, noise around a
    speaker flattens it.
    """

    def __init__(self) -> None:
        self._bands: Floats | None = None
        self._changes: list[float] = []
        self._flats: list[float] = []
        self._purities = 0.0

    def hear(self, voiced: bool, peak: Peak) -> None:
        before, self._bands = self._bands, None
        if peak.power is None:
            return
        heard = peak.power[_EDGES[0] : _LAST_EDGE] + _LEAST_POWER
        self._bands = 10 * np.log10(np.add.reduceat(heard, _EDGES - _EDGES[0]) / _WIDTHS)
        if not voiced:
            return
        self._flats.append(float(np.exp(np.log(heard).mean()) / heard.mean()))
        self._purities += peak.purity
        if before is not None:
            self._changes.append(float(np.abs(self._bands - before).mean()))

    def close(self) -> None:
        self._changes, self._flats, self._bands = [], [], None

    def features(self) -> list[float]:
        """One number for each of ``TEXTURES``; 0 where nothing was heard."""
        changes, flats = self._changes, self._flats
        return [
            _mean(changes), _mean(changes[-_LATELY:]), _mean(flats), _mean(flats[-_LATELY:]),
            self._purities / max(1, len(flats)),
        ]  # fmt: skip


def _mean(values: list[float]) -> float:
    return sum(values) / max(1, len(values))
