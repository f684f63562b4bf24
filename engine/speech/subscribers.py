"""The sounds of the test carrier's virtual subscribers: made at set-up, one ``.alaw`` file each.

``dialplan/carrier.conf`` says who plays what. The first two digits of a name are the subscriber's.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import tempfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.domain.errors import Unavailable
from engine.domain.text import translate
from engine.speech import audio_file, band, g711, loudness, noises
from engine.speech.noises import Samples
from engine.speech.speaker import Speaker

_RECIPE = 1
_CONTENTS = "contents.json"
_LINE_NOISE_DBOV = -58.0
"""About −52 dBm0 in the band: a mobile call from a quiet room."""


@dataclass(frozen=True, slots=True)
class Said:
    voice: str
    text: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """One of Asterisk's own Russian prompts, a human voice; ``text`` is its transcript."""

    file: str
    text: str


@dataclass(frozen=True, slots=True)
class Made:
    """A synthetic sound, by its key in ``_MADE``."""

    what: str


Part = Said | Recorded | Made

_MADE: Mapping[str, Callable[[], Samples]] = {
    "beep": lambda: noises.tone(1000.0, 0.4),
    "pause": lambda: noises.silence(0.3),
    "street": lambda: noises.street(20.0, 32),
    "music": lambda: noises.music(8.0),
    "jingle": lambda: noises.music(3.0),
    "fax": noises.fax,
}
_UNTOUCHED = frozenset({"beep", "fax", "street"})
"""Their levels are part of what they are; music is brought to the level of speech."""

CLIPS: Mapping[str, tuple[Part, ...]] = {
    "00-allo": (Said("aleksandr", "Алло!"),),
    "00-yes": (Said("aleksandr", "Да."),),
    "01-allo": (Said("irina", "Алло!"),),
    "01-no": (Said("irina", "Нет."),),
    "02-allo": (Said("anna", "Алло, слушаю."),),
    "03-allo": (Said("elena", "Слушаю вас."),),
    "05-yes": (Said("irina", "Да, да."),),
    "15-unavailable": (
        Said("elena", "Абонент временно недоступен."),
        Made("pause"),
        Recorded("pls-try-call-later", "Попробуйте позвонить позднее."),
    ),
    "20-greeting": (
        Said("aleksandr", "Здравствуйте! Это Александр. Сейчас я не могу ответить. Оставьте сообщение после сигнала."),
    ),
    "beep": (Made("beep"),),
    "21-operator": (
        Recorded("vm-nobodyavail", "В данный момент никто не может принять Ваш звонок."),
        Made("pause"),
        Recorded("vm-intro", "Оставьте сообщение после сигнала. После этого нажмите решетку или повесьте трубку."),
    ),
    "22-ask": (Said("anna", "Здравствуйте! Я помощник абонента. Он сейчас занят. Скажите, что ему передать?"),),
    "22-more": (Said("anna", "Поняла вас. Я помощник, и я всё передам. Хотите что-нибудь добавить?"),),
    "22-bye": (Said("anna", "Спасибо, я всё записала. Всего доброго!"),),
    "23-menu": (
        Made("jingle"),
        Said(
            "elena", "Здравствуйте! Вы позвонили в компанию «Ромашка». Чтобы связаться с отделом продаж, нажмите один."
        ),
        Said("elena", "Для связи с бухгалтерией нажмите два. Или дождитесь ответа оператора."),
    ),
    "23-hold": (Made("music"),),
    "24-fax": (Made("fax"),),
    "25-monologue": (
        Said("aleksandr", "Алло! Да, здравствуйте, хорошо, что вы позвонили, я как раз вчера об этом думал."),
        Said(
            "aleksandr",
            "Мы с женой долго выбирали, советовались с соседями, смотрели разное, и вот что получилось.",
        ),
        Said("aleksandr", "Подождите, я сейчас найду бумагу и всё вам подробно расскажу."),
    ),
    "30-later": (Said("anna", "Я сейчас не могу говорить, перезвоните позже."),),
    "31-other": (Said("irina", "У нас на даче уже клубника поспела."),),
    "32-street": (Made("street"),),
    "40-operator": (Said("anna", "Оператор Анна, слушаю!"),),
}


