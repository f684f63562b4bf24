"""A call's raw recording becomes the file that is kept: format, checksum, the picture of its waveform.

Raw is what Asterisk's MixMonitor writes with option D: interleaved 16-bit frames at 8 kHz without a header, left the person,
right the robot. Read and written a block at a time: an hour takes no more memory than a second.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.domain.attempt import Recording

RATE: Final = 8000
FRAME_BYTES: Final = 4
PIXELS: Final = 1000
"""Pairs of a waveform's picture, at most: as wide as a screen shows it."""
PEAKS: Final = ".peaks.json"
_BLOCK = 60 * RATE
Samples = NDArray[np.int16]


class Container(StrEnum):
    """How recordings are kept. The figures of ``docs/operation.md`` are of these settings."""

    WAV = "wav"
    OPUS = "opus"
    MP3 = "mp3"
    FLAC = "flac"


@dataclass(frozen=True, slots=True)
class Keeping:
    """``mixed``: both sides in one channel, instead of one each."""

    container: Container = Container.OPUS
    mixed: bool = False

    @property
    def channels(self) -> int:
        return 1 if self.mixed else 2


_FORMATS: Final = {
    Container.WAV: ("WAV", "PCM_16"),
    Container.OPUS: ("OGG", "OPUS"),
    Container.MP3: ("MP3", "MPEG_LAYER_III"),
    Container.FLAC: ("FLAC", "PCM_16"),
}


def keep(raw: Path, keeping: Keeping) -> Recording | None:
    """Make ``NAME.opus`` (or so) and ``NAME.peaks.json`` of ``NAME.raw``, which stays. None when there is not one whole frame.

    A repeat, or another process doing the same, does no harm: both files appear whole or not at all. Raises OSError when they
    cannot be written, a full disk included.
    """
    frames = raw.stat().st_size // FRAME_BYTES if raw.exists() else 0
    if not frames:
        return None
    target = raw.with_suffix(f".{keeping.container}")
    partial = raw.with_suffix(f".{os.getpid()}.part")
    try:
        peaks = _convert(raw, frames, keeping, partial)
        recording = Recording(str(target), frames / RATE, _checksum(partial))
        _write(raw.with_suffix(PEAKS), msgspec.json.encode(peaks))
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return recording


def _convert(raw: Path, frames: int, keeping: Keeping, partial: Path) -> dict[str, object]:
    """Write ``partial``; its waveform in the form of BBC's audiowaveform, version 2, 8 bits, which players read."""
    pixel = -(-frames // PIXELS)
    peaks = list[NDArray[np.int8]]()
    name, subtype = _FORMATS[keeping.container]
    try:
        with soundfile.SoundFile(partial, "w", RATE, keeping.channels, subtype, format=name) as sink:
            for block in _blocks(raw, frames, pixel):
                samples = _mixed(block) if keeping.mixed else block
                sink.write(_for(keeping.container, samples))
                peaks.append(_peaks(samples, pixel))
        written = soundfile.info(partial).frames
    except soundfile.SoundFileError as error:
        raise OSError(f"{partial}: {error}") from error
    if written != frames:  # libsndfile does not tell of every write that fails
        raise OSError(f"{partial}: {written} of {frames} frames were written")
    data = np.concatenate(peaks).ravel()
    return {
        "version": 2,
        "channels": keeping.channels,
        "sample_rate": RATE,
        "samples_per_pixel": pixel,
        "bits": 8,
        "length": len(data) // (2 * keeping.channels),
        "data": data.tolist(),
    }


def _blocks(raw: Path, frames: int, pixel: int) -> Iterator[Samples]:
    """``frames`` of ``raw``, a whole number of pixels at a time; it may have grown since it was measured."""
    size = max(1, _BLOCK // pixel) * pixel
    with raw.open("rb") as source:
        while frames > 0:
            octets = source.read(min(size, frames) * FRAME_BYTES)
            if len(octets) < FRAME_BYTES:
                raise OSError(f"{raw} has become shorter")
            block = np.frombuffer(octets[: len(octets) // FRAME_BYTES * FRAME_BYTES], "<i2").reshape(-1, 2)
            frames -= len(block)
            yield block.astype(np.int16, copy=False)


def _mixed(block: Samples) -> Samples:
    both = block.astype(np.int32).sum(axis=1, keepdims=True)
    return np.asarray(np.clip(both, -32768, 32767), dtype=np.int16)


def _for(container: Container, samples: Samples) -> NDArray[Any]:
    """libsndfile 1.2.2 garbles stereo in MP3 when it is given integers; as floating point it comes out right."""
    return samples.astype(np.float32) / 32768 if container is Container.MP3 else samples


def _peaks(samples: Samples, pixel: int) -> NDArray[np.int8]:
    """Least and greatest of each channel in each pixel, the top 8 bits: rows of channels of pairs."""
    starts = np.arange(0, len(samples), pixel)
    low, high = np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)
    return (np.stack([low, high], axis=-1) >> 8).astype(np.int8)


def _checksum(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write(file: Path, content: bytes) -> None:
    partial = file.with_suffix(f".{os.getpid()}.part")
    try:
        partial.write_bytes(content)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
