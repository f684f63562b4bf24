"""Understanding speech in one call: voiced stretches go to the recogniser, its words come back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from engine.domain.errors import DozvonError
from engine.media.segments import SegmentEvent, VoiceEnded, VoiceStarted
from engine.session.messages import Spoken
from engine.session.ports import Gate, SpeechSource, SpeechStream

END_OF_SPEECH_S = 0.4
"""Silence after which an utterance is over. Shorter cuts people off between words, longer makes the robot slow."""


class Attention:
    """While open, ``frame`` is given everything that is heard. ``tell(text, final, other)``, as ``events.Heard`` has them, is
    called in the loop's thread.
    """

    def __init__(
        self, source: SpeechSource, gate: Gate, words: Sequence[str], tell: Callable[[str, bool, bool], None], call: str
    ) -> None:
        self._gate = gate
        self._tell = tell
        self._speaking = False
        self._ended_at: float | None = None
        self._began = 0.0
        self._final: Spoken | None = None
        self._finishing: asyncio.Task[None] | None = None
        self._closed = False
        self._stream: SpeechStream = source.open(words, lambda text: tell(text, False, False))
        self._log = structlog.get_logger("ear").bind(call=call)

    def segment(self, event: SegmentEvent) -> None:
        match event:
            case VoiceStarted(at):
                self._began = self._began if self._speaking else at
                self._speaking, self._ended_at = True, None
            case VoiceEnded(at):
                self._ended_at = at
            case _:
                pass

    def frame(self, pcm: bytes, active: bool, at: float) -> None:
        """The silence that ends an utterance is fed too: decoders settle their last word in it."""
        if let_through := self._gate.push(pcm, self._speaking or active):
            self._stream.feed(let_through)
        self.clock(at)

    def clock(self, at: float) -> None:
        if self._ended_at is not None and at - self._ended_at >= END_OF_SPEECH_S and not self._closed:
            began, ended, self._speaking, self._ended_at = self._began, self._ended_at, False, None
            self._finishing = asyncio.ensure_future(self._finish(began, ended))

    def spoken(self, now: float) -> Spoken:
        """When that was said which is being told."""
        return self._final or Spoken(self._began, now, None)

    def close(self) -> None:
        self._closed = True
        self._stream.close()

    async def _finish(self, began: float, ended: float) -> None:
        try:
            utterance = await self._stream.finish()
        except DozvonError as error:
            self._log.error("speech_failed", error=str(error))
            return
        if not self._closed:
            self._final = Spoken(began, ended, utterance.confidence)
            self._tell(utterance.text, True, utterance.other)
            self._final = None
