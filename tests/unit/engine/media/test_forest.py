from __future__ import annotations

import json

import numpy as np
import pytest

from engine.domain.errors import BadInput
from engine.media.forest import Forest


def small() -> Forest:
    """x ≤ 1: −2; else y ≤ 0: 0; else +2. A node that never divides has no limit."""
    features = np.array([[0, 0, 1]], dtype=np.intp)
    limits = np.array([[1.0, np.inf, 0.0]])
    return Forest(("x", "y"), 2, 0.5, features, limits, np.array([[-2.0, 9.0, 0.0, 2.0]]))


@pytest.mark.parametrize(("row", "odds"), [((0, 5), -1.5), ((1, 5), -1.5), ((2, 0), 0.5), ((2, 1), 2.5)])
def test_paths(row: tuple[float, float], odds: float) -> None:
    assert small().probability(row) == pytest.approx(1 / (1 + np.exp(-odds)))


def test_one_and_many_agree_also_after_a_file() -> None:
    rows = np.random.default_rng(1).normal(size=(50, 2)) * 2
    again = Forest.parse(json.loads(json.dumps(small().document())))
    assert again.probabilities(rows) == pytest.approx([small().probability(row) for row in rows])


@pytest.mark.parametrize("spoilt", [{"depth": 3}, {"features": [[0, 0, 7]]}, {"leaves": []}, {"limits": "x"}])
def test_broken_documents(spoilt: dict[str, object]) -> None:
    with pytest.raises(BadInput) as caught:
        Forest.parse(small().document() | spoilt)
    assert caught.value.code == "amd-model"
