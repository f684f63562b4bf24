"""The shipped model on some forty built calls of the test split (``./dozvon amd build`` makes sixteen hundred)."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import pytest

from engine.amd_tools.evaluation import first_verdicts, judge_all, overall
from engine.amd_tools.picture import draw
from engine.amd_tools.recordings import recordings
from engine.amd_tools.verbs import MODEL, evaluate, load

CALLS = Path(__file__).with_name("calls")


def test_most_calls_are_told_right_and_in_time() -> None:
    rows = judge_all([each for each in recordings(CALLS) if each.label != "silence"], load(MODEL), 1)
    assert not [row.error for row in rows if row.error]
    found = overall(rows)
    assert found.calls >= 36
    assert found.accuracy >= 0.85
    assert found.people_lost <= 0.1
    assert found.machines_missed <= 0.25
    assert found.human_p50_s <= 2.4
    assert all(0 < row.decided_s <= 4.0 for row in rows)
    assert first_verdicts(rows).people_lost <= found.people_lost


def test_a_decision_costs_little() -> None:
    rows = judge_all([each for each in recordings(CALLS) if each.label == "human"], load(MODEL), 1)
    costs = sorted(row.cpu_ms for row in rows)
    assert costs[len(costs) // 2] <= 50


def test_faxes_are_told_by_their_tones() -> None:
    faxes = [each for each in recordings(CALLS) if each.kind == "fax"]
    assert [row.verdict for row in judge_all(faxes, load(MODEL), 1)] == ["fax"] * len(faxes)


def test_silence_on_a_quiet_line_is_no_machine() -> None:
    """Noise without anybody speaking may be one: of these three calls the one in a car, with lost packets, is (docs/hearing.md)."""
    silent = [each for each in recordings(CALLS) if each.label == "silence" and each.noise == "none"]
    assert {row.verdict for row in judge_all(silent, load(MODEL), 1)} == {"silence"}


def test_the_verb_writes_a_row_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.csv"
    options = argparse.Namespace(folder=CALLS, model=MODEL, csv=out, workers=1, words=False)
    assert evaluate(options, {}) == 0
    with out.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(recordings(CALLS))
    assert {"human", "machine"} <= {row["taken_for"] for row in rows}
    assert "short answer" in capsys.readouterr().out


def test_nothing_readable_is_status_2(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"?")
    options = argparse.Namespace(folder=tmp_path, model=MODEL, csv=tmp_path / "out.csv", workers=1, words=False)
    assert evaluate(options, {}) == 2


def test_a_picture_names_its_verdict() -> None:
    path = next(path for path in sorted(CALLS.rglob("short-answer*.ogg")))
    picture = draw(path, load(MODEL), "a call")
    assert picture.startswith("<svg")
    assert picture.rstrip().endswith("</svg>")
    assert "#c0392b" in picture
