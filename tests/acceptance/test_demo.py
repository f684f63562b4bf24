"""The demo as a newcomer runs it, on contacts of his own: one command, a report at the end, nothing left running."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.demo.report import COLUMNS
from engine.host.paths import PROJECT, State
from engine.host.ports import free_port

pytestmark = pytest.mark.acceptance

CONTACTS = """phone;name
+79001230000;Анна
8 (900) 123-00-01;Борис
+79001230002;Вера
+79001230003;Глеб
+79001230010;Дарья
+79001230014;Егор
+79001230020;Жанна
12;Захар
+79001230000;Анна ещё раз
"""


def test_demo_on_own_contacts(state: State, tmp_path: Path) -> None:
    contacts = tmp_path / "contacts.csv"
    contacts.write_bytes(CONTACTS.encode("cp1251"))
    arguments = ["demo", "--exit", "--json", "--port", str(free_port()), "--contacts", str(contacts)]
    environment = {**os.environ, "DOZVON_HOME": str(state.root), "PYTHONPATH": str(PROJECT), "LANG": "ru_RU.UTF-8"}
    environment.pop("DATABASE_URL", None)
    done = subprocess.run(
        [sys.executable, "-m", "engine.cli", *arguments],
        env=environment, capture_output=True, text=True, timeout=240, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert {name: report[name] for name in ("contacts", "rejected", "answered", "busy", "failed", "state")} == {
        "contacts": 7,
        "rejected": 2,
        "answered": 5,
        "busy": 1,
        "failed": 1,
        "state": "finished",
    }
    assert (report["leads"], report["transferred"], report["blacklisted"], report["machines"]) == (2, 1, 1, 1)
    with Path(report["report"]).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert len(rows) == report["attempts"] == 8, "the busy one is tried again by the carousel"
    assert tuple(rows[0]) == tuple(COLUMNS)
    assert {row["outcome"] for row in rows if row["phone"] == "+79001230014"} == {"declined"}
    assert "12" in done.stderr, "the bad line is named"
