from __future__ import annotations

import csv
from pathlib import Path

from engine.demo.report import COLUMNS, write_csv


def test_the_transcript_in_short(tmp_path: Path) -> None:
    turns = [
        {"kind": "said", "text": "Удобно говорить?", "start_s": 0.04, "interrupted": True},
        {"kind": "heard", "text": "да", "start_s": 1.52, "interrupted": False},
        {"kind": "keys", "text": "12#", "start_s": 6.0, "interrupted": False},
        {"kind": "played", "text": "bye", "start_s": 7.25, "interrupted": False},
    ]
    empty = dict.fromkeys([*COLUMNS, "id", "started_at", "answered_at", "ended_at"])
    file = tmp_path / "reports" / "report.csv"
    write_csv(file, [{**empty, "transcript": turns}, empty])
    with file.open(encoding="utf-8-sig", newline="") as stream:
        talked, silent = csv.DictReader(stream, delimiter=";")
    assert talked["transcript"] == "0.0 > Удобно говорить? … | 1.5 < да | 6.0 # 12# | 7.2 > bye"
    assert silent["transcript"] == ""
