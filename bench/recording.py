"""``./dozvon bench recording``: what it costs to keep a second of a call in each format, and how much disk it takes.

A talk is put together from the recordings of the answering-machine tests: the sides speak in turns of four seconds. Processor time
of the whole conversion is counted, waveform and checksum included. WAV, which is only copied, is the yardstick.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from bench.support.report import finish, machine, show
from engine.host.paths import PROJECT
from engine.speech.recording_file import RATE, Container, Keeping, keep

SOURCES = PROJECT / "tests" / "integration" / "amd" / "calls"
TURN = 4 * RATE


def main(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "call.raw"
        raw.write_bytes(talk(options.seconds).astype("<i2").tobytes())
        rows = [measured(raw, Keeping(container, mixed)) for container in Container for mixed in (False, True)]
    show(
        f"Keeping a call of {options.seconds} s",
        ("", "CPU ms per second of the call", "kbit/s"),
        [(f"{row['format']}, {row['sides']}", row["cpu_ms"], row["kbit_s"]) for row in rows],
        [],
    )
    return finish("recording", {"valid": True, "results": rows, "machine": machine()}, as_json=options.json)


def talk(seconds: int) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    """Two channels, one of them silent at any time."""
    voices = np.concatenate([soundfile.read(file, dtype="int16")[0] for file in sorted(SOURCES.rglob("*.ogg"))])
    said = np.resize(voices, seconds * RATE)
    turn = np.arange(len(said)) // TURN % 2
    return np.stack([said * (turn == 0), said * (turn == 1)], axis=1).astype(np.int16)


def measured(raw: Path, keeping: Keeping) -> dict[str, object]:
    began = time.process_time()
    recording = keep(raw, keeping)
    spent = time.process_time() - began
    assert recording is not None
    return {
        "format": keeping.container.value,
        "sides": "mixed" if keeping.mixed else "stereo",
        "cpu_ms": 1000 * spent / recording.seconds,
        "kbit_s": Path(recording.path).stat().st_size * 8 / 1000 / recording.seconds,
    }


def options_from(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dozvon bench recording", description="What keeping recordings costs.")
    parser.add_argument("--json", action="store_true", help="the last line is the result as JSON")
    parser.add_argument("--seconds", type=int, default=180)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(options_from(sys.argv[1:])))
