"""Single phrases as samples: spoken by a synthetic voice or taken from Asterisk's recorded prompts.

Training and test share neither a voice nor a phrase: each synthetic voice and each recorded speaker belongs to one
split, the texts are two lists (``phrases.json``), and the recorded prompts are divided by their names, whatever the
language, so that not even a translation of a training prompt is in the test.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from engine.amd_tools.sources import Sources
from engine.domain.errors import Unavailable
from engine.domain.text import mark
from engine.speech import audio_file, band, loudness
from engine.speech.noises import Samples

RATE = band.RATE
_TIMEOUT_S = 900
"""A build may run at the lowest priority on a busy machine."""
_QUIET_DB = 42.0
"""Below the peak of 10 ms blocks: what is quieter before the first and after the last sound is not the utterance."""


class Split(StrEnum):
    TRAIN = "train"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Voice:
    """``engine``: rhvoice, flite, espeak, or recorded (then ``name`` is a folder of Asterisk's sounds). ``throat``: the factor by
    which pitch and formants are raised, tempo kept; another throat makes another speaker of a voice. ``pace``: percent of
    the voice's own tempo at which it speaks as fast as others.
    """

    engine: str
    name: str
    language: str
    throat: float = 1.0
    pace: int = 100

    @property
    def speaker(self) -> str:
        """Whose voice it was before ``throat``: folds of training keep a speaker together."""
        return f"{self.engine}:{self.name}"

    @property
    def id(self) -> str:
        return self.speaker if self.throat == 1.0 else f"{self.speaker}*{self.throat:g}"


VOICES: Mapping[Split, Sequence[Voice]] = {
    Split.TRAIN: (
        *(Voice("rhvoice", "anna", "ru", throat) for throat in (1.0, 0.87, 1.13)),
        *(Voice("rhvoice", "aleksandr", "ru", throat) for throat in (1.0, 0.89, 1.14)),
        *(Voice("rhvoice", "natalia", "ru", throat) for throat in (1.0, 1.12)),
        *(Voice("rhvoice", "anatol", "ru", throat, 125) for throat in (1.0, 0.9)),
        Voice("rhvoice", "azamat", "ru", pace=120),
        Voice("rhvoice", "nazgul", "ru", pace=105),
        Voice("rhvoice", "talgat", "ru", pace=150),
        Voice("espeak", "ru+m3", "ru"),
        Voice("espeak", "ru+f2", "ru"),
        *(Voice("rhvoice", "alan", "en", throat) for throat in (1.0, 0.88, 1.14)),
        *(Voice("rhvoice", "clb", "en", throat) for throat in (1.0, 0.88, 1.14)),
        *(Voice("flite", "rms", "en", throat) for throat in (1.0, 1.14)),
        *(Voice("flite", "awb", "en", throat) for throat in (1.0, 0.9)),
        Voice("flite", "kal16", "en"),
        Voice("espeak", "en-us+m1", "en"),
        Voice("espeak", "en-gb+f4", "en"),
        Voice("recorded", "fr_CA_f_June", "fr"),
        Voice("recorded", "fr", "fr"),
        Voice("recorded", "es_CO_f_Avatar", "es"),
        Voice("recorded", "it_IT_f_Menardi", "it"),
        Voice("recorded", "de", "de"),
    ),
    Split.TEST: (
        Voice("rhvoice", "irina", "ru"),
        Voice("rhvoice", "elena", "ru"),
        Voice("espeak", "ru+m7", "ru"),
        Voice("rhvoice", "slt", "en"),
        Voice("rhvoice", "bdl", "en"),
        Voice("recorded", "ru_RU_f_IvrvoiceRU", "ru"),
        Voice("recorded", "en_US_f_Allison", "en"),
        Voice("recorded", "it_IT_m_Carlo", "it"),
        Voice("recorded", "es_MX_f_Allison", "es"),
    ),
}
"""es_MX and en_US are one speaker, so both are in the same split. The Ukrainian, Kyrgyz and Tatar voices read Russian with
an accent; they are free, unlike most of RHVoice's Russian ones, which forbid commercial use.
"""


def phrases() -> dict[str, Any]:
    """``phrases.json``: split → language → kind of phrase → texts; ``names`` fill the braces."""
    loaded: dict[str, Any] = json.loads(Path(__file__).with_name("phrases.json").read_text(encoding="utf-8"))
    return loaded


def split_of(prompt: str) -> Split:
    """The split of a recorded prompt, by its name without folder and suffix: about half each."""
    return Split.TEST if hashlib.sha256(prompt.encode()).digest()[0] % 2 else Split.TRAIN


class Studio:
    """Says phrases; keeps what has been said in ``cache``."""

    def __init__(self, sources: Sources, cache: Path) -> None:
        self._sources = sources
        self._cache = cache
        cache.mkdir(parents=True, exist_ok=True)

    def say(self, voice: Voice, text: str, rate: int, pitch: int) -> Samples:
        """``rate`` and ``pitch`` in percent of the voice's own. Unavailable when the voice does not work."""
        key = hashlib.sha256(f"2|{voice.id}|{text}|{rate}|{pitch}".encode()).hexdigest()[:24]
        return self._kept(key, lambda out: self._speak(voice, text, rate, pitch, out))

    def recorded(self, file: Path) -> Samples:
        key = hashlib.sha256(f"2|{file.parent.name}|{file.name}|{file.stat().st_size}".encode()).hexdigest()[:24]
        return self._kept(key, lambda out: _copy(file, out))

    def _kept(self, key: str, make: Any) -> Samples:
        kept = self._cache / f"{key}.npy"
        if not kept.exists():
            with tempfile.TemporaryDirectory(prefix="dozvon-amd-") as folder:
                out = Path(folder, "said.wav")
                make(out)
                samples = trimmed(loudness.normalised(audio_file.read(out, key, RATE), RATE))
            partial = kept.with_name(f".{key}.{os.getpid()}.npy")
            np.save(partial, np.clip(samples * 32767, -32768, 32767).astype(np.int16))
            partial.replace(kept)
        return np.asarray(np.load(kept).astype(np.float32) / 32768.0)

    def _speak(self, voice: Voice, text: str, rate: int, pitch: int, out: Path) -> None:
        """With ``throat`` the file claims another rate than it was made for: that raises or lowers the whole voice."""
        rate = round(rate * voice.pace / 100 / voice.throat)
        if voice.engine == "rhvoice":
            argv = [*self._sources.rhvoice, "-p", voice.name, "-r", str(rate), "-t", str(pitch), "-o", str(out)]
            env = self._sources.rhvoice_env
        elif voice.engine == "flite":
            argv = [
                *self._sources.flite,
                "-voice",
                voice.name,
                "--setf",
                f"duration_stretch={100 / rate:.3f}",
                "-o",
                str(out),
            ]
            argv += ["-t", text]
            env = self._sources.flite_env
        else:
            words_a_minute, height = 165 * rate // 100, pitch // 2
            argv = [*self._sources.espeak, "-v", voice.name, "-b", "1", "-z", "-s", str(words_a_minute)]
            argv += ["-p", str(height), "-w", str(out), "--stdin"]
            env = self._sources.espeak_env
        done = subprocess.run(
            argv, input=text + "\n", text=True, capture_output=True, timeout=_TIMEOUT_S, env={**os.environ, **env},
            check=False,
        )  # fmt: skip
        if done.returncode != 0 or not out.exists():
            raise Unavailable("amd-voice", mark("Voice “{voice}” could not say “{text}”."), voice=voice.id, text=text)
        if voice.throat != 1.0:
            samples, made_at = soundfile.read(out)
            soundfile.write(out, samples, round(made_at * voice.throat))

    def prompts(self, voice: Voice, split: Split) -> list[Path]:
        """Recorded prompts of a speaker that belong to ``split``, sorted."""
        folder = self._sources.sounds / voice.name
        files = [p for suffix in ("wav", "gsm") for p in folder.rglob(f"*.{suffix}")]
        spoken = [p for p in files if "silence" not in p.parts and "tone" not in p.stem and "beep" not in p.stem]
        return sorted(p for p in spoken if split_of(p.stem) is split and "monkeys" not in p.stem)

    def music(self, split: Split) -> list[Path]:
        files = sorted(self._sources.music.glob("*.wav"))
        return files[:3] if split is Split.TRAIN else files[3:]


def _copy(file: Path, out: Path) -> None:
    """Asterisk's ``.gsm`` are bare frames, which libsndfile must be told."""
    if file.suffix == ".gsm":
        samples, rate = soundfile.read(file, format="RAW", subtype="GSM610", samplerate=RATE, channels=1)
    else:
        samples, rate = soundfile.read(file)
    soundfile.write(out, samples, rate)


def trimmed(samples: Samples) -> Samples:
    """Without the silence before and after; 10 ms blocks."""
    block = RATE // 100
    whole = samples[: len(samples) // block * block].reshape(-1, block)
    if not len(whole):
        return samples
    level = 10 * np.log10(np.mean(whole.astype(np.float64) ** 2, axis=1) + 1e-12)
    loud = np.flatnonzero(level > level.max() - _QUIET_DB)
    return samples[loud[0] * block : (loud[-1] + 1) * block]
