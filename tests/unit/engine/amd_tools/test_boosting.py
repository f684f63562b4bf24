from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.amd_tools.boosting import BoostSettings, train
from engine.media.forest import Forest

SETTINGS = BoostSettings(trees=40, depth=3, least=5.0)
NAMES = ("a", "b", "c", "d")


def ring(count: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Two classes that no single limit divides."""
    rows = np.random.default_rng(seed).normal(size=(count, 4))
    return rows, np.asarray(rows[:, 1] ** 2 + rows[:, 2] ** 2 < 1.4)


def test_learns_what_needs_two_numbers() -> None:
    rows, truth = ring(3000, 1)
    forest = train(rows, truth, np.ones(len(rows)), NAMES, SETTINGS)
    unseen, expected = ring(1000, 2)
    assert np.mean((forest.probabilities(unseen) > 0.5) == expected) > 0.93


def test_the_same_rows_give_the_same_model_and_the_file_the_same_answers() -> None:
    rows, truth = ring(500, 3)
    first, second = (train(rows, truth, np.ones(len(rows)), NAMES, SETTINGS) for _ in range(2))
    assert first.document() == second.document()
    again = Forest.parse(json.loads(json.dumps(first.document())))
    assert again.probabilities(rows) == pytest.approx(first.probabilities(rows), abs=0.002)


def test_weights_count() -> None:
    rows = np.zeros((100, 1))
    truth = np.arange(100) < 50
    forest = train(rows, truth, np.where(truth, 9.0, 1.0), ("a",), SETTINGS)
    assert forest.probability([0.0]) == pytest.approx(0.9, abs=0.01)


def test_one_class_only() -> None:
    rows = np.random.default_rng(4).normal(size=(60, 2))
    forest = train(rows, np.ones(60, dtype=np.bool_), np.ones(60), ("a", "b"), SETTINGS)
    assert forest.probability([0.0, 0.0]) > 0.99
