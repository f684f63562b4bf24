"""The data set as files: ``FOLDER/train`` and ``FOLDER/test``, each with ``human/ machine/ silence/`` and ``labels.csv``.

The files are 8 kHz A-law in WAV: what a telephone network would have brought, so nothing is lost by the encoding.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import soundfile

from engine.amd_tools.calls import SORTS, Call, make
from engine.amd_tools.casting import Cast
from engine.amd_tools.sources import Sources
from engine.amd_tools.utterances import RATE, VOICES, Split, Studio, Voice
from engine.domain.text import translate
from engine.host.debian import Say

COUNTS: Mapping[Split, int] = {Split.TRAIN: 3440, Split.TEST: 1600}
SEED = 2604
Voices = Mapping[Split, Sequence[Voice]]
_GROUP = 40
"""Calls a worker makes before it reports."""


@dataclass(frozen=True, slots=True)
class Label:
    """A row of ``labels.csv``. ``label``: human, machine or silence. ``first_s``: −1 when nothing is heard."""

    file: str
    label: str
    kind: str
    sort: str
    language: str
    voice: str
    noise: str
    snr_db: float
    flaw: str
    first_s: float
    text: str


def label_of(kind: str) -> str:
    return {"person": "human", "silence": "silence"}.get(kind, "machine")


def build(
    sources: Sources,
    folder: Path,
    say: Say,
    workers: int,
    counts: Mapping[Split, int] = COUNTS,
    voices: Voices = VOICES,
) -> None:
    """Make both splits anew. Reproducible: the same packages give the same files."""
    cache = folder / "utterances"
    for split, count in counts.items():
        say(translate("Building {count} calls for {split}").format(count=count, split=split.value))
        shutil.rmtree(folder / split.value, ignore_errors=True)
        labels = _split(Plan(sources, folder, cache, split, tuple(voices[split])), count, say, workers)
        write_labels(folder / split.value / "labels.csv", labels)


@dataclass(frozen=True, slots=True)
class Plan:
    """What all calls of a split share."""

    sources: Sources
    folder: Path
    cache: Path
    split: Split
    voices: tuple[Voice, ...]


def _split(plan: Plan, count: int, say: Say, workers: int) -> list[Label]:
    sorts = planned(count)
    groups = [(start, sorts[start : start + _GROUP]) for start in range(0, count, _GROUP)]
    labels: list[Label] = []
    with ProcessPoolExecutor(workers) as pool:
        futures = [pool.submit(_group, plan, start, group) for start, group in groups]
        for number, future in enumerate(futures, 1):
            labels += future.result()
            if number % max(1, len(groups) // 10) == 0:
                say(translate("{done} of {count}").format(done=len(labels), count=count))
    return labels


def planned(count: int) -> list[str]:
    """The sort of each call: exact shares, mixed evenly, so that any stretch holds all sorts."""
    owed = dict.fromkeys(SORTS, 0.0)
    plan = []
    for _ in range(count):
        for name, sort in SORTS.items():
            owed[name] += sort.share
        most = max(owed, key=lambda name: owed[name])
        owed[most] -= 1
        plan.append(most)
    return plan


_CASTS: dict[tuple[Path, Split], Cast] = {}


def _cast(plan: Plan) -> Cast:
    """One a worker process: reading the music takes longer than making a hundred calls."""
    if (plan.cache, plan.split) not in _CASTS:
        _CASTS[plan.cache, plan.split] = Cast(Studio(plan.sources, plan.cache), plan.split, plan.voices)
    return _CASTS[plan.cache, plan.split]


def _group(plan: Plan, start: int, sorts: list[str]) -> list[Label]:
    cast = _cast(plan)
    place = list(Split).index(plan.split)
    return [
        _write(plan.folder, plan.split, start + number, make(cast, sort, (SEED, place, start + number)))
        for number, sort in enumerate(sorts)
    ]


def _write(folder: Path, split: Split, number: int, call: Call) -> Label:
    label = label_of(call.kind)
    file = f"{label}/{call.sort.replace(',', '').replace(' ', '-')}-{number:05d}.wav"
    path = folder / split.value / file
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, call.samples, RATE, subtype="ALAW")
    line = call.line
    return Label(
        file, label, call.kind, call.sort, call.language or "-", call.voice or "-", line.noise,
        round(line.snr_db, 1), line.flaw, round(call.first_s, 3), " / ".join(call.texts),
    )  # fmt: skip


def write_labels(path: Path, labels: list[Label]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(Label.__slots__))
        writer.writeheader()
        writer.writerows(asdict(label) for label in labels)


def read_labels(path: Path) -> Iterator[Label]:
    """Rows of our own ``labels.csv``."""
    with path.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            yield Label(
                row["file"], row["label"], row["kind"], row["sort"], row["language"], row["voice"], row["noise"],
                float(row["snr_db"]), row["flaw"], float(row["first_s"]), row["text"],
            )  # fmt: skip
