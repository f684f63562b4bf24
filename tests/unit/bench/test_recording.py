from __future__ import annotations

import json

import pytest

from bench.recording import main, options_from, talk


def test_the_sides_take_turns() -> None:
    sound = talk(9)
    assert sound.shape == (72_000, 2)
    assert not (sound != 0).all(axis=1).any()
    assert all((sound[:, side] != 0).any() for side in (0, 1))


def test_every_format_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(options_from(["--json", "--seconds", "5"])) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["valid"]
    figures = {(row["format"], row["sides"]): row["kbit_s"] for row in result["results"]}
    assert len(figures) == 8
    assert figures["wav", "stereo"] > figures["flac", "stereo"] > figures["opus", "stereo"]
