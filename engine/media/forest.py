"""A boosted ensemble of small trees: file format and inference. Training is elsewhere (``engine.amd_tools.boosting``).

Every tree is complete to ``depth``, so all are walked at once: a step is one comparison for each tree.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.domain.errors import BadInput
from engine.domain.text import mark

FORMAT: Final = 3


@dataclass(frozen=True, slots=True)
class Forest:
    """``features``, ``limits``: trees × (2^depth − 1), a node's children are 2i+1 (value ≤ limit) and 2i+2. ``leaves``:
    trees × 2^depth log-odds, added to ``base``.
    """

    names: tuple[str, ...]
    depth: int
    base: float
    features: NDArray[np.intp]
    limits: NDArray[np.float64]
    leaves: NDArray[np.float64]

    def probability(self, values: Sequence[float]) -> float:
        """0…1 for one row of values in the order of ``names``."""
        row = np.asarray(values, dtype=np.float64)
        trees = np.arange(len(self.features))
        node = np.zeros(len(self.features), dtype=np.intp)
        for _ in range(self.depth):
            above = row[self.features[trees, node]] > self.limits[trees, node]
            node = 2 * node + 1 + above
        odds = self.base + float(self.leaves[trees, node - (1 << self.depth) + 1].sum())
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, odds))))

    def probabilities(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """0…1 for each of many rows."""
        odds = np.full(len(rows), self.base)
        at = np.arange(len(rows))
        for features, limits, leaves in zip(self.features, self.limits, self.leaves, strict=True):
            node = np.zeros(len(rows), dtype=np.intp)
            for _ in range(self.depth):
                node = 2 * node + 1 + (rows[at, features[node]] > limits[node])
            odds += leaves[node - (1 << self.depth) + 1]
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds, -30, 30))))

    def document(self) -> dict[str, Any]:
        """JSON. Limits of nodes that never divide are infinite, which JSON lacks: they are written as null."""
        return {
            "names": list(self.names),
            "depth": self.depth,
            "base": round(self.base, 5),
            "features": self.features.tolist(),
            "limits": [[round(x, 4) if math.isfinite(x) else None for x in tree] for tree in self.limits.tolist()],
            "leaves": [[round(x, 4) for x in tree] for tree in self.leaves.tolist()],
        }

    @staticmethod
    def parse(document: Mapping[str, Any]) -> Forest:
        """BadInput (``amd-model``) for what is not such a document."""
        try:
            depth = int(document["depth"])
            limits = [[math.inf if x is None else float(x) for x in tree] for tree in document["limits"]]
            forest = Forest(
                tuple(str(name) for name in document["names"]),
                depth,
                float(document["base"]),
                np.array(document["features"], dtype=np.intp).reshape(-1, (1 << depth) - 1),
                np.array(limits, dtype=np.float64).reshape(-1, (1 << depth) - 1),
                np.array(document["leaves"], dtype=np.float64).reshape(-1, 1 << depth),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise BadInput("amd-model", mark("This is not a model of answering-machine detection.")) from error
        fits = len(forest.features) == len(forest.limits) == len(forest.leaves) > 0
        if not fits or forest.features.min() < 0 or forest.features.max() >= len(forest.names):
            raise BadInput("amd-model", mark("This is not a model of answering-machine detection."))
        return forest
