"""Who says what: draws utterances of one split, each from a voice and a list of phrases of that split only."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import soundfile
import soxr

from engine.amd_tools.line import RATE, Chance
from engine.amd_tools.utterances import Split, Studio, Voice, phrases
from engine.speech import loudness, noises
from engine.speech.noises import Samples

_PERSON_RATES, _MACHINE_RATES = (95, 105, 115, 130), (88, 96, 104, 114)
_RECORDED_SHARE = 0.3
_WEIGHTS = {"rhvoice": 3.0, "flite": 2.0}
_SENTENCE_S = 1.1
"""A greeting is read out in sentences; the single numbers and letters among the prompts serve people's short answers."""


@dataclass(frozen=True, slots=True)
class Spoken:
    samples: Samples
    text: str

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE


@dataclass(frozen=True, slots=True)
class Role:
    """One speaker in one call. ``language`` is the phrases' (ru or en), whatever a recorded prompt's is."""

    voice: Voice
    person: bool


class Cast:
    def __init__(self, studio: Studio, split: Split, voices: Sequence[Voice]) -> None:
        self._studio = studio
        self._split = split
        self._phrases: dict[str, Any] = phrases()[split.value]
        self._synthetic = [voice for voice in voices if voice.engine != "recorded"]
        self._recorded = [voice for voice in voices if voice.engine == "recorded"]
        self._prompts = {voice: studio.prompts(voice, split) for voice in self._recorded}
        self._music = [_music(path) for path in studio.music(split)]

    def role(self, chance: Chance, *, person: bool, synthetic: bool = False) -> Role:
        """A speaker: three calls in ten a recorded one, else synthetic, two thirds of those Russian."""
        if not synthetic and chance.random() < _RECORDED_SHARE:
            return Role(self._recorded[chance.integers(len(self._recorded))], person)
        language = "ru" if chance.random() < 2 / 3 else "en"
        voices = [voice for voice in self._synthetic if voice.language == language]
        weights = np.array([_WEIGHTS.get(voice.engine, 1.0) for voice in voices])
        return Role(voices[chance.choice(len(voices), p=weights / weights.sum())], person)

    def texts(self, role: Role, kind: str) -> list[Any]:
        found: list[Any] = self._phrases["en" if role.voice.language == "en" else "ru"][kind]
        return found

    def says(self, role: Role, kind: str, chance: Chance, lasting: tuple[float, float]) -> Spoken:
        """A phrase of ``kind``; of a recorded speaker prompts that last ``lasting`` seconds altogether."""
        if role.voice.engine == "recorded":
            return self._reads(role.voice, chance, *lasting)
        texts = self.texts(role, kind)
        return self.says_text(role, texts[chance.integers(len(texts))], chance)

    def says_text(self, role: Role, text: str, chance: Chance) -> Spoken:
        text = self._filled(text, chance)
        rates = _PERSON_RATES if role.person else _MACHINE_RATES
        own = zlib.crc32(f"{role.voice.id}{text}".encode()) + int(chance.integers(2))
        samples = self._studio.say(role.voice, text, rates[own % 4], (92, 100, 108)[own // 4 % 3])
        return Spoken(_hurried(samples, float(chance.uniform(0.92, 1.1))), text)

    def _filled(self, text: str, chance: Chance) -> str:
        for key, names in self._phrases["names"].items():
            text = text.replace("{" + key + "}", names[chance.integers(len(names))])
        return text

    def _reads(self, voice: Voice, chance: Chance, least: float, most: float) -> Spoken:
        prompts = self._prompts[voice]
        parts: list[Samples] = []
        names: list[str] = []
        for _ in range(200):
            prompt = prompts[chance.integers(len(prompts))]
            samples = self._studio.recorded(prompt)
            so_far = sum(len(part) for part in parts) / RATE
            too_short = min(least, _SENTENCE_S) if most > 1.5 else 0.2
            if so_far + len(samples) / RATE > most or len(samples) / RATE < too_short:
                continue
            if parts:
                parts.append(np.zeros(int(chance.uniform(0.12, 0.55) * RATE), dtype=np.float32))
            parts.append(samples)
            names.append(prompt.stem)
            if sum(len(part) for part in parts) / RATE >= least:
                break
        joined = np.concatenate(parts) if parts else np.zeros(RATE // 2, dtype=np.float32)
        return Spoken(_hurried(joined, float(chance.uniform(0.95, 1.08))), "+".join(names))

    def chatter(self, chance: Chance) -> list[Samples]:
        """Four other people's talk, for the background."""
        roles = [self.role(chance, person=True, synthetic=True) for _ in range(4)]
        return [self.says(role, "chatter", chance, (3, 6)).samples for role in roles]

    def music(self, seconds: float, chance: Chance) -> Samples:
        """A piece of recorded music at the level of speech, or the made-up one."""
        length = int(seconds * RATE)
        if chance.random() < 0.2:
            return loudness.normalised(noises.music(seconds), RATE)
        piece = self._music[chance.integers(len(self._music))]
        start = int(chance.integers(len(piece) - length))
        return loudness.normalised(piece[start : start + length], RATE)


def _hurried(samples: Samples, factor: float) -> Samples:
    """Faster (and higher) by ``factor``, so that no two calls hold the same samples."""
    return np.asarray(soxr.resample(samples, RATE * factor, RATE), dtype=np.float32)


def _music(path: Any) -> Samples:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return np.asarray(soxr.resample(samples.mean(axis=1), rate, RATE), dtype=np.float32)
