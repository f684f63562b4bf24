"""``./dozvon bench speech``: streams of the recogniser in real time on one core, against bare decoding of the same audio.

The whole process is held on one core. Reference: one thread decodes, nothing else runs; 1/RTF streams would fill the
core. Ours: the engine's own way, frames of 20 ms paced by a clock into seven tenths of that many ``Stream``s; what
processor time a second of a stream takes says how many fill the core. Gated: three times those, a quarter of it speech,
through voice activity and pre-roll as in a call. Processor time, not the clock, is compared, since a neighbour on the
machine slows both sides at different moments; but a run in which 1 of 20 answers came later than half a second is void.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
import uvloop
from numpy.typing import NDArray

from bench.support.figures import middle
from bench.support.report import finish, machine, say, show
from engine.host.asterisk_tree import find_asterisk
from engine.media.frames import FRAME, levels_dbov
from engine.media.segments import Segmenter, VoiceEnded
from engine.scenario.document import Words
from engine.scenario.words import vocabulary
from engine.settings import state_from
from engine.speech import audio_file, loudness, noises
from engine.speech.recogniser import RATE, PreRoll, Recogniser, Stream
from engine.speech.recognisers import load_model
from engine.speech.vad import Vad

Pcm = NDArray[np.int16]

TARGET, TARGET_GATED = 0.7, 3.0
LATEST_S = 0.5
SPEECH_SHARE = 0.25
_TICK_S = FRAME / RATE
_UTTERANCE_S = 3.0
_SPREAD = 0.618034
"""Multiples of the golden section lie evenly and in step with nothing."""
_MOST_GROWTH = 24 << 20
WORDS = vocabulary((Words(contains=("@yes", "@no", "перезвоните", "позже", "потом")),))


@dataclass
class Attempt:
    """``late_s``: of each utterance, from its last frame to its answer. ``behind_s``: the worst lateness of the ticks."""

    streams: int
    late_s: list[float] = field(default_factory=list)
    behind_s: float = 0.0
    cpu_s: float = 0.0
    seconds: float = 0.0

    @property
    def capacity(self) -> float:
        """Streams that would fill the core."""
        return self.streams * self.seconds / self.cpu_s

    @property
    def p95_s(self) -> float:
        return float(np.quantile(self.late_s, 0.95)) if self.late_s else float("inf")

    @property
    def kept_up(self) -> bool:
        return self.p95_s <= LATEST_S and self.behind_s <= LATEST_S


class Caller:
    """One stream and the audio it is fed: all of it, or what voice activity lets through. ``place`` 0…1 is where in the
    audio, and in its first utterance, it begins.
    """

    def __init__(self, recogniser: Recogniser, words: Sequence[str], audio: Pcm, place: float, gated: bool) -> None:
        self._audio, self._gated = audio, gated
        self._at = int(place * (len(audio) - FRAME)) // FRAME * FRAME
        self._stream = recogniser.open(words, lambda _: None)
        self._vad, self._segments, self._roll, self._clock = Vad(), Segmenter(), PreRoll(), 0.0
        self._spoken_s = place * 7 % 1 * _UTTERANCE_S  # people do not all fall silent at the same moment
        self.answers = set[asyncio.Task[None]]()

    def next_frame(self) -> Pcm:
        at, self._at = self._at, (self._at + FRAME) % (len(self._audio) - FRAME)
        return self._audio[at : at + FRAME]

    def tick(self, frame: Pcm, level: float, attempt: Attempt) -> None:
        self._clock += _TICK_S
        pcm = frame.tobytes()
        if not self._gated:
            self._stream.feed(pcm)
            self._spoken_s += _TICK_S
            ended = self._spoken_s >= _UTTERANCE_S
        else:
            events = self._segments.feed(level, self._vad.voiced(pcm), self._clock)
            speech = self._roll.push(pcm, self._segments.active)
            if speech:
                self._stream.feed(speech)
            ended = any(isinstance(event, VoiceEnded) for event in events)
        if ended:
            self._spoken_s = 0.0
            self.answers.add(asyncio.create_task(_timed(self._stream, attempt)))

    async def close(self) -> None:
        await asyncio.gather(*self.answers)
        self._stream.close()
        await self._stream.gone.wait()


async def _timed(stream: Stream, attempt: Attempt) -> None:
    began = time.perf_counter()
    await stream.finish()
    attempt.late_s.append(time.perf_counter() - began)


async def main(options: argparse.Namespace) -> int:
    core = sorted(os.sched_getaffinity(0))[-1]
    os.sched_setaffinity(0, {core})
    before = _memory()
    model = await asyncio.to_thread(load_model, options.model, state_from(options.environment).root / "models")
    if model is None:
        say("No recogniser here.")
        return 1
    loaded = _memory()
    say(model.describe())
    speech = _speech(options)
    recogniser = Recogniser(model, threads=1)
    each = await _each(recogniser, speech, options.words)
    rtf = [_bare(recogniser, speech, options.words)]
    say(f"bare decoding: {rtf[0]:.4f} × real time")
    ours = await _attempt(recogniser, speech, max(1, int(TARGET / rtf[0])), options, gated=False)
    rtf.append(_bare(recogniser, speech, options.words))
    mixed = _quarter(speech)
    gated = await _attempt(recogniser, mixed, max(1, int(TARGET_GATED * TARGET / rtf[0])), options, gated=True)
    rtf.append(_bare(recogniser, speech, options.words))
    ideal = 1 / middle(rtf)
    growth = await _growth(recogniser, speech, options)
    await recogniser.close()
    result: dict[str, object] = {
        "ratio": ours.capacity / ideal,
        "target": TARGET,
        "valid": bool(ours.kept_up and gated.kept_up and growth <= _MOST_GROWTH),
        "recogniser": model.describe(),
        "rtf": middle(rtf),
        "ideal_streams": ideal,
        "streams": ours.capacity,
        "streams_run": ours.streams,
        "late_p95_s": ours.p95_s,
        "gated_streams": gated.capacity,
        "gated_streams_run": gated.streams,
        "gated_ratio": gated.capacity / ours.capacity,
        "gated_target": TARGET_GATED,
        "gated_late_p95_s": gated.p95_s,
        "speech_share": SPEECH_SHARE,
        "model_mb": (loaded - before) / 2**20,
        "recogniser_mb": each / 2**20,
        "growth_mb": growth / 2**20,
        "calls": options.calls,
        "machine": machine(),
    }
    show(
        f"{model.describe()}; one core",
        ("", "streams", "× bare", "run", "late, p95 s"),
        [
            ("bare decoding, 1/RTF", ideal, 1.0, 1, None),
            ("streams in real time", ours.capacity, ours.capacity / ideal, ours.streams, ours.p95_s),
            ("calls, a quarter of it speech", gated.capacity, gated.capacity / ideal, gated.streams, gated.p95_s),
        ],
        [
            f"ratio {ours.capacity / ideal:.2f} (target ≥ {TARGET}); gated {gated.capacity / ours.capacity:.2f} × "
            f"(target ≥ {TARGET_GATED})",
            f"model {(loaded - before) / 2**20:.0f} MB, a recogniser {each / 2**20:.1f} MB, "
            f"growth over {options.calls} calls {growth / 2**20:.1f} MB",
        ],
    )
    return finish("speech", result, as_json=options.json)


def _speech(options: argparse.Namespace) -> Pcm:
    """About a minute of recorded Russian speech, without long pauses."""
    install = find_asterisk(state_from(options.environment), options.environment.get("ASTERISK_HOME"))
    folders = sorted((install.root / "usr/share/asterisk/sounds").glob("ru*_*")) if install is not None else []
    clips: list[noises.Samples] = []
    for file in sorted(folders[0].glob("*.wav")) if folders else []:
        if 40_000 < file.stat().st_size < 120_000:
            clips.append(loudness.normalised(audio_file.read(file, file.name, RATE), RATE))
        if sum(map(len, clips)) > 60 * RATE:
            break
    if not clips:
        raise SystemExit("Asterisk's Russian prompts are missing: run ./dozvon doctor")
    return _pcm(np.concatenate(clips))


def _quarter(speech: Pcm) -> Pcm:
    """Two seconds of speech, six without, again and again; the line's noise throughout."""
    length = 2 * RATE
    quiet = np.zeros(int(length / SPEECH_SHARE) - length, dtype=np.int16)
    pieces = [speech[at : at + length] for at in range(0, len(speech) - length, length)]
    sound = np.concatenate([part for piece in pieces for part in (piece, quiet)])
    noise = _pcm(noises.shaped(len(sound) / RATE + 0.01, 1, -58.0, 0.0))
    return np.asarray(np.clip(sound.astype(np.int32) + noise[: len(sound)], -32768, 32767), dtype=np.int16)


