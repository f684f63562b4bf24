"""The ear while it screens, on paper: a leg and a recogniser that are values, the voice detection a real one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.media.amd import AmdModel, Limits
from engine.media.phrases import SPOKEN
from engine.scenario import events as said
from engine.session.ear import Ear, Hearing
from engine.session.messages import Message, Perceived
from engine.session.ports import Leg, LegListener
from engine.speech.recogniser import PreRoll
from engine.speech.vad import Vad
from tests.unit.engine.media.sounds import Pcm, forest, silence, vowel

TALKER = AmdModel(forest("near_voiced_s", 1.0, 0.0, -9.0), Limits(0.9, 0.9, 0.01, 0.3, 0.01, 0.01, 0.9), 2)
"""Whoever has spoken for a second is a machine."""


class PaperLeg:
    async def detach(self) -> None: ...


class PaperEars:
    async def attach(self, call: str, listener: LegListener) -> Leg:
        return PaperLeg()


@dataclass(frozen=True)
class Understood:
    text: str
    confidence: float | None = None
    other: bool = False


@dataclass
class PaperSpeech:
    """Understands ``texts`` one after the other, whatever is said, and keeps what it was told to expect."""

    texts: list[str]
    expected: list[Sequence[str] | None] = field(default_factory=list)
    closed: int = 0

    def open(self, words: Sequence[str] | None, _on_partial: Callable[[str], None]) -> PaperSpeech:
        self.expected.append(words)
        return self

    def feed(self, pcm: bytes) -> None: ...

    async def finish(self) -> Understood:
        return Understood(self.texts.pop(0) if self.texts else "")

    def close(self) -> None:
        self.closed += 1


def samples(frames: bytes) -> Pcm:
    return np.frombuffer(frames, dtype=np.int16)


async def screened(sound: Pcm, speech: PaperSpeech | None) -> list[said.Event]:
    told: list[Message] = []
    ear = Ear("call", Hearing(PaperEars(), TALKER, Vad, samples, PreRoll, speech), told.append)
    assert await ear.attach(asyncio.get_running_loop().time() - len(sound) / 8000)
    ear.screen()
    ear.heard(sound.tobytes())
    for _ in range(5):
        await asyncio.sleep(0)
    await ear.detach()
    return [message.event for message in told if isinstance(message, Perceived)]


MONOLOGUE = np.concatenate([silence(0.4), vowel(120, 30, 1.5), silence(0.5)])


TWO_VOICES = np.concatenate([MONOLOGUE, vowel(120, 30, 0.5), silence(0.5)])


async def test_a_verdict_taken_back_is_told() -> None:
    speech = PaperSpeech(["", "алло слушаю вас"])
    assert await screened(TWO_VOICES, speech) == [
        said.MachineDetected(said.MachineKind.VOICEMAIL),
        said.PersonDetected(),
    ]
    assert speech.expected == [SPOKEN]
    assert speech.closed == 1


async def test_a_machine_is_told_when_its_words_are_known() -> None:
    assert await screened(MONOLOGUE, PaperSpeech(["алло слушаю вас"])) == [said.PersonDetected()]


async def test_words_tell_which_machine_it_is() -> None:
    assert await screened(MONOLOGUE, PaperSpeech(["оставьте сообщение"])) == [
        said.MachineDetected(said.MachineKind.VOICEMAIL),
    ]
    assert await screened(MONOLOGUE, PaperSpeech(["я помощник абонента"])) == [
        said.MachineDetected(said.MachineKind.SECRETARY),
    ]
    assert await screened(MONOLOGUE, PaperSpeech(["вы позвонили"])) == [
        said.MachineDetected(said.MachineKind.VOICEMAIL)
    ]


async def test_words_that_come_later_tell_it_anew() -> None:
    assert await screened(TWO_VOICES, PaperSpeech(["", "нажмите один"])) == [
        said.MachineDetected(said.MachineKind.VOICEMAIL),
        said.MachineDetected(said.MachineKind.IVR),
    ]


async def test_a_machine_phrase_makes_no_machine_of_a_person() -> None:
    word = np.concatenate([silence(0.4), vowel(120, 30, 0.5), silence(0.5)])
    assert await screened(word, PaperSpeech(["оставьте сообщение"])) == []
    assert await screened(word, PaperSpeech(["алло"])) == [said.PersonDetected()]


async def test_without_a_recogniser_timing_alone_decides() -> None:
    assert await screened(MONOLOGUE, None) == [said.MachineDetected(said.MachineKind.VOICEMAIL)]
