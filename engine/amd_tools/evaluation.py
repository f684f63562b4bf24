"""Verdicts on a folder of recordings: one row a file, a table of qualities, a CSV."""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from engine.amd_tools.decisions import Quality, quality
from engine.amd_tools.listening import frames
from engine.amd_tools.recordings import Recording, opening
from engine.amd_tools.words import LANGUAGES, Words
from engine.domain.errors import BadInput
from engine.media.amd import Amd, AmdModel, AmdSettings, Verdict
from engine.media.frames import FRAME_S

DEADLINE_S = AmdSettings().deadline_s


@dataclass(frozen=True, slots=True)
class Row:
    """``verdict``: in force at the deadline; ``first``: the one before any revision, whose time ``decided_s`` is (from the
    answer) and ``speed_s`` (from the first voice of a late person). ``verdict`` '' and ``error`` a sentence where the file
    could not be read. ``cpu_ms``: of detector and webrtcvad up to the first verdict.
    """

    file: str
    label: str
    sort: str
    language: str
    verdict: str
    taken_for: str
    first: str
    decided_s: float
    speed_s: float
    evidence: str
    person: float
    correct: str
    cpu_ms: float
    error: str


def judge(recording: Recording, model: AmdModel, *, listen: bool = False) -> Row:
    """One recording; never raises for what is in a file. ``listen``: also to what is said, where it may be Russian."""
    known = recording.file, recording.label, recording.sort, recording.language
    try:
        samples = opening(recording)
    except BadInput as error:
        return Row(*known, "", "", "", 0, 0, "", 0, "", 0, str(error))
    amd = Amd(model)
    words = Words(amd) if listen and recording.language in LANGUAGES else None
    first: Verdict | None = None
    spent = 0.0
    began = time.process_time()
    for frame, voiced, at in frames(samples, model.vad):
        if at > DEADLINE_S + 1e-9:
            break
        verdict = amd.feed(frame, voiced, at)
        if words is not None:
            verdict = words.frame(frame.tobytes(), at) or verdict
        if verdict is not None and first is None:
            first, spent = verdict, time.process_time() - began
    if words is not None:
        words.close()
    while amd.verdict is None:
        amd.advance(round(amd.now + FRAME_S, 3))
    spent = 1000 * (spent or time.process_time() - began)
    verdict, first = amd.verdict, first or amd.verdict
    taken = "machine" if verdict.kind.machine else "human"
    correct = {"": "", "silence": ""}.get(recording.label, str(taken == recording.label).lower())
    origin = recording.origin(amd.timing.first_voice)
    return Row(
        *known, verdict.kind.value, taken, first.kind.value, round(first.at, 3), round(first.at - origin, 3),
        verdict.evidence.name.lower(), round(verdict.person, 4), correct, round(spent, 2), "",
    )  # fmt: skip


def judge_all(found: Sequence[Recording], model: AmdModel, workers: int, *, listen: bool = False) -> list[Row]:
    if len(found) < 20:
        return [judge(recording, model, listen=listen) for recording in found]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(partial(judge, model=model, listen=listen), found, chunksize=20))


def overall(rows: Sequence[Row]) -> Quality:
    """Of the rows labelled human or machine that could be read."""
    return quality([(r.label == "human", r.taken_for == "human", r.speed_s) for r in rows if r.correct])


def first_verdicts(rows: Sequence[Row]) -> Quality:
    """As :func:`overall`, of the verdicts before any revision."""
    people = ("person", "silence", "unsure")
    return quality([(r.label == "human", r.first in people, r.speed_s) for r in rows if r.correct])


def by_sort(rows: Sequence[Row]) -> dict[str, Quality]:
    """Quality of each sort (of each label where no sorts are known)."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        if row.correct:
            groups.setdefault(row.sort or row.label, []).append(row)
    return {name: overall(group) for name, group in groups.items()}


def write_csv(rows: Sequence[Row], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(Row.__slots__))
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)
