"""Calls made from real voices; skipped where the packages of ``./dozvon amd build`` have not been fetched."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from engine.amd_tools import dataset, sources
from engine.amd_tools.calls import SECONDS, SORTS, make
from engine.amd_tools.casting import Cast
from engine.amd_tools.line import RATE
from engine.amd_tools.recordings import recordings
from engine.amd_tools.utterances import Split, Studio
from engine.settings import state_from

STATE = state_from(dict(os.environ))
pytestmark = pytest.mark.skipif(
    not (STATE.root / "amd" / "packages" / "packages.json").exists(), reason="./dozvon amd build has not been run here"
)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return Studio(sources.fetch(STATE, print), tmp_path_factory.mktemp("utterances"))


@pytest.mark.parametrize("sort", SORTS)
def test_each_sort_of_call(studio: Studio, sort: str) -> None:
    cast = Cast(studio, Split.TEST)
    call = make(cast, sort, (1, 2, 3))
    assert len(call.samples) == SECONDS * RATE
    assert (call.first_s < 0) == (SORTS[sort].kind == "silence")
    assert np.array_equal(call.samples, make(cast, sort, (1, 2, 3)).samples)


def test_a_small_data_set(tmp_path: Path) -> None:
    dataset.build(sources.fetch(STATE, print), tmp_path, print, 1, {Split.TRAIN: 6, Split.TEST: 4})
    assert len(recordings(tmp_path / "train")) == 6
    assert {each.voice for each in recordings(tmp_path / "train")}.isdisjoint(
        {each.voice for each in recordings(tmp_path / "test")}
    )
