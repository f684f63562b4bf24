"""The ROC picture of answering-machine detection: people kept against machines missed, as an SVG written by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from engine.amd_tools.decisions import Quality
from engine.amd_tools.listening import course
from engine.amd_tools.recordings import Recording, opening
from engine.media.amd import AmdModel
from engine.media.segments import SegmentSettings

Curve = list[tuple[float, float]]
AFTER_S = (1.2, 2.0, 4.0)
_COLOURS = ("#9aa5b1", "#5b8def", "#1f4e9c")
_MARKS = ("#c0392b", "#e08e0b", "#7d5a00")
_WIDTH, _HEIGHT, _EDGE = 560, 420, 56
_FROM = 0.5
"""The vertical axis begins here: a detector below is of no interest."""


def curves(found: Sequence[Recording], model: AmdModel, workers: int) -> dict[str, Curve]:
    """For each of ``AFTER_S`` the curve of the classifier's probability at that time; points (machines missed, people kept)."""
    with ProcessPoolExecutor(workers) as pool:
        scores = np.array(list(pool.map(partial(_scores, model=model), found, chunksize=20)))
    person = np.array([each.person for each in found])
    named = {}
    for column, after in enumerate(AFTER_S):
        limits = np.unique(np.concatenate([[0.0, 1.0], np.quantile(scores[:, column], np.linspace(0, 1, 200))]))
        taken = [scores[:, column] >= limit for limit in limits]
        named[f"after {after:g} s"] = [(float(t[~person].mean()), float(t[person].mean())) for t in taken]
    return named


def _scores(recording: Recording, model: AmdModel) -> list[float]:
    """The probability of a person after each of ``AFTER_S``; what a tone has told is 0, without any voice one half."""
    heard = course(opening(recording), model.vad, AFTER_S[-1], SegmentSettings())
    values = model.forest.probabilities(heard.rows) if len(heard.rows) else np.zeros(0)
    found = []
    for after in AFTER_S:
        before = values[heard.times <= after + 1e-9]
        if heard.tone_s <= after or not len(before):
            found.append(0.0 if heard.tone_s <= after else 0.5)
        elif after == AFTER_S[-1]:
            found.append(model.last.probability(heard.rows[-1].tolist()))
        else:
            found.append(float(before[-1]))
    return found


def svg(named: Mapping[str, Curve], points: Mapping[str, Quality]) -> str:
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        *_axes(),
    ]
    for number, (name, curve) in enumerate(named.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        line = " ".join(f"{_x(miss):.1f},{_y(kept):.1f}" for miss, kept in sorted(curve) if kept >= _FROM)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(_legend(number, colour, f"our classifier {name}"))
    for number, (name, each) in enumerate(points.items()):
        colour = _MARKS[number % len(_MARKS)]
        x, y = _x(each.machines_missed), _y(1 - each.people_lost)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>')
        parts.append(_legend(len(named) + number, colour, f"{name}: people at {each.human_p50_s:.2f} s (median)"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _axes() -> list[str]:
    parts = []
    for tick in np.arange(0, 0.51, 0.1):
        x, y = _x(float(tick)), _y(1 - float(tick))
        parts.append(f'<line x1="{x:.1f}" y1="{_y(_FROM)}" x2="{x:.1f}" y2="{_y(1)}" stroke="#e5e5e5"/>')
        parts.append(f'<text x="{x:.1f}" y="{_y(_FROM) + 18}" text-anchor="middle">{100 * tick:.0f} %</text>')
        parts.append(f'<line x1="{_x(0)}" y1="{y:.1f}" x2="{_x(0.5)}" y2="{y:.1f}" stroke="#e5e5e5"/>')
        parts.append(f'<text x="{_x(0) - 8}" y="{y + 4:.1f}" text-anchor="end">{100 - 100 * tick:.0f} %</text>')
    parts.append(f'<text x="{_x(0.25)}" y="{_HEIGHT - 10}" text-anchor="middle">machines taken for people</text>')
    middle = _y(0.75)
    parts.append(
        f'<text x="14" y="{middle}" transform="rotate(-90 14 {middle})" text-anchor="middle">people kept</text>'
    )
    return parts


def _legend(row: int, colour: str, text: str) -> str:
    x, y = _x(0.2), _y(0.74) + 20 * row
    return f'<rect x="{x}" y="{y - 9}" width="12" height="10" fill="{colour}"/><text x="{x + 18}" y="{y}">{text}</text>'


def _x(miss: float) -> float:
    return _EDGE + min(miss, 0.5) / 0.5 * (_WIDTH - _EDGE - 20)


def _y(kept: float) -> float:
    return _HEIGHT - _EDGE + 8 - (max(kept, _FROM) - _FROM) / (1 - _FROM) * (_HEIGHT - _EDGE - 12)
