"""Understanding speech in one call: voiced stretches go to the recogniser, its words come back."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence

import structlog

from engine.domain.errors import DozvonError
from engine.media.segments import SegmentEvent
from engine.media.utterance import Utterance
from engine.session.messages import Spoken
from engine.session.ports import Gate, SpeechSource, SpeechStream
from engine.session.ports import Utterance as Understood

END_OF_SPEECH_S = 0.4
"""Silence after which an utterance is over. Shorter cuts people off between words, longer makes the robot slow."""


def always() -> bool:
    return True


class Attention:
    """While open, ``frame`` is given everything that is heard. ``tell(text, final, other)``, as ``events.Heard`` has them, is
    called in the loop's thread.

    An utterance is over after ``end_s`` of silence, or ``longest_s`` after its begin; while nobody is ``wanted``, it goes on.
    """

    def __init__(
        self,
        source: SpeechSource,
        gate: Gate,
        words: Sequence[str],
        tell: Callable[[str, bool, bool], None],
        call: str,
        *,
        end_s: float = END_OF_SPEECH_S,
        longest_s: float = math.inf,
        wanted: Callable[[], bool] = always,
    ) -> None:
        self._source = source
        self._words = words
        self._gate = gate
        self._tell = tell
        self._wanted = wanted
        self._utterance = Utterance(end_s, longest_s)
        self._final: Spoken | None = None
        self._finishing: asyncio.Task[None] | None = None
        self._closed = False
        self._stream = self._open()
        self._log = structlog.get_logger("ear").bind(call=call)

    def segment(self, event: SegmentEvent) -> None:
        self._utterance.segment(event)

    def frame(self, pcm: bytes, active: bool, at: float) -> None:
        """The silence that ends an utterance is fed too: decoders settle their last word in it."""
        if let_through := self._gate.push(pcm, self._utterance.speaking or active):
            self._stream.feed(let_through)
        self.clock(at)

    def clock(self, at: float) -> None:
        if self._utterance.over(at) and not self._closed and self._wanted():
            self._ask(at)

    def hurry(self, at: float) -> bool:
        """Ask at once for what has been said so far. False when nothing has: then nothing will be told."""
        if self._closed:
            return False
        if self._utterance.began < at:
            self._ask(at)
        return self._finishing is not None and not self._finishing.done()

    def spoken(self, now: float) -> Spoken:
        """When that was said which is being told."""
        return self._final or Spoken(min(self._utterance.began, now), now, None)

    def forget(self) -> None:
        """Of what has been said since the last utterance ended nothing counts."""
        self._utterance = Utterance(self._utterance.end_s, self._utterance.longest_s)
        before, self._stream = self._stream, self._open()
        if self._finishing is None or self._finishing.done():
            before.close()
        else:  # of that utterance the answer is still to come
            self._finishing.add_done_callback(lambda _: before.close())

    def close(self) -> None:
        self._closed = True
        self._stream.close()

    def _open(self) -> SpeechStream:
        return self._source.open(self._words, lambda text: self._tell(text, False, False))

    def _ask(self, at: float) -> None:
        began, ended = self._utterance.began, self._utterance.ended
        self._utterance.next(at)
        ended = at if ended is None else ended
        answer = self._stream.finish()  # before the next frame is fed, which may be of the same bunch
        self._finishing = asyncio.ensure_future(self._finish(self._stream, answer, began, ended))

    async def _finish(self, stream: SpeechStream, answer: Awaitable[Understood], began: float, ended: float) -> None:
        """A recogniser that fails does so for this utterance: it was speech, of which nothing is known, and the scenario does
        what it does then.
        """
        try:
            utterance = await answer
            text, other, confidence = utterance.text, utterance.other, utterance.confidence
        except DozvonError as error:
            self._log.error("speech_failed", error=str(error))
            text, other, confidence = "", True, None
            if not self._closed and self._stream is stream:
                self.forget()
        if not self._closed:
            self._final = Spoken(began, ended, confidence)
            self._tell(text, True, other)
            self._final = None
