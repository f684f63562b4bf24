"""Reading recordings: any format of libsndfile, any rate, any number of channels."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from engine.domain.errors import BadInput
from engine.domain.text import mark

LONGEST_S = 600
"""A prompt of more than ten minutes is an upload by mistake; it would also take hundreds of megabytes to convert."""
LONGEST_BYTES = LONGEST_S * 48000 * 2 * 4
"""Ten minutes of stereo in 32-bit samples at 48 kHz."""


def read(path: Path, name: str, rate: int) -> NDArray[np.float32]:
    """Mono samples of ``path`` at ``rate`` Hz, full scale ±1; stereo is averaged.

    BadInput, naming the recording by ``name``, when it is missing, empty, too long or not readable as sound.
    """
    if not path.is_file():
        raise BadInput("clip-missing", mark("Recording “{name}” does not exist."), name=name)
    if path.stat().st_size == 0:
        raise BadInput("clip-empty", mark("Recording “{name}” is empty."), name=name)
    try:
        with soundfile.SoundFile(_mended(path)) as file:
            # A header may also announce more than there is: hence a limit on what is read, not on what is announced.
            own_rate: int = file.samplerate
            read_in: NDArray[np.float32] = file.read(LONGEST_S * own_rate + 1, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, ValueError) as error:
        raise BadInput("clip-damaged", mark("Recording “{name}” cannot be read as sound."), name=name) from error
    samples: NDArray[np.float32] = np.asarray(read_in.mean(axis=1), dtype=np.float32)
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


def _mended(path: Path) -> Path | BytesIO:
    """``path``, or its contents with true lengths where a WAV header says that no samples follow, and some do: a writer
    fills the lengths in at the end, so a stream, or a recorder that was killed, leaves them at zero.
    """
    with path.open("rb") as file:
        start = file.read(4096)
        at = start.find(b"data", 12)
        if not start.startswith(b"RIFF") or at < 0 or start[at + 4 : at + 8] != bytes(4):
            return path
        octets = bytearray(start + file.read(LONGEST_BYTES))
    octets[4:8] = (len(octets) - 8).to_bytes(4, "little")
    octets[at + 4 : at + 8] = (len(octets) - at - 8).to_bytes(4, "little")
    return BytesIO(octets)
