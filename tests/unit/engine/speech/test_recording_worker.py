"""The process that converts: out of the way of the calls, and not the end of anything when it dies."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import soundfile

from engine.domain.errors import Unavailable
from engine.host.paths import PROJECT
from engine.speech.recording_file import Container, Keeping
from engine.speech.recording_worker import NICE, RecordingWorker


@pytest.fixture
async def worker() -> AsyncIterator[RecordingWorker]:
    made = RecordingWorker(Keeping(Container.WAV))
    yield made
    await made.close()


def _raw(folder: Path, name: str) -> Path:
    raw = folder / f"{name}.raw"
    raw.write_bytes(bytes(8000 * 4))
    return raw


def _children() -> list[psutil.Process]:
    return [each for each in psutil.Process(os.getpid()).children() if "recording_worker" in " ".join(each.cmdline())]


async def test_several_at_once_are_done_by_one_process_that_yields_to_all(
    worker: RecordingWorker, tmp_path: Path
) -> None:
    raws = [_raw(tmp_path, str(number)) for number in range(5)]
    made = await asyncio.gather(*(worker.keep(raw) for raw in raws))
    assert [each and soundfile.info(each.path).duration for each in made] == [1.0] * 5
    (child,) = _children()
    assert child.nice() == NICE
    await worker.close()
    assert _children() == []


async def test_what_fails_is_told_and_the_next_one_is_done(worker: RecordingWorker, tmp_path: Path) -> None:
    (tmp_path / "folder.raw").mkdir()
    with pytest.raises(Unavailable, match="folder"):
        await worker.keep(tmp_path / "folder.raw")
    assert await worker.keep(_raw(tmp_path, "good")) is not None
    assert await worker.keep(tmp_path / "none.raw") is None


def test_an_engine_that_was_killed(tmp_path: Path) -> None:
    """It ends without a word: its standard error is the log of the engine."""
    job = {"raw": str(_raw(tmp_path, "one")), "container": "wav", "mixed": False}
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "engine.speech.recording_worker"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    child.stdin.write(json.dumps(job).encode() + b"\n")
    child.stdin.close()
    assert child.stderr.read() == b""
    child.stderr.close()
    assert child.wait() == 0
    assert (tmp_path / "one.wav").exists(), "it was begun, so it is finished"


async def test_a_process_that_died_is_begun_anew(worker: RecordingWorker, tmp_path: Path) -> None:
    assert await worker.keep(_raw(tmp_path, "one")) is not None
    (child,) = _children()
    child.kill()
    with suppress(Unavailable):  # its end may not have been noticed yet: this one is left for the next start
        await worker.keep(_raw(tmp_path, "two"))
    assert await worker.keep(_raw(tmp_path, "three")) is not None
