"""One call's attention to speech, with a real recogniser whose only thread is busy."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from engine.media.segments import VoiceEnded, VoiceStarted
from engine.session.attention import Attention
from engine.speech.recogniser import Final, PreRoll, Recogniser
from tests.support.world import until

FRAME = bytes(320)


class Slow:
    """Tells of an utterance how long it was, once the ``gate`` is open."""

    closed = True
    piece_s = 0.02

    def __init__(self) -> None:
        self.gate = threading.Event()

    def describe(self) -> str:
        return "slow"

    def unknown_words(self, words: Sequence[str]) -> tuple[str, ...]:
        return ()

    def decoder(self, words: Sequence[str] | None) -> SlowDecoder:
        return SlowDecoder(self.gate)

    def release(self) -> None: ...


class SlowDecoder:
    def __init__(self, gate: threading.Event) -> None:
        self._gate = gate
        self._fed = 0

    def feed(self, pcm: bytes) -> str:
        self._fed += len(pcm) // len(FRAME)
        return ""

    def finish(self) -> Final:
        assert self._gate.wait(10)
        fed, self._fed = self._fed, 0
        return Final(str(fed))

    def close(self) -> None: ...


async def test_what_is_forgotten_is_not_the_answer_that_is_still_to_come() -> None:
    slow, told = Slow(), list[str]()
    recogniser = Recogniser(slow, threads=1)
    first, second = (
        Attention(recogniser, PreRoll(), ["да"], lambda text, final, other: told.append(text), "call") for _ in range(2)
    )
    for attention in (first, second):  # the first one keeps the thread busy
        attention.segment(VoiceStarted(0.0))
        attention.frame(FRAME, True, 0.02)
        attention.segment(VoiceEnded(0.02, 0.02))
        attention.clock(0.5)
        await asyncio.sleep(0)
    second.segment(VoiceStarted(0.6))
    second.frame(2 * FRAME, True, 0.64)
    second.forget()
    for at in (0.7, 0.9):
        second.segment(VoiceStarted(at) if at < 0.8 else VoiceEnded(at, 0.2))
    second.frame(3 * FRAME, True, 0.9)
    slow.gate.set()
    second.clock(1.4)
    await until(lambda: len(told) == 3, 5)
    assert sorted(told) == ["1", "1", "3"]
    first.close()
    second.close()
    await recogniser.close()


async def test_frames_that_come_at_once_belong_each_to_its_utterance() -> None:
    """After a stall of the loop one tick brings what has piled up: the end of one answer, and the beginning of the next."""
    slow, told = Slow(), list[str]()
    slow.gate.set()
    recogniser = Recogniser(slow, threads=1)
    attention = Attention(recogniser, PreRoll(), ["да"], lambda text, final, other: told.append(text), "call")
    for began, frames in ((0.0, 1), (1.0, 3)):
        attention.segment(VoiceStarted(began))
        attention.frame(frames * FRAME, True, began + 0.1)
        attention.segment(VoiceEnded(began + 0.1, 0.1))
        attention.clock(began + 0.6)
    await until(lambda: len(told) == 2, 5)
    assert told == ["1", "3"]
    attention.close()
    await recogniser.close()
