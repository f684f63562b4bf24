"""What is kept of a raw recording: sides, step, checksum, waveform; and raw files that are not as they should be."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from engine.domain.attempt import Recording
from engine.speech.recording_file import PEAKS, RATE, Container, Keeping, keep

Samples = NDArray[np.int16]
EVERY = [Keeping(container, mixed) for container in Container for mixed in (False, True)]
NAMES = [f"{each.container}-{'mixed' if each.mixed else 'stereo'}" for each in EVERY]


def _talk(seconds: float = 6.5) -> Samples:
    """The person hums 300 Hz in even seconds, the robot 700 Hz, less loud, in odd ones."""
    at = np.arange(int(seconds * RATE)) / RATE
    even = at.astype(int) % 2 == 0
    person, robot = np.sin(2 * np.pi * 300 * at) * even * 12000, np.sin(2 * np.pi * 700 * at) * ~even * 6000
    return np.stack([person, robot], axis=1).astype(np.int16)


def _raw(folder: Path, talk: Samples, more: bytes = b"") -> Path:
    raw = folder / "call.raw"
    raw.write_bytes(talk.astype("<i2").tobytes() + more)
    return raw


def _kept(raw: Path, keeping: Keeping) -> Recording:
    recording = keep(raw, keeping)
    assert recording is not None
    return recording


@pytest.mark.parametrize("keeping", EVERY, ids=NAMES)
def test_every_format_has_the_sides_in_step(tmp_path: Path, keeping: Keeping) -> None:
    talk = _talk()
    recording = _kept(_raw(tmp_path, talk), keeping)
    file = Path(recording.path)
    assert file.suffix == f".{keeping.container}"
    samples, rate = soundfile.read(file, always_2d=True)
    assert (rate, samples.shape) == (RATE, (len(talk), keeping.channels))
    assert recording.seconds == len(talk) / RATE
    assert recording.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    wanted = talk.sum(axis=1, keepdims=True) if keeping.mixed else talk
    for side in range(keeping.channels):  # a wrong side, or 10 ms out of step, correlates with less than a half
        assert np.corrcoef(wanted[:, side], samples[:, side])[0, 1] > 0.95
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(["call.raw", file.name, f"call{PEAKS}"])


@pytest.mark.parametrize("container", [Container.WAV, Container.FLAC])
def test_lossless_is_lossless(tmp_path: Path, container: Container) -> None:
    talk = np.random.default_rng(1).integers(-32768, 32767, (12_345, 2), np.int16, endpoint=True)
    samples, _ = soundfile.read(_kept(_raw(tmp_path, talk), Keeping(container)).path, dtype="int16")
    assert (samples == talk).all()


def test_both_at_once_are_clipped_not_wrapped(tmp_path: Path) -> None:
    talk = np.full((800, 2), 30000, np.int16)
    samples, _ = soundfile.read(_kept(_raw(tmp_path, talk), Keeping(Container.WAV, mixed=True)).path, dtype="int16")
    assert (samples == 32767).all()


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("frames", [1, 999, 1000, 1001, 52_000, 130 * RATE + 77])
def test_the_waveform_agrees_with_the_sound(tmp_path: Path, frames: int, mixed: bool) -> None:
    talk = np.random.default_rng(frames).integers(-16000, 16000, (frames, 2), np.int16)
    recording = _kept(_raw(tmp_path, talk), Keeping(Container.WAV, mixed))
    samples, _ = soundfile.read(recording.path, dtype="int16", always_2d=True)
    peaks = json.loads((tmp_path / f"call{PEAKS}").read_bytes())
    pixel, channels = peaks["samples_per_pixel"], 1 if mixed else 2
    assert (peaks["version"], peaks["bits"], peaks["sample_rate"], peaks["channels"]) == (2, 8, RATE, channels)
    assert peaks["length"] == -(-frames // pixel) <= 1000
    data = np.array(peaks["data"]).reshape(peaks["length"], channels, 2)
    for number in range(0, peaks["length"], 37):
        part = samples[number * pixel : (number + 1) * pixel]
        assert (data[number, :, 0] == part.min(axis=0) >> 8).all()
        assert (data[number, :, 1] == part.max(axis=0) >> 8).all()


@pytest.mark.parametrize("octets", [0, 1, 3])
def test_less_than_a_frame_is_no_recording(tmp_path: Path, octets: int) -> None:
    assert keep(_raw(tmp_path, np.zeros((0, 2), np.int16), bytes(octets)), Keeping()) is None
    assert keep(tmp_path / "none.raw", Keeping()) is None
    assert [each.name for each in tmp_path.iterdir()] == ["call.raw"]


def test_a_torn_last_frame_is_left_out(tmp_path: Path) -> None:
    """Asterisk died while it wrote."""
    talk = _talk(0.5)
    recording = _kept(_raw(tmp_path, talk, b"\x01\x02\x03"), Keeping(Container.WAV))
    assert soundfile.info(recording.path).frames == len(talk)


def test_a_repeat_makes_the_same(tmp_path: Path) -> None:
    raw = _raw(tmp_path, _talk(1.0))
    assert _kept(raw, Keeping(Container.FLAC)) == _kept(raw, Keeping(Container.FLAC))


def test_an_hour_takes_no_more_memory_than_a_minute(tmp_path: Path) -> None:
    raw = tmp_path / "call.raw"
    with raw.open("wb") as file:
        file.truncate(3600 * RATE * 4)  # 115 MB, none of them on the disk
    tracemalloc.start()
    recording = _kept(raw, Keeping(Container.FLAC, mixed=True))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert recording.seconds == 3600
    assert most < 20_000_000


FULL = """
import resource, sys
from pathlib import Path
from engine.speech.recording_file import Container, Keeping, keep
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    keep(Path(sys.argv[1]), Keeping(Container(sys.argv[2])))
except OSError as error:
    print("refused", error)
"""


@pytest.mark.parametrize("container", Container)
def test_a_full_disk_is_told_and_leaves_nothing_half_made(tmp_path: Path, container: Container) -> None:
    """The limit on a file's size fails the same write that a full disk does."""
    talk = np.random.default_rng(2).integers(-16000, 16000, (20 * RATE, 2), np.int16)
    raw = _raw(tmp_path, talk)
    program = [sys.executable, "-c", FULL, str(raw), container.value]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("refused"), done
    assert [each.name for each in tmp_path.iterdir()] == ["call.raw"]
