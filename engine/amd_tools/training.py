"""From labelled recordings to a model and the report of its training."""

from __future__ import annotations

import json
import math
import zlib
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.amd_tools.boosting import BoostSettings, train
from engine.amd_tools.decisions import Chances, chosen, decided, outcome, quality
from engine.amd_tools.listening import Course, course
from engine.amd_tools.recordings import Recording, opening
from engine.domain.errors import BadInput
from engine.domain.text import mark, translate
from engine.host.debian import Say
from engine.media.amd import AmdModel, AmdSettings, Limits
from engine.media.forest import Forest
from engine.media.segments import SegmentSettings
from engine.media.timing import FEATURES

FOLDS = 3
LEAST = 40
"""Recordings of each label. Fewer teach nothing."""


@dataclass(frozen=True, slots=True)
class TrainSettings:
    vad: int = 2
    boost: BoostSettings = field(default_factory=BoostSettings)
    closing: BoostSettings = field(
        default_factory=lambda: BoostSettings(trees=200, depth=4, least=10.0, rows_share=0.5, columns_share=0.3)
    )


@dataclass(frozen=True, slots=True)
class Trained:
    """Both documents are JSON."""

    model: dict[str, Any]
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Heard:
    recording: Recording
    course: Course


def listen(found: Sequence[Recording], settings: TrainSettings, workers: int, say: Say) -> list[Heard]:
    """What the classifier sees of each recording; unreadable ones are told and left out, silence is not for training."""
    labelled = [each for each in found if each.label in ("human", "machine")]
    until = AmdSettings().deadline_s
    heard: list[Heard] = []
    with ProcessPoolExecutor(workers) as pool:
        work = pool.map(partial(_listen, vad=settings.vad, until_s=until), labelled, chunksize=20)
        for recording, result in zip(labelled, work, strict=True):
            if isinstance(result, str):
                say(result)
            else:
                heard.append(Heard(recording, result))
    return heard


def _listen(recording: Recording, vad: int, until_s: float) -> Course | str:
    try:
        return course(opening(recording), vad, until_s, SegmentSettings())
    except BadInput as error:
        return str(error)


def trained(heard: Sequence[Heard], settings: TrainSettings, say: Say, workers: int = 1) -> Trained:
    """BadInput when there are too few of a label. The limits are chosen on out-of-fold probabilities: folds share no voice."""
    counts = Counter(each.recording.label for each in heard)
    for label in ("human", "machine"):
        if counts[label] < LEAST:
            raise BadInput(
                "amd-too-few",
                mark("There are {count} usable recordings labelled {label}; training needs {least} at least."),
                count=counts[label], label=label, least=LEAST,
            )  # fmt: skip
    truth = np.array([each.recording.person for each in heard])
    folds = _folds(heard)
    whole = _Part(heard, truth, folds, [np.arange(len(each.course.times)) for each in heard], settings.boost)
    closing = _Part(heard, truth, folds, [_closing_steps(each.course) for each in heard], settings.closing)
    with ProcessPoolExecutor(workers) as pool:
        forest, chances = whole.trained(pool, say)
        last_forest, last_chances = closing.trained(pool, say)
    calls = [_chances(*each) for each in zip(heard, whole.by_call(chances), closing.by_call(last_chances), strict=True)]
    deadline = AmdSettings().deadline_s
    limits, result = chosen(calls, deadline)
    report = {
        "recordings": dict(counts),
        "snapshots": len(whole.rows),
        "boosting": asdict(settings.boost),
        "boosting_closing": asdict(settings.closing),
        "vad": settings.vad,
        "limits": asdict(limits),
        "deadline_s": deadline,
        "out_of_fold": asdict(result),
        "by_sort": _by_sort(heard, calls, limits, deadline),
        "importance": _importance(forest),
    }
    return Trained(AmdModel(forest, limits, settings.vad, last_forest).document(), _rounded(report))


