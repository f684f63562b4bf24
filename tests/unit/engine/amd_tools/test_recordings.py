from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.amd_tools.evaluation import Row, judge, judge_all, overall, write_csv
from engine.amd_tools.recordings import OPENING_S, Recording, label_from, opening, recordings
from engine.amd_tools.verbs import evaluate
from engine.domain.errors import BadInput
from engine.media.amd import AmdModel, Limits
from tests.unit.engine.media.sounds import forest

MODEL = AmdModel(forest("quiet_s", 0.5, 0.0, 4.0), Limits(0.9, 0.9, 0.01, 0.3, 0.0, 0.0, 0.9), 2)


def sound(seconds: float, rate: int = 8000) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.random.default_rng(1).normal(size=int(seconds * rate)) * 0.05


def one(path: Path) -> Recording:
    return Recording(path, path.name, "human")


def test_folders_name_the_labels(tmp_path: Path) -> None:
    for name in ("human/a.wav", "machine/deep/b.wav", "other/c.wav", "human/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / name, sound(0.1), 8000, format="WAV")
    found = {each.file: each.label for each in recordings(tmp_path)}
    assert found == {"human/a.wav": "human", "machine/deep/b.wav": "machine", "other/c.wav": ""}


@pytest.mark.parametrize("text", ["file,label\na.wav,human\n", "label;file\nчеловек;a.wav\n"])
def test_a_csv_wins(tmp_path: Path, text: str) -> None:
    (tmp_path / "labels.csv").write_text("\ufeff" + text, encoding="utf-8")
    (found,) = recordings(tmp_path)
    assert (found.file, found.label) == ("a.wav", "human")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("name,what\nx,y\n", "amd-labels"),
        ("file,label\na.wav,perhaps\n", "amd-label"),
        ("file,label\n", "amd-no-recordings"),
    ],
)
def test_unusable_csv(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(BadInput) as caught:
        recordings(tmp_path)
    assert caught.value.code == code


def test_unusable_folders(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        recordings(tmp_path / "none")
    assert caught.value.code == "amd-folder"
    with pytest.raises(BadInput) as caught:
        recordings(tmp_path)
    assert caught.value.code == "amd-no-recordings"


def test_labels() -> None:
    assert [label_from(each) for each in (" Human ", "voicemail", "тишина", "cat")] == [
        "human",
        "machine",
        "silence",
        "",
    ]


@pytest.mark.parametrize(("name", "rate", "channels"), [("a.wav", 44100, 2), ("a.flac", 16000, 1), ("a.ogg", 48000, 2)])
def test_common_formats(tmp_path: Path, name: str, rate: int, channels: int) -> None:
    path = tmp_path / name
    soundfile.write(path, np.stack([sound(1.0, rate)] * channels, axis=1), rate)
    assert len(opening(one(path))) == pytest.approx(8000, abs=80)


def test_an_hour_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "hour.wav"
    with soundfile.SoundFile(path, "w", 8000, 1) as file:
        for _ in range(60):
            file.write(np.zeros(8000 * 60, dtype=np.int16))
    assert len(opening(one(path))) == OPENING_S * 8000
    assert judge(one(path), MODEL).verdict == "silence"


def test_asterisks_bare_files(tmp_path: Path) -> None:
    path = tmp_path / "a.alaw"
    path.write_bytes(bytes([0xD5]) * 8000)
    assert len(opening(one(path))) == 8000


@pytest.mark.parametrize("content", [b"", b"RIFF\0\0", b"no sound at all", b"\0" * 5000])
def test_damaged_files_are_rows_with_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    row = judge(one(path), MODEL)
    assert row.verdict == ""
    assert "a.wav" in row.error
    assert not row.correct


def test_zero_samples_and_missing(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "none.wav", np.zeros(0), 8000)
    assert judge(one(tmp_path / "none.wav"), MODEL).error
    assert judge(one(tmp_path / "gone.wav"), MODEL).error


@pytest.mark.parametrize("spoil", ["clipped", "quiet", "dc"])
def test_spoilt_lines_are_judged(tmp_path: Path, spoil: str) -> None:
    samples = sound(3.0) * np.repeat([0, 1, 0], 8000)
    changed = {"clipped": np.clip(samples * 1000, -1, 1), "quiet": samples / 500, "dc": samples + 0.3}[spoil]
    soundfile.write(tmp_path / "a.wav", changed, 8000)
    row = judge(one(tmp_path / "a.wav"), MODEL)
    assert row.verdict
    assert 0 < row.decided_s <= 4.0


def test_a_folder_is_judged_and_written(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", sound(1.0), 8000)
    (tmp_path / "b.wav").write_bytes(b"?")
    rows = judge_all([one(tmp_path / "a.wav"), one(tmp_path / "b.wav")], MODEL, 1)
    write_csv(rows, tmp_path / "out.csv")
    lines = (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].split(",") == list(Row.__slots__)
    assert len(lines) == 3
    assert overall(rows).calls == 1


def test_one_folder_of_everything_that_can_go_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each file is a row; what cannot be judged names its problem there, and the rest goes on."""
    calls = tmp_path / "calls"
    calls.mkdir()
    spoken = sound(3.0) * np.repeat([0, 1, 0], 8000)
    for name, samples, rate in (
        ("stereo.wav", np.stack([spoken, spoken], axis=1), 8000),
        ("one-way.wav", np.stack([spoken, 0 * spoken], axis=1), 8000),
        ("cd.wav", np.repeat(spoken, 6)[: 44100 * 3], 44100),
        ("none.wav", np.zeros(0), 8000),
        ("clipped.wav", np.clip(1000 * spoken, -1, 1), 8000),
        ("quiet.wav", spoken / 500, 8000),
        ("offset.wav", spoken + 0.4, 8000),
        ("looped.wav", np.tile(spoken, 3), 8000),
    ):
        soundfile.write(calls / name, samples, rate)
    soundfile.write(calls / "not-a-number.wav", np.full(8000, np.nan, dtype=np.float32), 8000, subtype="FLOAT")
    (calls / "damaged.wav").write_bytes(b"RIFF....WAVEfmt nothing")
    (calls / "cut.wav").write_bytes((calls / "cd.wav").read_bytes()[:3000])
    (tmp_path / "model.json").write_text(json.dumps(MODEL.document()))
    options = argparse.Namespace(
        folder=calls, model=tmp_path / "model.json", csv=tmp_path / "out.csv", workers=1, words=False
    )
    assert evaluate(options, {}) == 0
    with (tmp_path / "out.csv").open(encoding="utf-8") as stream:
        rows = {row["file"]: row for row in csv.DictReader(stream)}
    assert set(rows) == {path.name for path in calls.iterdir()}
    broken = {name for name, row in rows.items() if row["error"]}
    assert broken == {"none.wav", "not-a-number.wav", "damaged.wav"}
    assert all(name in rows[name]["error"] for name in broken)
    assert all(row["verdict"] for name, row in rows.items() if name not in broken)
    printed = capsys.readouterr().out
    assert all(name in printed for name in broken)
