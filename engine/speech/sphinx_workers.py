"""PocketSphinx in processes of its own. Its binding keeps Python's lock while it decodes, so in threads it would use one core,
and the calls' loop would wait for it; and a decoder that crashes takes no call with it (docs/decisions/0014).
"""

from __future__ import annotations

import os
import queue
import socket
import struct
import subprocess
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
import structlog

from engine.domain.errors import Unavailable
from engine.domain.text import mark
from engine.speech.sphinx_search import Found, Job

_PROGRAM = "engine.speech.sphinx_search"
START_S = 30.0
ANSWER_S = 10.0
"""For an utterance of 15 s, which takes 0.7 s of a core: longer, and the process hangs. Also for taking it: a socket holds less."""


class Workers:
    """``count`` processes, started at once and anew when they have died. Threads wait for one that is idle."""

    def __init__(self, folder: Path, count: int, answer_s: float = ANSWER_S) -> None:
        """Raises Unavailable when the model cannot be loaded; nothing is left running then."""
        self._idle: queue.LifoQueue[_Worker] = queue.LifoQueue()  # the last one used has its grammars in the cache
        self._all: list[_Worker] = []
        try:
            for _ in range(count):
                self._all.append(_Worker(folder, answer_s))
            for worker in self._all:
                worker.ready()
                self._idle.put(worker)
        except (OSError, Unavailable):
            for worker in self._all:
                worker.close()
            raise

    def search(self, job: Job) -> Found:
        """An utterance during which the process dies gets a second one, then it is held to be the reason. Raises Unavailable."""
        worker = self._idle.get()
        try:
            found = worker.ask(job) or worker.ask(job)
        finally:
            self._idle.put(worker)
        if found is None or found.error:
            raise Unavailable(
                "recogniser-failed",
                mark("Speech recognition failed ({reason})."),
                reason=found.error if found is not None else "PocketSphinx",
            )
        return found

    def close(self) -> None:
        """Nobody waits for a process that hangs: what is being searched fails, and so does what is searched afterwards."""
        for worker in self._all:
            worker.end()
        for worker in [self._idle.get() for _ in self._all]:
            worker.close()
            self._idle.put(worker)


class _Worker:
    """Used by one thread at a time, but for ``end``."""

    def __init__(self, folder: Path, answer_s: float) -> None:
        self._folder = folder
        self._answer_s = answer_s
        self._ready = self._ended = False
        self._ending = threading.Lock()
        self._log = structlog.get_logger("speech")
        self._start()

    def ready(self) -> None:
        """Wait until the model is loaded. Raises Unavailable."""
        if not self._ready:
            found = self._answer(START_S)
            if found is None or found.error:
                raise Unavailable(
                    "recogniser-missing",
                    mark("PocketSphinx cannot load its model from {folder}."),
                    folder=str(self._folder),
                )
            self._ready = True

    def ask(self, job: Job) -> Found | None:
        """None when the process has died of it, or hung. Raises Unavailable when it could not even load the model. Then there
        is another one, unless this was the end.
        """
        try:
            self.ready()
        except Unavailable:
            self._replace()
            raise
        try:
            self._link.send_bytes(msgspec.msgpack.encode(job))
            found = self._answer(self._answer_s)
        except OSError:
            found = None
        if found is None:
            self._replace()
        return found

    def end(self) -> None:
        """From any thread. Whoever waits for an answer gets none; the link is his until then."""
        with self._ending:
            self._ended = True
            self._process.kill()

    def close(self) -> None:
        """May be called twice."""
        self.end()
        self._link.close()
        self._process.wait()

    def _replace(self) -> None:
        with self._ending:
            if self._ended:
                return
            self._link.close()
            self._process.kill()
            self._process.wait()
            self._log.error("recogniser_died", status=self._process.returncode)
            self._start()

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(self._answer_s))
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", _PROGRAM, str(self._folder)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"},
            )
            self._link = Connection(ours.detach())
        self._ready = False

    def _answer(self, within_s: float) -> Found | None:
        try:
            return msgspec.msgpack.decode(self._link.recv_bytes(), type=Found) if self._link.poll(within_s) else None
        except (EOFError, OSError):
            return None


def _timeval(seconds: float) -> bytes:
    whole, rest = divmod(seconds, 1)
    return struct.pack("ll", int(whole), int(rest * 1e6))
