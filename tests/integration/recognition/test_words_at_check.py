"""A scenario is checked against the recogniser that an engine would use here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from engine.host.paths import PROJECT

pytestmark = pytest.mark.integration


def simulate(folder: Path, words: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    branch = {"when": {"type": "words", "contains": words}, "then": {"id": "yes", "goal": True}}
    start = {"id": "ask", "play": {"type": "audio", "material": "q.wav"}, "recognition": {"branches": [branch]}}
    (folder / "scenario.json").write_bytes(msgspec.json.encode({"name": "words", "start": start}))
    return subprocess.run(
        [sys.executable, "-P", "-m", "engine.cli", "simulate", str(folder / "scenario.json")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "DOZVON_HOME": str(folder), "LC_ALL": "C", **environment},
        check=False,
    )


def test_words_that_it_never_hears_are_named_at_their_node(tmp_path: Path) -> None:
    told = simulate(tmp_path, ["да", "ok google"])
    assert told.returncode == 0
    warnings = [line for line in told.stderr.splitlines() if "never hears" in line]
    assert [line.split(":")[:2] for line in warnings] == [["warning", " ask"]] * 2
    assert ["“ok”" in warnings[0], "“google”" in warnings[1], "да" in told.stderr] == [True, True, False]


def test_a_directory_that_is_no_model_is_told(tmp_path: Path) -> None:
    told = simulate(tmp_path, ["да"], DOZVON_VOSK_MODEL=str(tmp_path))
    assert told.returncode != 0
    assert "is no Vosk model" in told.stderr
    assert "Traceback" not in told.stderr
