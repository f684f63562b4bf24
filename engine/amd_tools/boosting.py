"""Gradient boosting of small complete trees on histograms, for two classes; numpy only, the same rows give the same model.

A retraining user needs no further package for it, and 200,000 rows take about a minute.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.media.forest import Forest

Floats = NDArray[np.float64]
_BINS = 64


@dataclass(frozen=True, slots=True)
class BoostSettings:
    """``shrinkage``: share of each tree that counts; ``ridge``: L2 on leaves; ``least``: weight of rows in a leaf;
    ``rows_share``, ``columns_share``: drawn anew for each tree.
    """

    trees: int = 240
    depth: int = 5
    shrinkage: float = 0.06
    ridge: float = 5.0
    least: float = 20.0
    rows_share: float = 0.2
    columns_share: float = 0.4
    seed: int = 1


def train(
    rows: Floats, truth: NDArray[np.bool_], weights: Floats, names: tuple[str, ...], settings: BoostSettings
) -> Forest:
    """``rows``: rows × features; ``weights``: one a row, of mean about 1."""
    edges = [_edges(rows[:, column]) for column in range(rows.shape[1])]
    binned = np.stack([np.searchsorted(edges[c], rows[:, c], side="left") for c in range(rows.shape[1])])
    binned = binned.astype(np.intp)
    share = float(np.clip((weights * truth).sum() / weights.sum(), 0.001, 0.999))
    base = float(np.log(share / (1 - share)))
    odds = np.full(len(rows), base)
    nodes, leaves_count = (1 << settings.depth) - 1, 1 << settings.depth
    features = np.zeros((settings.trees, nodes), dtype=np.intp)
    limits = np.full((settings.trees, nodes), np.inf)
    leaves = np.zeros((settings.trees, leaves_count))
    draw = np.random.default_rng(settings.seed)
    for tree in range(settings.trees):
        sample = np.flatnonzero(draw.random(len(rows)) < settings.rows_share)
        columns = np.sort(draw.permutation(len(binned))[: max(1, round(len(binned) * settings.columns_share))])
        chance = 1 / (1 + np.exp(-odds[sample]))
        weight = weights[sample]
        slope, bend = weight * (truth[sample] - chance), weight * chance * (1 - chance)
        seen = binned[:, sample]
        place = np.zeros(len(sample), dtype=np.intp)
        for level in range(settings.depth):
            best = _splits(seen, columns, place, slope, bend, weight, 1 << level, settings)
            first = (1 << level) - 1
            for node, (column, cut) in enumerate(best):
                if cut >= 0:
                    features[tree, first + node], limits[tree, first + node] = column, edges[column][cut]
            place = _divided(seen, place, best)
        top, bottom = np.bincount(place, slope, leaves_count), np.bincount(place, bend, leaves_count)
        leaves[tree] = settings.shrinkage * top / (bottom + settings.ridge)
        odds += _values(rows, features[tree], limits[tree], leaves[tree], settings.depth)
    return Forest(names, settings.depth, base, features, limits, leaves)


def _divided(seen: NDArray[np.intp], place: NDArray[np.intp], best: list[tuple[int, int]]) -> NDArray[np.intp]:
    columns = np.array([column for column, _ in best], dtype=np.intp)
    cuts = np.array([cut if cut >= 0 else _BINS for _, cut in best], dtype=np.intp)
    return np.asarray(2 * place + (seen[columns[place], np.arange(len(place))] > cuts[place]), dtype=np.intp)


def _values(rows: Floats, features: NDArray[np.intp], limits: Floats, leaves: Floats, depth: int) -> Floats:
    node, at = np.zeros(len(rows), dtype=np.intp), np.arange(len(rows))
    for _ in range(depth):
        node = 2 * node + 1 + (rows[at, features[node]] > limits[node])
    return np.asarray(leaves[node - (1 << depth) + 1])


def _edges(values: Floats) -> Floats:
    """Limits between bins, at quantiles; rounded as the model file will be, so that training and file agree."""
    return np.unique(np.round(np.quantile(values, np.linspace(0.01, 0.99, _BINS - 1)), 4))


def _splits(
    binned: NDArray[np.intp], columns: NDArray[np.intp], place: NDArray[np.intp], slope: Floats, bend: Floats,
    weights: Floats, nodes: int, settings: BoostSettings,
) -> list[tuple[int, int]]:  # fmt: skip
    """For each node the feature and bin after which to divide; bin −1 where dividing gains nothing."""
    best_gain = np.full(nodes, 1e-6)
    best: list[tuple[int, int]] = [(0, -1)] * nodes
    for column in columns.tolist():
        key = place * _BINS + binned[column]
        sums = [np.bincount(key, each, nodes * _BINS).reshape(nodes, _BINS) for each in (slope, bend, weights)]
        left = [each.cumsum(axis=1) for each in sums]
        whole = [each[:, -1:] for each in left]
        right = [all_ - part for all_, part in zip(whole, left, strict=True)]
        gain = (
            left[0] ** 2 / (left[1] + settings.ridge)
            + right[0] ** 2 / (right[1] + settings.ridge)
            - whole[0] ** 2 / (whole[1] + settings.ridge)
        )
        gain[(left[2] < settings.least) | (right[2] < settings.least)] = -1.0
        cut = gain.argmax(axis=1)
        found = gain[np.arange(nodes), cut]
        for node in np.flatnonzero(found > best_gain):
            best_gain[node], best[node] = found[node], (column, int(cut[node]))
    return best
