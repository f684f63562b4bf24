"""A folder of labelled recordings, ours or a user's: each begins at the answer of a call."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from engine.domain.errors import BadInput
from engine.domain.text import mark
from engine.media.amd import origin
from engine.speech import audio_file, band
from engine.speech.noises import Samples

LABELS = "labels.csv"
_SUFFIXES = frozenset(".wav .wave .mp3 .ogg .oga .opus .flac .aif .aiff .au .w64 .caf .gsm .alaw .ulaw .raw".split())
_BARE: Mapping[str, str] = {".alaw": "ALAW", ".ulaw": "ULAW", ".gsm": "GSM610", ".raw": "PCM_16"}
"""Asterisk's files without a header, all 8 kHz."""
_HUMAN = frozenset("human person people live человек люди".split())
_MACHINE = frozenset(
    "machine voicemail announcement secretary ivr fax answering-machine amd автоответчик машина робот".split()
)
_SILENCE = frozenset("silence silent тишина".split())
OPENING_S = 8.0


@dataclass(frozen=True, slots=True)
class Recording:
    """``label``: human, machine, silence, or '' where nobody said. ``first_s``: when the first sound begins, −1 unknown.
    The rest is known of built calls only: ``sort``, ``language``, ``noise``, ``flaw``, ``voice``, ``phrase``.
    """

    path: Path
    file: str
    label: str
    kind: str = ""
    sort: str = ""
    language: str = ""
    noise: str = ""
    flaw: str = ""
    voice: str = ""
    phrase: str = ""
    first_s: float = -1.0

    @property
    def person(self) -> bool:
        return self.label == "human"

    def origin(self, first_voice: float | None) -> float:
        """When the clock of a decision starts: at the answer, or at a late person's first voice."""
        first = self.first_s if self.first_s >= 0 else (first_voice or 0.0)
        return origin(first) if self.person else 0.0


def recordings(folder: Path) -> list[Recording]:
    """By ``labels.csv`` (columns ``file`` and ``label``) if there is one, else by the folders' names, else unlabelled.

    BadInput when ``folder`` is none or holds no recording, or a row of the CSV cannot be used (with its line).
    """
    if not folder.is_dir():
        raise BadInput("amd-folder", mark("{folder} is not a folder."), folder=folder)
    found = _by_csv(folder) if (folder / LABELS).is_file() else _by_folders(folder)
    if not found:
        raise BadInput("amd-no-recordings", mark("{folder} holds no recordings."), folder=folder)
    return found


def _by_folders(folder: Path) -> list[Recording]:
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file())
    return [Recording(path, str(path.relative_to(folder)), _folder_label(path, folder)) for path in files]


def _folder_label(path: Path, folder: Path) -> str:
    for name in reversed(path.relative_to(folder).parts[:-1]):
        label = label_from(name)
        if label:
            return label
    return ""


def label_from(text: str) -> str:
    """human, machine, silence, or '' for what is none of them."""
    word = text.strip().lower()
    for label, known in (("human", _HUMAN), ("machine", _MACHINE), ("silence", _SILENCE)):
        if word in known:
            return label
    return ""


def _by_csv(folder: Path) -> list[Recording]:
    path = folder / LABELS
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = path.read_text(encoding="cp1251", errors="replace")
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    reader = csv.DictReader(text.splitlines(), delimiter=delimiter)
    if not {"file", "label"} <= set(reader.fieldnames or ()):
        raise BadInput("amd-labels", mark("{file} needs the columns “file” and “label”."), file=path)
    return [_row(folder, row, line) for line, row in enumerate(reader, 2)]


def _row(folder: Path, row: Mapping[str, str | None], line: int) -> Recording:
    def text(name: str) -> str:
        return row.get(name) or ""

    label = label_from(text("label"))
    if not label:
        raise BadInput(
            "amd-label",
            mark("{file}, line {line}: “{label}” is neither human nor machine nor silence."),
            file=LABELS,
            line=line,
            label=text("label"),
        )
    try:
        first_s = float(text("first_s") or -1)
    except ValueError:
        first_s = -1.0
    return Recording(
        folder / text("file"), text("file"), label, text("kind"), text("sort"), text("language"), text("noise"),
        text("flaw"), text("voice"), text("text").partition(" / ")[0], first_s,
    )  # fmt: skip


def opening(recording: Recording) -> Samples:
    """The first ``OPENING_S`` seconds, mono, 8 kHz, however long the recording is.

    BadInput, naming the file: missing, empty, damaged.
    """
    path, name = recording.path, recording.file
    if path.suffix.lower() in _BARE or (path.is_file() and path.stat().st_size > audio_file.LONGEST_BYTES // 100):
        return _start(path, name)
    return np.asarray(audio_file.read(path, name, band.RATE)[: int(OPENING_S * band.RATE)])


def _start(path: Path, name: str) -> Samples:
    bare = _BARE.get(path.suffix.lower())
    try:
        if bare is not None:
            opened = soundfile.SoundFile(path, samplerate=band.RATE, channels=1, format="RAW", subtype=bare)
        else:
            opened = soundfile.SoundFile(path)
        with opened as file:
            rate: int = file.samplerate
            samples = file.read(int(OPENING_S * rate), dtype="float32", always_2d=True).mean(axis=1)
    except (soundfile.SoundFileError, ValueError, OSError) as error:
        raise BadInput("clip-damaged", mark("Recording “{name}” cannot be read as sound."), name=name) from error
    if not len(samples):
        raise BadInput("clip-empty", mark("Recording “{name}” is empty."), name=name)
    return np.asarray(samples if rate == band.RATE else soxr.resample(samples, rate, band.RATE), dtype=np.float32)
