"""Recordings as the detector hears them: frames with webrtcvad's flags, and the classifier's numbers at each step."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.media.amd import STEP_S, Amd, AmdModel, AmdSettings, Verdict, kind_of_tone
from engine.media.frames import FRAME, FRAME_S, RATE, Frame, level_dbov
from engine.media.segments import SegmentSettings
from engine.media.timing import FEATURES, Timing
from engine.media.tones import ToneDetector
from engine.speech.noises import Samples
from engine.speech.vad import Vad


def frames(samples: Samples, vad: int) -> Iterator[tuple[Frame, bool, float]]:
    """Whole frames of ``samples`` (8 kHz, ±1): samples, flag, seconds at its end."""
    detector = Vad(vad)
    pcm = np.clip(np.rint(samples * 32768.0), -32768, 32767).astype(np.int16)
    for number in range(len(pcm) // FRAME):
        frame = pcm[number * FRAME : (number + 1) * FRAME]
        yield frame, detector.voiced(frame.tobytes()), round((number + 1) * FRAME_S, 3)


def judged(samples: Samples, model: AmdModel, settings: AmdSettings | None = None) -> Verdict:
    """The first verdict on a recording that starts at the answer. A short one goes on as silence by the clock."""
    amd = Amd(model, settings)
    for frame, voiced, at in frames(samples, model.vad):
        verdict = amd.feed(frame, voiced, at)
        if verdict is not None:
            return verdict
    while (verdict := amd.advance(round(amd.now + FRAME_S, 3))) is None:
        pass
    return verdict


@dataclass(frozen=True, slots=True)
class Course:
    """What the classifier would be asked about one recording: ``rows`` (steps × features) at ``times``, from the first voice
    on, which began at ``voice_s``. ``tone_s``: when a tone told a machine. Infinite what never came.
    """

    times: NDArray[np.float64]
    rows: NDArray[np.float64]
    tone_s: float
    voice_s: float


def course(samples: Samples, vad: int, until_s: float, settings: SegmentSettings) -> Course:
    timing, tones = Timing(settings), ToneDetector()
    times: list[float] = []
    rows: list[list[float]] = []
    due, tone_s = STEP_S, math.inf
    for frame, voiced, at in frames(samples[: round(until_s * RATE)], vad):
        level = level_dbov(frame)
        heard = tones.feed(frame, level, at)
        timing.feed(level, voiced, tones.peak, at)
        if any(kind_of_tone(tone, timing.first_voice) is not None for tone in heard):
            tone_s = min(tone_s, at)
        if at >= due - 1e-9:
            due = at + STEP_S
            if timing.first_voice is not None:
                times.append(at)
                rows.append(timing.features())
    voice_s = math.inf if timing.first_voice is None else timing.first_voice
    return Course(np.array(times), np.array(rows, dtype=np.float64).reshape(-1, len(FEATURES)), tone_s, voice_s)
