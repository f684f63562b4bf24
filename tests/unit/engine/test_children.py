"""Real processes: one that is never ready says why, one that does not listen is ended all the same."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from engine import children
from engine.children import Children, end, last_line, runs
from engine.domain.errors import Unavailable
from engine.host.ports import free_port


@pytest.fixture
def family(tmp_path: Path) -> Children:
    return Children(tmp_path, "main", lambda: {**os.environ, "SAID": "of the environment"})


def test_a_child_that_ends_while_starting_says_why(family: Children) -> None:
    child = family.begin("engine", "-c", "raise SystemExit('the port is taken\\n')")
    with pytest.raises(Unavailable, match="the port is taken") as error:
        family.ready("engine", child, free_port(), "/", "{")
    assert error.value.code == "child_ended" and str(family.log("engine")) in str(error.value)


def test_a_child_that_is_never_ready(family: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "START_S", 0.2)
    child = family.begin("engine", "-c", "import time; time.sleep(60)")
    try:
        with pytest.raises(Unavailable) as error:
            family.ready("engine", child, free_port(), "/", "{")
        assert error.value.code == "child_slow" and runs(child)
    finally:
        end([child])
    assert not runs(child)


def test_a_child_is_ready_when_its_page_says_so(family: Children, tmp_path: Path) -> None:
    (tmp_path / "page").write_text("all is well")
    port = free_port()
    child = family.begin("web", "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(tmp_path), str(port))
    try:
        family.ready("web", child, port, "/page", "is well")
    finally:
        end([child, None])


def test_a_child_that_does_not_listen_is_killed(family: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "_STOP_S", 0.2)
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    child = family.begin("deaf", "-c", deaf)
    while last_line(family.log("deaf")) != "deaf":
        time.sleep(0.01)
    end([child])
    assert child.returncode == -9


def test_what_a_short_run_prints(family: Children) -> None:
    assert family.told("web", "-c", "import os; print('one'); print(os.environ['SAID'])") == [
        "one",
        "of the environment",
    ]
    with pytest.raises(Unavailable, match="no such customer"):
        family.told("web", "-c", "raise SystemExit('no such customer')")


def test_a_short_run_that_takes_long(family: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "START_S", 0.2)
    with pytest.raises(Unavailable) as error:
        family.told("web", "-c", "import time; time.sleep(60)")
    assert error.value.code == "child_slow" and str(family.log("web")) in str(error.value)


def test_the_last_line_is_one_that_says_something(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"first\nlast \xff\n\n")
    assert last_line(log) == "last \ufffd"
    log.write_bytes(b"")
    assert last_line(log) == ""
