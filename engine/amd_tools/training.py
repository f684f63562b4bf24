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
    rows = np.concatenate([each.course.rows for each in heard])
    sizes = np.array([len(each.course.times) for each in heard])
    call = np.repeat(np.arange(len(heard)), sizes)
    truth = np.array([each.recording.person for each in heard])
    weights = 1.0 / sizes[call]
    weights *= len(weights) / weights.sum()
    folds = _folds(heard)[call]
    chances = np.zeros(len(rows))
    inside = [folds != fold for fold in range(FOLDS)] + [np.ones(len(rows), dtype=np.bool_)]
    with ProcessPoolExecutor(workers) as pool:
        work = [pool.submit(train, rows[i], truth[call][i], weights[i], FEATURES, settings.boost) for i in inside]
        for step, (future, each) in enumerate(zip(work, inside, strict=True), 1):
            forest = future.result()
            chances[~each] = forest.probabilities(rows[~each])
            say(translate("Training, step {step} of {steps}").format(step=step, steps=FOLDS + 1))
    starts = np.concatenate([[0], sizes.cumsum()])
    calls = [_chances(each, chances[starts[i] : starts[i + 1]]) for i, each in enumerate(heard)]
    deadline = AmdSettings().deadline_s
    limits, result = chosen(calls, deadline)
    report = {
        "recordings": dict(counts),
        "snapshots": len(rows),
        "boosting": asdict(settings.boost),
        "vad": settings.vad,
        "limits": asdict(limits),
        "deadline_s": deadline,
        "out_of_fold": asdict(result),
        "by_sort": _by_sort(heard, calls, limits, deadline),
        "importance": _importance(forest),
    }
    return Trained(AmdModel(forest, limits, settings.vad).document(), _rounded(report))


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


def _chances(heard: Heard, values: Any) -> Chances:
    course = heard.course
    origin = heard.recording.origin(course.voice_s if math.isfinite(course.voice_s) else None)
    return Chances(course.times, values, course.voice_s, course.tone_s, heard.recording.person, origin)


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