class _Part:
    """The rows of one forest: ``steps`` of each call, each call of the same weight."""

    def __init__(
        self,
        heard: Sequence[Heard],
        truth: NDArray[np.bool_],
        folds: NDArray[np.intp],
        steps: Sequence[NDArray[np.intp]],
        boost: BoostSettings,
    ) -> None:
        self.rows = np.concatenate([each.course.rows[chosen] for each, chosen in zip(heard, steps, strict=True)])
        self._sizes = np.array([len(each) for each in steps])
        call = np.repeat(np.arange(len(heard)), self._sizes)
        self._truth, self._folds, self._boost = truth[call], folds[call], boost
        weights = 1.0 / self._sizes[call]
        self._weights = weights * (len(weights) / weights.sum())

    def trained(self, pool: ProcessPoolExecutor, say: Say) -> tuple[Forest, NDArray[np.float64]]:
        """The forest of all rows, and of each row the probability by a forest that has not seen its fold."""
        chances = np.zeros(len(self.rows))
        inside = [self._folds != fold for fold in range(FOLDS)] + [np.ones(len(self.rows), dtype=np.bool_)]
        work = [
            pool.submit(train, self.rows[i], self._truth[i], self._weights[i], FEATURES, self._boost) for i in inside
        ]
        for step, (future, each) in enumerate(zip(work, inside, strict=True), 1):
            forest = future.result()
            chances[~each] = forest.probabilities(self.rows[~each])
            say(translate("Training, step {step} of {steps}").format(step=step, steps=FOLDS + 1))
        return forest, chances

    def by_call(self, chances: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        return np.split(chances, self._sizes.cumsum()[:-1])


def _closing_steps(course: Course) -> NDArray[np.intp]:
    """The last step before the deadline and two a little earlier, so that there is more to learn from."""
    deadline = AmdSettings().deadline_s
    steps = [int(np.searchsorted(course.times, deadline - before)) - 1 for before in (0.58, 0.28, -0.02)]
    return np.unique([max(0, step) for step in steps] if len(course.times) else []).astype(np.intp)


def _folds(heard: Sequence[Heard]) -> NDArray[np.intp]:
    """Calls of one voice stay together; where no voice is known, those of one phrase or file."""
    speakers = sorted({_speaker(each) for each in heard})
    place = {speaker: index % FOLDS for index, speaker in enumerate(speakers) if speaker not in ("", "-")}
    return np.array(
        [
            place.get(_speaker(each), zlib.crc32((each.recording.phrase or each.recording.file).encode()) % FOLDS)
            for each in heard
        ]
    )


def _speaker(heard: Heard) -> str:
    """A built voice with another throat is still the same speaker."""
    return heard.recording.voice.partition("*")[0]


def _chances(heard: Heard, values: NDArray[np.float64], closing: NDArray[np.float64]) -> Chances:
    course = heard.course
    origin = heard.recording.origin(course.voice_s if math.isfinite(course.voice_s) else None)
    last = float(closing[-1]) if len(closing) else math.nan
    return Chances(course.times, values, course.voice_s, course.tone_s, heard.recording.person, origin, last)


def _by_sort(heard: Sequence[Heard], calls: Sequence[Chances], limits: Limits, deadline: float) -> dict[str, Any]:
    groups: dict[str, list[tuple[bool, bool, float]]] = {}
    for each, call in zip(heard, calls, strict=True):
        result = outcome(call, decided(call, limits, deadline))
        sort = each.recording.sort or each.recording.label
        groups.setdefault(sort, []).append(result)
    return {
        sort: {"wrong": sum(a != b for a, b, _ in group), **asdict(quality(group))} for sort, group in groups.items()
    }


def _importance(forest: Forest) -> dict[str, float]:
    """Share of the divisions that use a number, most used first."""
    used = np.isfinite(forest.limits)
    counts = np.bincount(forest.features[used], minlength=len(forest.names))
    order = np.argsort(-counts)
    return {forest.names[index]: float(counts[index] / max(1, counts.sum())) for index in order}


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return value


def write(result: Trained, model: Path, report: Path) -> None:
    """Both files whole or not at all."""
    for path, document, indent in ((model, result.model, None), (report, result.report, 1)):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial_file = path.with_suffix(".part")
        partial_file.write_text(json.dumps(document, indent=indent, ensure_ascii=False) + "\n", encoding="utf-8")
        partial_file.replace(path)
