"""Turns of a conversation: the scenario that answers an answer, and where they stand in a recording of the callee's side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FRAME = 80
"""10 ms at 8 kHz."""
FRAME_S = 0.01
LOUD = 200.0
"""RMS of 16 bits over which a frame is not silence: both sides are clean, 20 dB below the quiet parts of what is said."""
PAUSE_S = 0.5
"""The answer is one word: after so long a silence nothing of it follows."""


def scenario(question: Path, thanks: Path) -> Mapping[str, object]:
    """Asks, and has something to say to a «да»."""
    agreed = {"id": "agreed", "play": {"type": "audio", "material": thanks.name}}
    branch = {"when": {"type": "words", "contains": ["@yes"]}, "then": agreed}
    play = {"type": "audio", "material": question.name}
    return {
        "name": "bench",
        "start": {"id": "ask", "play": play, "recognition": {"branches": [branch], "timeout_s": 20}},
    }


def turn_s(recorded: NDArray[np.int16]) -> float | None:
    """Seconds from the end of the callee's first words to the next sound of the robot; negative where the robot began
    before. Columns: what the callee hears, what he says. None when either is missing.
    """
    heard, said = (_loud(recorded[:, column]) for column in (0, 1))
    begins = np.flatnonzero(said)
    if not len(begins):
        return None
    ends = _end_of(said, int(begins[0]))
    # the question is over before he answers
    replies = np.flatnonzero(heard[begins[0] :])
    return float((begins[0] + replies[0] - ends) * FRAME_S) if len(replies) else None


def _end_of(loud: NDArray[np.bool_], begin: int) -> int:
    """The frame after the last loud one before a pause."""
    last = begin
    for index in np.flatnonzero(loud[begin:]) + begin:
        if (index - last) * FRAME_S > PAUSE_S:
            break
        last = int(index)
    return last + 1


def _loud(samples: NDArray[np.int16]) -> NDArray[np.bool_]:
    whole = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    found: NDArray[np.bool_] = np.sqrt((whole**2).mean(axis=1)) > LOUD
    return found
