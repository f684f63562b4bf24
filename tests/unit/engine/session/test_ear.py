"""The ear while it screens, on paper: a leg and a recogniser that are values, the voice detection a real one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.domain.errors import Unavailable
from engine.media.amd import AmdModel, Limits
from engine.media.frames import FRAME, levels_dbov
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


class PaperEars:
    """They are their own leg."""

    attached = 0

    async def attach(self, call: str, listener: LegListener) -> Leg:
        self.attached += 1
        return self

    async def detach(self) -> None:
        self.attached -= 1


@dataclass(frozen=True)
class Understood:
    text: str
    confidence: float | None = None
    other: bool = False


@dataclass
class PaperSpeech:
    """Understands ``texts`` one after the other, whatever is said, and keeps what it was told to expect."""

    texts: list[str]
    failures: int = 0
    """Of the first utterances."""
    expected: list[Sequence[str] | None] = field(default_factory=list)
    closed: int = 0
    asked: list[float] = field(default_factory=list)
    """Seconds of the utterances that it was asked for."""
    _fed: int = 0

    def open(self, words: Sequence[str] | None, _on_partial: Callable[[str], None]) -> PaperSpeech:
        self.expected.append(words)
        self._fed = 0
        return self

    def feed(self, pcm: bytes) -> None:
        self._fed += len(pcm)

    async def finish(self) -> Understood:
        self.asked.append(self._fed / 16000)
        self._fed = 0
        self.failures -= 1
        if self.failures >= 0:
            raise Unavailable("recogniser-failed", "It failed.")
        return Understood(self.texts.pop(0) if self.texts else "")

    def close(self) -> None:
        self.closed += 1


def no_clip(_clip: Path, _begin: int, _end: int) -> Pcm:
    return np.zeros(0, dtype=np.int16)


def hear(ear: Ear, sound: Pcm, until: float) -> None:
    """At once, as after a stall."""
    whole = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    ear.heard(whole.tobytes(), levels_dbov(whole), until)


async def screened(sound: Pcm, speech: PaperSpeech | None) -> list[said.Event]:
    told: list[Message] = []
    ear = Ear("call", Hearing(PaperEars(), TALKER, Vad, PreRoll, no_clip, speech), told.append)
    assert await ear.attach(asyncio.get_running_loop().time() - len(sound) / 8000)
    ear.screen()
    hear(ear, sound, asyncio.get_running_loop().time())
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


class Silent(PaperSpeech):
    """Never answers."""

    async def finish(self) -> Understood:
        await asyncio.get_running_loop().create_future()
        return Understood("")


async def test_a_verdict_that_waits_for_its_words_is_not_told_after_a_transfer() -> None:
    told: list[Message] = []
    ear = Ear("call", Hearing(PaperEars(), TALKER, Vad, PreRoll, no_clip, Silent([])), told.append)
    began = asyncio.get_running_loop().time()
    assert await ear.attach(began)
    ear.screen()
    hear(ear, MONOLOGUE, began + 2.4)
    await ear.detach()
    assert await ear.attach(began)
    hear(ear, silence(0.4), began + 9.0)
    ear.clock(began + 9.0)
    assert told == []


class Listening:
    """An ear that listens, and a line on which time passes as it is heard."""

    def __init__(
        self, speech: PaperSpeech, told: list[Message], read: Callable[[Path, int, int], Pcm] = no_clip
    ) -> None:
        self.ear = Ear("call", Hearing(PaperEars(), TALKER, Vad, PreRoll, read, speech), told.append)
        self.began = asyncio.get_running_loop().time()
        self.now = 0.0
        self.told = told

    async def begin(self) -> None:
        assert await self.ear.attach(self.began)
        self.ear.listen(["да"], None)

    async def hear(self, *sounds: Pcm) -> list[said.Event]:
        """What is told meanwhile."""
        before = len(self.told)
        sound = np.concatenate(sounds)
        for frame in sound[: len(sound) // FRAME * FRAME].reshape(-1, 1, FRAME):
            self.now += 0.02
            self.ear.heard(frame.tobytes(), levels_dbov(frame), self.began + self.now)
            for _ in range(3):
                await asyncio.sleep(0)
        return [message.event for message in self.told[before:] if isinstance(message, Perceived)]


async def listening(speech: PaperSpeech) -> Listening:
    made = Listening(speech, [])
    await made.begin()
    return made


WORD = [silence(0.4), vowel(120, 30, 0.5), silence(0.6)]


async def test_a_recogniser_that_fails_does_so_for_one_utterance() -> None:
    """The scenario is told of speech without known words, and takes its branch; the next utterance is understood."""
    speech = PaperSpeech(["да"], failures=1)
    line = await listening(speech)
    assert await line.hear(*WORD) == [said.SpeechStarted(), said.Heard("", True, True)]
    assert (len(speech.expected), speech.closed) == (2, 1), "another stream"
    assert await line.hear(*WORD) == [said.SpeechStarted(), said.Heard("да", True, False)]


async def test_who_speaks_when_the_prompt_ends_is_not_silent() -> None:
    line = await listening(PaperSpeech(["да"]))
    line.ear.begin_silence()
    assert await line.hear(silence(0.4)) == []
    assert await line.hear(vowel(120, 30, 0.5)) == [said.SpeechStarted()]
    line.ear.begin_silence()
    assert line.told == [Perceived(said.SpeechStarted())] * 2


ECHOED = np.concatenate([vowel(110, 25, 1.0), vowel(140, -30, 0.8)])
MUMBLED = np.concatenate([silence(0.4), vowel(160, 20, 0.5), silence(3.3)])
"""Neither timing nor words tell who that is: heard on, but spoken to like a person."""


async def mumbling(speech: PaperSpeech, prompt: Pcm) -> Listening:
    """A call that is screened; after the verdict the robot says ``prompt``."""
    clip = np.concatenate([np.zeros_like(MUMBLED), prompt])
    line = Listening(speech, [], lambda _clip, begin, end: clip[begin:end])
    assert await line.ear.attach(line.began)
    line.ear.screen()
    line.ear.robot_says(Path("clip"))
    assert await line.hear(MUMBLED) == [said.PersonDetected()]
    return line


async def test_the_robots_own_words_are_no_evidence() -> None:
    speech = PaperSpeech(["", "алло"])
    line = await mumbling(speech, ECHOED)
    assert await line.hear(silence(0.2), ECHOED, silence(0.8)) == []
    assert len(speech.asked) == 1
    assert await line.hear(vowel(190, -40, 0.5), silence(0.4)) == [said.PersonDetected()]
    assert 0.5 < speech.asked[1] < 1.0, "the person's word, with what is heard around it"


async def test_who_speaks_into_an_echo_is_evidence() -> None:
    speech = PaperSpeech(["", "алло"])
    line = await mumbling(speech, ECHOED)
    louder = np.concatenate([silence(0.8), vowel(190, -40, 3.6, -9.0)])
    louder[1600 : 1600 + len(ECHOED)] += ECHOED // 3
    assert await line.hear(louder) == [said.PersonDetected()], "he is not waited for until he ends"
    assert speech.asked[1] < 2.6, "without what sounded before him"
