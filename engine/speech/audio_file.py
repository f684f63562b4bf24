"""Reading recordings: any format of libsndfile, any rate, any number of channels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from engine.domain.errors import BadInput
from engine.domain.text import mark

LONGEST_S = 600
"""A prompt of more than ten minutes is an upload by mistake; it would also take hundreds of megabytes to convert."""


def read(path: Path, name: str, rate: int) -> NDArray[np.float32]:
    """Mono samples of ``path`` at ``rate`` Hz, full scale ±1; stereo is averaged.

    BadInput, naming the recording by ``name``, when it is missing, empty, too long or not readable as sound.
    """
    if not path.is_file():
        raise BadInput("clip-missing", mark("Recording “{name}” does not exist."), name=name)
    if path.stat().st_size == 0:
        raise BadInput("clip-empty", mark("Recording “{name}” is empty."), name=name)
    try:
        with soundfile.SoundFile(path) as file:
            # The header's length may be a lie (streaming writers leave it at zero or at its maximum), hence a limit on
            # what is read, not on what is announced.
            own_rate: int = file.samplerate
            samples: NDArray[np.float32] = file.read(
                frames=LONGEST_S * own_rate + 1, dtype="float32", always_2d=True
            ).mean(axis=1, dtype=np.float32)
    except (soundfile.SoundFileError, ValueError) as error:
        raise BadInput("clip-damaged", mark("Recording “{name}” cannot be read as sound."), name=name) from error
    if len(samples) == 0:
        raise BadInput("clip-empty", mark("Recording “{name}” is empty."), name=name)
    if len(samples) > LONGEST_S * own_rate:
        raise BadInput(
            "clip-too-long",
            mark("Recording “{name}” is longer than {minutes} minutes."),
            name=name,
            minutes=LONGEST_S // 60,
        )
    if not np.isfinite(samples).all():
        raise BadInput("clip-damaged", mark("Recording “{name}” cannot be read as sound."), name=name)
    if own_rate == rate:
        return samples
    return np.asarray(soxr.resample(samples, own_rate, rate), dtype=np.float32)