async def build(
    folder: Path, speakers: Mapping[str, Speaker], asterisk_sounds: Path, say: Callable[[str], None]
) -> None:
    """Make what is missing or has changed in ``folder``; says each clip through ``say``.

    ``speakers`` needs ``rhvoice``; without it, or when it does not work, ``espeak`` speaks for everyone.
    ``asterisk_sounds`` holds Asterisk's language folders; where the Russian one is missing its texts are spoken.
    Unavailable when no voice works.
    """
    russian = _prepared(folder, asterisk_sounds)
    contents = folder / _CONTENTS
    had = _load(contents)
    for number, (name, parts) in enumerate(CLIPS.items(), 1):
        mark = _mark(parts, russian)
        if had.get(name) == mark and (folder / f"{name}.alaw").is_file():
            continue
        say(translate("Voices of the test carrier: {number} of {count}").format(number=number, count=len(CLIPS)))
        sounds = [await _part(part, speakers, russian) for part in parts]
        _replace(folder / f"{name}.alaw", g711.alaw(_on_line(np.concatenate(sounds), name)))
        had[name] = mark
        _replace(contents, json.dumps(had, indent=1).encode())


def _prepared(folder: Path, asterisk_sounds: Path) -> Path | None:
    """Make ``folder``; the folder of Asterisk's Russian prompts, if there is one."""
    folder.mkdir(parents=True, exist_ok=True)
    return next((p for p in (asterisk_sounds / "ru", *sorted(asterisk_sounds.glob("ru_*"))) if p.is_dir()), None)


def _replace(path: Path, content: bytes) -> None:
    """A carrier that is playing the old file goes on playing it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(content)
    partial.replace(path)


def _load(contents: Path) -> dict[str, str]:
    try:
        loaded = json.loads(contents.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _mark(parts: tuple[Part, ...], russian: Path | None) -> str:
    recorded = [p.file for p in parts if isinstance(p, Recorded) and russian and (russian / f"{p.file}.wav").is_file()]
    return hashlib.sha256(repr((_RECIPE, parts, recorded)).encode()).hexdigest()


async def _part(part: Part, speakers: Mapping[str, Speaker], russian: Path | None) -> Samples:
    match part:
        case Made(what):
            made = _MADE[what]()
            return made if what in _UNTOUCHED else loudness.normalised(made, band.RATE)
        case Recorded(file, text):
            source = russian / f"{file}.wav" if russian else None
            if source is None or not source.is_file():
                return await _part(Said("irina", text), speakers, russian)
            samples = audio_file.read(source, file, band.RATE)
        case Said(voice, text):
            samples = await _spoken(voice, text, speakers)
    return loudness.normalised(band.telephone(samples), band.RATE)


async def _spoken(voice: str, text: str, speakers: Mapping[str, Speaker]) -> Samples:
    with tempfile.TemporaryDirectory(prefix="dozvon-speech-") as folder:
        out = Path(folder, "spoken.wav")
        rhvoice, espeak = speakers.get("rhvoice"), speakers.get("espeak")
        try:
            if rhvoice is None:
                raise Unavailable("speech-no-voice", "RHVoice is not installed.")
            await rhvoice.speak(text, voice, out)
        except Unavailable:
            if espeak is None:
                raise
            await espeak.speak(text, "ru", out)
        return await asyncio.to_thread(audio_file.read, out, voice, band.RATE)


def _on_line(samples: Samples, name: str) -> Samples:
    """``samples`` with the noise that a line has when nobody speaks, within the telephone's band."""
    noise = noises.shaped(len(samples) / band.RATE, zlib.crc32(name.encode()), _LINE_NOISE_DBOV, 0.0)[: len(samples)]
    return loudness.limited(band.telephone((samples + noise).astype(np.float32)), band.RATE)