def _pcm(samples: noises.Samples) -> Pcm:
    return np.asarray(np.clip(samples * 32767, -32768, 32767), dtype=np.int16)


def _bare(recogniser: Recogniser, speech: Pcm, words: Sequence[str]) -> float:
    """Real-time factor of one thread in pieces of 200 ms, utterances as long as the streams'."""
    decoder = recogniser.model.decoder(words)
    size, each = RATE // 5, int(_UTTERANCE_S * 5)
    began = time.process_time()
    for number, at in enumerate(range(0, len(speech) - size, size), 1):
        decoder.feed(speech[at : at + size].tobytes())
        if number % each == 0:
            decoder.finish()
    decoder.finish()
    taken = time.process_time() - began
    decoder.close()
    return taken / (len(speech) / RATE)


async def _attempt(
    recogniser: Recogniser, audio: Pcm, count: int, options: argparse.Namespace, *, gated: bool
) -> Attempt:
    attempt = Attempt(count, seconds=options.seconds)
    callers = [Caller(recogniser, options.words, audio, number * _SPREAD % 1, gated) for number in range(count)]
    began, cpu = time.perf_counter(), time.process_time()
    for tick in range(int(options.seconds / _TICK_S)):
        now = time.perf_counter() - began
        attempt.behind_s = max(attempt.behind_s, now - tick * _TICK_S)
        frames = [caller.next_frame() for caller in callers]
        levels = levels_dbov(np.stack(frames)) if gated else [0.0] * count  # at once, as the ears' tick has them
        for caller, frame, level in zip(callers, frames, levels, strict=True):
            caller.tick(frame, level, attempt)
        await asyncio.sleep(max(0.0, (tick + 1) * _TICK_S - (time.perf_counter() - began)))
    for caller in callers:
        await caller.close()
    attempt.cpu_s = time.process_time() - cpu
    many, late = f"{count} {'calls' if gated else 'streams'}", f"late p95 {attempt.p95_s:.2f} s"
    say(f"{many}: {attempt.cpu_s:.1f} s of processor in {options.seconds:.0f} s, {late}")
    return attempt


