"""A call's ear, its voice detection and its recogniser, all real; the test is the line. A second takes as long as it takes to hear."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.media.amd import AmdModel
from engine.media.frames import FRAME, FRAME_S, RATE, levels_dbov
from engine.scenario import events as said
from engine.session.ear import Ear, Hearing
from engine.session.messages import Message, Perceived
from engine.session.ports import Leg, LegListener, SpeechSource
from engine.speech import g711, noises
from engine.speech.recogniser import PreRoll, Recogniser
from engine.speech.vad import Vad
from tests.support.world import until

Samples = NDArray[np.float32]
_CLOCK = 5
"""Frames between two looks at the clock, as ``EarSockets`` has it."""


class _Leg:
    async def detach(self) -> None: ...


class _Ears:
    async def attach(self, call: str, listener: LegListener) -> Leg:
        return _Leg()


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), dtype=np.float32)


def together(*sounds: Samples) -> Samples:
    """All at the same time."""
    mixed = silence(max(map(len, sounds)) / RATE)
    for sound in sounds:
        mixed[: len(sound)] += sound
    return mixed


def quieter(sound: Samples, db: float) -> Samples:
    return (sound * 10 ** (-db / 20)).astype(np.float32)


@dataclass
class Line:
    """Answered a moment ago; times are seconds since then. ``prompt``: what the robot says from the start."""

    speech: Recogniser | SpeechSource
    model: AmdModel | None = None
    prompt: Samples | None = None
    told: list[said.Event] = field(default_factory=list)
    now: float = 0.0

    def __post_init__(self) -> None:
        hearing = Hearing(_Ears(), self.model, Vad, PreRoll, self._read, self.speech)
        self.ear = Ear("call", hearing, self._deliver)

    def _read(self, _clip: Path, begin: int, end: int) -> NDArray[np.int16]:
        assert self.prompt is not None
        return g711.samples16(g711.alaw(self.prompt)[begin:end])

    def _deliver(self, message: Message) -> None:
        if isinstance(message, Perceived):
            self.told.append(message.event)

    async def answered(self) -> None:
        self.began = asyncio.get_running_loop().time()
        assert await self.ear.attach(self.began)
        if self.prompt is not None:
            self.ear.robot_says(Path("clip"))

    async def hears(self, sound: Samples, *, noise_dbov: float = -58.0) -> None:
        """Over the telephone: with the line's noise, as A-law."""
        noise = noises.shaped(len(sound) / RATE + 0.01, 1, noise_dbov, 0.0)[: len(sound)]
        coded = g711.samples16(g711.alaw((sound + noise).astype(np.float32)))
        for index, frame in enumerate(coded[: len(coded) // FRAME * FRAME].reshape(-1, 1, FRAME)):
            self.now += FRAME_S
            self.ear.heard(frame.tobytes(), levels_dbov(frame), self.began + self.now)
            await self._passes(index)

    async def hears_nothing(self, seconds: float) -> None:
        """No packets."""
        for index in range(round(seconds / FRAME_S)):
            self.now += FRAME_S
            await self._passes(index)

    async def _passes(self, index: int) -> None:
        if index % _CLOCK == 0:
            self.ear.clock(self.began + self.now)
        for _ in range(3):  # an utterance that has ended is handed over before the next frame comes
            await asyncio.sleep(0)

    async def understood(self, count: int = 1) -> list[said.Heard]:
        """Wait for so many whole utterances."""
        await until(lambda: len(self._finals()) >= count, 20)
        return self._finals()

    def _finals(self) -> list[said.Heard]:
        return [each for each in self.told if isinstance(each, said.Heard) and each.final]
