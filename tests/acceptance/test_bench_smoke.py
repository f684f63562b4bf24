"""The benchmarks as a user starts them, tiny: they end by themselves, their runs are valid, their JSON has its shape.

No figure is judged here: machines that run tests are busy.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.host.paths import State
from tests.support.state import fresh_state

pytestmark = pytest.mark.acceptance

LONGEST_S = 120


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> State:
    return fresh_state(tmp_path_factory.mktemp("bench"))


def bench(home: State, project: Path, *arguments: str) -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "engine.cli", "bench", *arguments, "--json"],
        env={**environment, "DOZVON_HOME": str(home.root), "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert result["bench"] == arguments[0]
    assert result["valid"] is True
    assert result["ratio"] > 0
    assert {"cores", "cpu", "python", "postgresql"} <= result["machine"].keys()
    return result


def test_calls(home: State, project_root: Path) -> None:
    result = bench(home, project_root, "calls", "--n", "3", "--seconds", "4", "--length", "3")
    (row,) = result["results"]
    assert (row["n"], row["failed"], row["lost_packets"], row["starved"], row["leaked"]) == (3, 0, 0, 0, 0)
    assert row["ratio"] == result["ratio"]
    assert row["cpu_ms_per_call_second"]["ours"].keys() == {"asterisk", "engine", "carrier", "postgres"}
    assert row["engine_mb"] > 0


def test_originate(home: State, project_root: Path) -> None:
    result = bench(home, project_root, "originate", "--at-once", "3", "--seconds", "2")
    assert {(run["kind"], run["at_once"], run["failed"]) for run in result["runs"]} == {("files", 3, 0), ("ours", 3, 0)}
    assert all(rate > 0 for rate in result["attempts_per_second"].values())
    assert result["leaked"] == 0


def test_queue(home: State, project_root: Path) -> None:
    result = bench(home, project_root, "queue", "--contacts", "3000", "--claimers", "3")
    assert (result["duplicates"], result["over_limit"]) == (0, 0)
    assert result["claims"] >= 1000
    assert all(rate > 0 for rate in result["claims_per_second"].values())


def test_listen(home: State, project_root: Path) -> None:
    result = bench(home, project_root, "listen", "--n", "3", "--seconds", "4", "--turns", "2")
    (row,) = result["results"]
    assert (row["n"], row["failed"], row["starved"], row["leaked"], row["lost_frames"]) == (3, 0, 0, 0, 0)
    assert row["ratio"] == result["ratio"]
    assert result["turns"] == {"calls": 2, "answers_per_s": 5, "missing": 0, "leaked": 0}
    assert result["turn_p95_s"] >= result["turn_p50_s"] > -2


def test_api(home: State, project_root: Path) -> None:
    result = bench(home, project_root, "api", "--rounds", "1", "--seconds", "0.5", "--projects", "200")
    assert result["failed"] == 0
    assert result["ratios"].keys() == result["p99_ratios"].keys() == {"list", "read", "create"}
    assert all(side["ours"] > 0 and side["bare"] > 0 for side in result["requests_per_second"].values())
    assert result["page_s"].keys() == {"10", "200"}
    assert result["page_ratio"] > 0
