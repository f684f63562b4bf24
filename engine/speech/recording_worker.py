"""Recordings are converted in a process of its own at the lowest priority: Opus takes twice the processor time of the call itself
and must not delay those that go on. One at a time; what waits, waits in the engine.

``python -m engine.speech.recording_worker`` reads a job a line on standard input and answers each with a line; it ends with its
input, so never outlives its engine.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from io import RawIOBase
from pathlib import Path
from typing import BinaryIO

import msgspec

from engine.domain.attempt import Recording
from engine.domain.errors import Unavailable
from engine.domain.text import mark
from engine.speech.recording_file import Container, Keeping, keep

NICE = 19


class Job(msgspec.Struct):
    raw: str
    container: Container
    mixed: bool


class Done(msgspec.Struct):
    """``error`` empty and no ``recording``: nothing was recorded."""

    recording: Recording | None = None
    error: str = ""


class RecordingWorker:
    """The engine's end. The process is started with the first job, and anew when it has died. Close it at the end."""

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def keep(self, raw: Path) -> Recording | None:
        """``recording_file.keep`` at leisure. Raises Unavailable when it cannot be done; ``raw`` is kept then."""
        async with self._turn:
            try:
                answer = await self._ask(Job(str(raw), self._keeping.container, self._keeping.mixed))
            except (OSError, msgspec.DecodeError) as error:  # the process died, or could not be begun
                await self.close()
                raise _not_kept(error) from error
            except asyncio.CancelledError:
                await self.close()  # its answer would be taken for the next job's
                raise
        if answer.error:
            raise _not_kept(answer.error)
        return answer.recording

    async def close(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def _ask(self, job: Job) -> Done:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", __name__, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"},
            )  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(job) + b"\n")
        await self._process.stdin.drain()
        return msgspec.json.decode(await self._process.stdout.readline(), type=Done)


def _not_kept(why: object) -> Unavailable:
    return Unavailable("recording_not_kept", mark("A recording could not be converted: {why}"), why=why)


def work(jobs: BinaryIO, answers: RawIOBase) -> None:
    """Until ``jobs`` ends, or nobody is there to hear an answer: the engine was killed, and its next one will ask again."""
    for line in jobs:
        job = msgspec.json.decode(line, type=Job)
        done = Done()
        try:
            done.recording = keep(Path(job.raw), Keeping(job.container, job.mixed))
        except OSError as error:
            done.error = str(error)
        try:
            answers.write(msgspec.json.encode(done) + b"\n")
        except BrokenPipeError:
            return


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):  # meant for the engine, which ends us in order
        signal.signal(number, signal.SIG_IGN)
    os.nice(NICE)
    with open(sys.stdout.fileno(), "wb", buffering=0, closefd=False) as unbuffered:
        work(sys.stdin.buffer, unbuffered)
