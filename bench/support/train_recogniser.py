"""Makes the acoustic model of ``engine.speech.sphinx_recogniser`` anew, from data that this project builds or Debian has.

``python -m bench.support.train_recogniser OUT --transcripts core-sounds-ru.txt[.gz] [--without VOICE] [--cache DIR]``

Speech: RHVoice's four free voices say the answers of ``answers_ru.txt`` and a part of the texts of Asterisk's Russian
prompts, at several paces and pitches; the prompts themselves, a human voice. Each also in another's throat (resampled),
at several levels, with noise, through the telephone's band and A-law. ``--without`` keeps a voice for testing. The
transcripts lie in Debian's package asterisk-core-sounds-ru.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import random
import re
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from bench.support.report import say
from engine.host.asterisk_tree import AsteriskInstall, find_asterisk, tool_argv
from engine.host.paths import PROJECT, State
from engine.speech import audio_file, band, g711, loudness, noises, program
from engine.speech.acoustic_training import EDGE_S, Utterance, train
from engine.speech.lexicon import pronounce
from engine.speech.noises import Samples

VOICES = ("aleksandr", "anna", "irina", "elena")
_TEXTS_A_VOICE = 120
_SPEECH = re.compile(r"[А-Яа-яЁё ,.!?«»\-]+")
_THROATS = (0.88, 0.93, 1.07, 1.13)
"""Resampling factors: shift pitch and formants together, as another size of throat does."""


@dataclass(frozen=True, slots=True)
class Spoken:
    voice: str
    text: str
    rate: int
    pitch: int


async def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    install = find_asterisk(State(PROJECT / ".dozvon"), None)
    if install is None:
        say("Run ./dozvon doctor first: the voices come with Asterisk's tree.")
        return 1
    prompts = dict(_transcripts(options.transcripts))
    options.cache.mkdir(parents=True, exist_ok=True)
    corpus = [
        *await _voices(install, list(prompts.values()), options),
        *_prompts(install.root, prompts),
        *_noise(),
    ]
    minutes = sum(len(each.pcm) for each in corpus) / band.RATE / 2 / 60
    say(f"{len(corpus)} utterances, {minutes:.0f} min")
    model, mean = train(corpus, say)
    model.write(options.out, [float(value) for value in mean], "live")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--transcripts", type=Path, required=True)
    parser.add_argument("--without", choices=VOICES)
    parser.add_argument("--cache", type=Path, default=PROJECT / ".dozvon" / "training")
    return parser


def _transcripts(path: Path) -> Iterator[tuple[str, str]]:
    """Name → text of the prompts that are Russian words throughout."""
    raw = path.read_bytes()
    for line in (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode().splitlines():
        name, colon, text = line.partition(":")
        if colon and not line.startswith(";") and _SPEECH.fullmatch(text.strip()):
            yield name.strip(), text.strip()


def _plan(texts: list[str]) -> list[Spoken]:
    answers = (Path(__file__).parent / "answers_ru.txt").read_text().splitlines()
    long = [text for text in texts if len(text) > 8]
    plan = []
    for voice in VOICES:
        chance = random.Random(voice)
        for text in answers:
            plan.append(
                Spoken(voice, text, chance.choice((80, 100, 100, 120, 140)), chance.choice((70, 85, 100, 115, 130)))
            )
        for text in chance.sample(long, min(_TEXTS_A_VOICE, len(long))):
            plan.append(Spoken(voice, text, chance.choice((90, 100, 110, 130)), chance.choice((75, 90, 100, 110, 130))))
    return plan


async def _voices(install: AsteriskInstall, texts: list[str], options: argparse.Namespace) -> list[Utterance]:
    data = install.root / "usr" / "share" / "RHVoice"
    env = {"RHVOICE_DATA_PATH": str(data), "RHVOICE_CONFIG_PATH": str(install.root / "etc" / "RHVoice")}
    argv = tool_argv(install, "usr/bin/RHVoice-test")
    made = []
    plan = [spoken for spoken in _plan(texts) if spoken.voice != options.without]
    for number, spoken in enumerate(plan):
        wav = options.cache / f"{spoken.voice}-{spoken.rate}-{spoken.pitch}-{zlib.crc32(spoken.text.encode()):08x}.wav"
        if not wav.exists():
            how = ("-p", spoken.voice, "-r", str(spoken.rate), "-t", str(spoken.pitch), "-o", str(wav))
            await program.run((*argv, *how), spoken.text + "\n", env if data.is_dir() else {}, 30.0, "RHVoice")
        if number % 100 == 0:
            say(f"voices: {number} of {len(plan)}")
        samples = audio_file.read(wav, wav.name, 24000)
        throat = _THROATS[number % len(_THROATS)]
        for factor in (1.0, throat):
            heard = np.asarray(soxr.resample(samples, 24000 * factor, band.RATE), dtype=np.float32)
            made.append(Utterance(_words(spoken.text), _on_the_line(heard, number + int(factor * 1e6))))
    return made


def _prompts(root: Path, prompts: dict[str, str]) -> Iterator[Utterance]:
    folder = next(iter(sorted((root / "usr/share/asterisk/sounds").glob("ru*_*"))), None)
    if folder is None:
        return
    for name, text in prompts.items():
        file, words = folder / f"{name}.wav", _words(text)
        if not file.is_file() or not words:
            continue
        samples = audio_file.read(file, name, band.RATE)
        for factor in (1.0, 0.9, 1.1):
            heard = samples if factor == 1.0 else soxr.resample(samples, band.RATE * factor, band.RATE)
            yield Utterance(words, _on_the_line(np.asarray(heard, dtype=np.float32), zlib.crc32(name.encode())))


def _noise() -> Iterator[Utterance]:
    for seed in range(12):
        yield Utterance(None, _on_the_line(noises.street(5.0, seed), seed))
        yield Utterance(None, _on_the_line(noises.shaped(4.0, seed + 50, -30.0, -3.0), seed))
    yield Utterance(None, _on_the_line(noises.music(8.0), 1))


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in re.findall("[а-яё]+", text.lower()) if pronounce(word))


def _on_the_line(samples: Samples, seed: int) -> bytes:
    """16-bit samples of ``samples`` as a telephone brings them: level, noise, band, A-law; silence around."""
    chance = np.random.default_rng(seed)
    sound = loudness.normalised(band.telephone(samples), band.RATE) * 10 ** (chance.uniform(-8, 3) / 20)
    edge = np.zeros(int(band.RATE * EDGE_S), dtype=np.float32)
    sound = np.concatenate([edge, sound, edge])
    noise = noises.shaped(len(sound) / band.RATE + 0.01, seed, chance.uniform(-66, -45), chance.choice([0.0, -3.0]))
    heard = g711.linear(g711.alaw((sound + noise[: len(sound)]).astype(np.float32)))
    return (heard * 32767).astype("<i2").tobytes()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
