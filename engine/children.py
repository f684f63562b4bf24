"""The processes of a stack: begun with a log of their own, asked until they are ready, ended."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from engine.domain.errors import Unavailable
from engine.domain.text import mark

START_S = 30.0
_STOP_S = 20.0
_LOOK_S = 0.05


class Children:
    """``environment`` is asked anew for each: some of it is known only once the servers run."""

    def __init__(self, logs: Path, prefix: str, environment: Callable[[], dict[str, str]]) -> None:
        self._logs = logs
        self._prefix = prefix
        self._environment = environment

    def log(self, name: str) -> Path:
        return self._logs / f"{self._prefix}-{name}.log"

    def begin(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Python with ``arguments``."""
        with self.log(name).open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-P", *arguments],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us: we stop the children in order
            )

    def ready(self, name: str, child: subprocess.Popen[bytes], port: int, path: str, expected: str) -> None:
        """Returns when the page at ``path`` has ``expected`` in it. Raises Unavailable when the child ends or takes too long."""
        deadline, log = time.monotonic() + START_S, self.log(name)
        while time.monotonic() < deadline:
            if child.poll() is not None:
                text = mark("{name} ended while starting: {why}. See {log}")
                raise Unavailable("child_ended", text, name=name, why=last_line(log), log=log)
            if expected in _page(port, path):
                return
            time.sleep(_LOOK_S)
        raise _slow(name, log)

    def told(self, name: str, *arguments: str) -> list[str]:
        """The lines that a short run of Python with ``arguments`` prints; what it complains of goes to the log of ``name``.
        Raises Unavailable when it fails or takes too long.
        """
        log = self.log(name)
        with log.open("ab") as errors:
            try:
                done = subprocess.run(
                    [sys.executable, "-P", *arguments],
                    env=self._environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    timeout=START_S,
                    check=False,
                )
            except subprocess.TimeoutExpired as error:
                raise _slow(name, log) from error
        if done.returncode != 0:
            text = mark("A link to sign in could not be made: {why}. See {log}")
            raise Unavailable("no_people", text, why=last_line(log), log=log)
        return done.stdout.decode().splitlines()


def runs(child: subprocess.Popen[bytes] | None) -> bool:
    return child is not None and child.poll() is None


def end(children: Iterable[subprocess.Popen[bytes] | None]) -> None:
    """All are asked at once, and awaited in their order; who does not listen is killed."""
    living = [child for child in children if child is not None]
    for child in living:
        if child.poll() is None:
            child.terminate()
    for child in living:
        try:
            child.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def last_line(log: Path) -> str:
    """The last line of a log file that is not empty."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""


def _slow(name: str, log: Path) -> Unavailable:
    return Unavailable("child_slow", mark("{name} did not become ready; see {log}"), name=name, log=log)


def _page(port: int, path: str) -> str:
    """What a server on the loopback interface answers; '' while it does not."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        connection.close()