async def _each(recogniser: Recogniser, speech: Pcm, words: Sequence[str]) -> float:
    """Bytes of one recogniser in use."""
    start = _memory()
    together = [recogniser.open(words, lambda _: None) for _ in range(8)]
    for stream in together:
        stream.feed(speech[: RATE // 2].tobytes())
    for stream in together:
        await stream.idle.wait()
    taken = _memory() - start
    for stream in together:
        stream.close()
        await stream.gone.wait()
    return max(0.0, taken / len(together))


async def _growth(recogniser: Recogniser, speech: Pcm, options: argparse.Namespace) -> float:
    """Bytes by which the process grew from a tenth of the calls to the last."""
    settled = 0.0
    for number in range(options.calls):
        stream = recogniser.open(options.words, lambda _: None)
        stream.feed(speech[: RATE // 2].tobytes())
        await stream.finish()
        stream.close()
        await stream.gone.wait()
        if number == options.calls // 10:
            settled = _memory()
    return max(0.0, _memory() - settled)


def _memory() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss)


def options_from(arguments: Sequence[str], environment: Mapping[str, str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dozvon bench speech", description="Recogniser streams on one core.")
    parser.add_argument("--json", action="store_true", help="the last line is the result as JSON")
    parser.add_argument("--model", type=Path, help="a Vosk model's directory; otherwise what the engine would use")
    parser.add_argument("--seconds", type=float, default=12, help="of each attempt")
    parser.add_argument("--calls", type=int, default=1000, help="to look for growth")
    parser.add_argument("--words", help="phrases, with commas between; otherwise the usual Russian answers")
    options = parser.parse_args(arguments)
    options.words = tuple(options.words.split(",")) if options.words else WORDS
    options.environment = environment
    return options


if __name__ == "__main__":
    sys.exit(uvloop.run(main(options_from(sys.argv[1:], os.environ))))
