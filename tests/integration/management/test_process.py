"""``python -m management`` as a process: it serves, ends at SIGTERM, and says in one line why it cannot start."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
PROJECT = Path(__file__).resolve().parents[3]
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


def _environment(**values: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "LANG", "LC_ALL")}
    return {**kept, "PYTHONPATH": str(PROJECT), "LC_ALL": "C.UTF-8", **values}


@contextmanager
def _management(*arguments: str, **values: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "management", *arguments],
        env=_environment(**values),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def _refusal(*arguments: str, **values: str) -> str:
    with _management(*arguments, **values) as process:
        output, errors = process.communicate(timeout=30)
        assert process.returncode == 2
        assert output == ""
        return errors


def test_serves_without_a_database_and_ends_at_once_when_told() -> None:
    with _management("--port", "0", DATABASE_URL=NOWHERE) as process:
        assert process.stderr is not None
        started = json.loads(process.stderr.readline())
        assert (started["event"], started["host"]) == ("management_started", "127.0.0.1")
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"http://127.0.0.1:{started['port']}/health", timeout=10)
        with caught.value as answer:
            assert answer.code == 503
            assert json.load(answer)["database"]["ok"] is False
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0
        assert "Traceback" not in process.stderr.read()


def test_a_busy_port_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
        message = _refusal("--port", port, DATABASE_URL=NOWHERE)
        assert message == f"Port {port} is in use by another program; choose one with --port\n"
        russian = _refusal("--port", port, DATABASE_URL=NOWHERE, LC_ALL="ru_RU.UTF-8")
        assert russian == f"Порт {port} занят другой программой; выберите свободный параметром --port\n"


def test_a_missing_database_address_is_told_in_one_line() -> None:
    assert _refusal("--port", "0") == "The setting DATABASE_URL is missing from the environment\n"


def test_an_address_that_is_not_ours_is_told_in_one_line() -> None:
    message = _refusal("--port", "0", "--host", "192.0.2.1", DATABASE_URL=NOWHERE)
    assert message.startswith("Cannot listen on 192.0.2.1:0: ")
    assert message.count("\n") == 1


@pytest.mark.parametrize("port", ["70000", "-1", "http"])
def test_a_port_that_cannot_be_is_refused(port: str) -> None:
    assert f"not a port: {port}" in _refusal(f"--port={port}", DATABASE_URL=NOWHERE)
