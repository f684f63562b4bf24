"""Speech recognition: what an adapter provides (``Model``, ``Decoder``) and how calls use it (``Recogniser``, ``Stream``).

An adapter is synchronous and computes; ``Recogniser`` runs it in a few threads. One model serves the process, one
decoder a stream. Whoever feeds a stream never waits: what arrives while its last piece is still being decoded is
decoded as one piece afterwards, in order.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.domain.errors import DozvonError, Unavailable
from engine.domain.text import mark
from engine.speech.steady import Steady
from engine.speech.threads import Threads

RATE = 8000
"""Hz, 16 bit, mono: what streams are fed."""
BEST_PIECE_S = 0.16
"""Smaller pieces wait for more, or every 20 ms frame would cost a change of threads."""
_SPEAKING_S, _GONE_S = 0.4, 2.0
"""How much later than an answer is due: more of somebody who still speaks (his own answer waits for the silence that ends
it), and giving back what nobody needs any more."""


@dataclass(frozen=True, slots=True)
class HeardWord:
    """Seconds of sound fed to the stream since its utterance began; ``confidence`` 0 to 1."""

    text: str
    start_s: float
    end_s: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Final:
    """What was said between two ``finish``; ``text`` is empty when nothing was understood. ``other``: there was speech without a
    word that the recogniser could take, not mere noise.
    """

    text: str
    words: tuple[HeardWord, ...] = ()
    other: bool = False

    @property
    def confidence(self) -> float | None:
        """The words' mean; None without words."""
        return sum(word.confidence for word in self.words) / len(self.words) if self.words else None


class Decoder(Protocol):
    """One stream's part of a model. Called from any thread, but by one at a time."""

    def feed(self, pcm: bytes) -> str:
        """The words of this utterance so far."""

    def finish(self) -> Final:
        """The end of the utterance; what is fed next begins another one."""

    def close(self) -> None:
        """Give the memory back. Nothing else is called afterwards."""


class Model(Protocol):
    @property
    def closed(self) -> bool:
        """True when it can hear nothing but the words given: then ``open`` needs them."""

    def describe(self) -> str:
        """One line for the operator: which recogniser, which model, what it can do."""

    def unknown_words(self, words: Sequence[str]) -> tuple[str, ...]:
        """Those of ``words`` (phrases are taken apart) that it can never hear."""

    @property
    def piece_s(self) -> float:
        """Seconds of sound that are worth a change of threads: few where they give partial words."""

    def decoder(self, words: Sequence[str] | None) -> Decoder:
        """For ``words`` (phrases) and whatever else it calls unknown; None: for all words it knows."""

    def release(self) -> None:
        """The process ends: what is still being decoded may fail, but not hold it up."""


class Recogniser:
    """The process's recogniser. ``threads``: how many pieces are decoded at the same time."""

    def __init__(self, model: Model, threads: int) -> None:
        self.model = model
        self._threads = Threads(threads)
        self._streams = set[Stream]()

    @classmethod
    async def load(cls, make: Callable[[], Model], threads: int) -> Recogniser:
        """``make`` may read hundreds of megabytes: it runs in a thread."""
        return cls(await asyncio.to_thread(make), threads)

    def open(self, words: Sequence[str] | None, on_partial: Callable[[str], None]) -> Stream:
        """A stream for one call. ``on_partial`` is told, in the loop's thread, the words so far that have stood through
        two looks (``Steady``), whenever they change.
        """
        stream = Stream(self.model, tuple(words) if words is not None else None, self._threads, on_partial)
        self._streams = {known for known in self._streams if not known.gone.is_set()} | {stream}
        return stream

    async def close(self) -> None:
        """Closes the streams that are still open and ends the threads."""
        for stream in self._streams:
            stream.close()
        await asyncio.to_thread(self.model.release)
        for stream in self._streams:
            await stream.gone.wait()
        await self._threads.close()


class PreRoll:
    """Lets only speech through, with the ``seconds`` before it and the ``tail_s`` after it: first and last consonants are
    often not loud enough to count. Gaps up to ``seconds`` come through whole, since what was kept back follows.
    """

    def __init__(self, seconds: float = 0.2, tail_s: float = 0.06) -> None:
        self._most = int(seconds * RATE) * 2
        self._tail = int(tail_s * RATE) * 2
        self._kept = bytearray()
        self._after = self._tail
        """Bytes let through since the last voice."""

    def push(self, pcm: bytes, voiced: bool) -> bytes:
        """What to feed now; empty in silence. ``voiced``: this very frame, no hangover."""
        if voiced:
            self._after = 0
        elif self._after < self._tail:
            self._after += len(pcm)
        else:
            self._kept += pcm
            del self._kept[: max(0, len(self._kept) - self._most)]
            return b""
        let_through = bytes(self._kept) + pcm
        self._kept.clear()
        return let_through


class Stream:
    """Used in the loop's thread. Close it when the call, or its listening, is over."""

    def __init__(
        self, model: Model, words: tuple[str, ...] | None, threads: Threads, on_partial: Callable[[str], None]
    ) -> None:
        self._model = model
        self._words = words
        self._threads = threads
        self._best = int(model.piece_s * RATE) * 2
        self._on_partial = on_partial
        self._loop = asyncio.get_running_loop()
        self._decoder: Decoder | None = None  # made and used in the threads only, by one job at a time
        self._work: deque[bytearray | asyncio.Future[Final]] = deque()
        self.idle = asyncio.Event()
        """Clear while something is being decoded."""
        self.idle.set()
        self._closed = False
        self.gone = asyncio.Event()
        """Set when the stream is closed and its decoder given back."""
        self._broken: DozvonError | None = None
        self._steady = Steady()
        self._told = ""

    def feed(self, pcm: bytes) -> None:
        """More sound (16 bit, 8 kHz); never waits, never loses any."""
        if self._closed or self._broken is not None:
            return
        if not self._work or not isinstance(self._work[-1], bytearray):
            self._work.append(bytearray())
        piece = self._work[-1]
        if isinstance(piece, bytearray):
            piece += pcm
        self._go_on()

    def finish(self) -> asyncio.Future[Final]:
        """The person has stopped: everything fed so far, understood to the end; what is fed from now on, also before that is
        awaited, is another utterance. Cancelling gives only the answer up. Raises what made the recogniser fail (Unavailable).
        """
        answer: asyncio.Future[Final] = self._loop.create_future()
        if self._broken is not None:
            answer.set_exception(self._broken)
        elif self._closed:
            answer.set_result(Final(""))
        else:
            self._work.append(answer)
            self._go_on()
        return answer

    def close(self) -> None:
        """Returns at once; the decoder goes when its last piece is done. May be called twice."""
        if self._closed:
            return
        self._closed = True
        self._give_up(None)
        if self.idle.is_set():
            self._start(self._drop, _GONE_S)

    def _go_on(self) -> None:
        """Begin the next piece of work, if none is under way and there is enough. An utterance's rest and its end are one job."""
        if not self.idle.is_set() or not self._work:
            return
        piece, work = b"", self._work[0]
        if isinstance(work, bytearray):
            if len(work) < self._best and len(self._work) == 1:
                return
            piece = bytes(work)
            self._work.popleft()
        if self._work and not isinstance(answer := self._work[0], bytearray):
            self._work.popleft()
            self._start(lambda: self._end(piece), 0.0, answer)
        else:
            self._start(lambda: self._decode(piece), _SPEAKING_S)

    def _start(
        self, job: Callable[[], str | Final], due_in_s: float, answer: asyncio.Future[Final] | None = None
    ) -> None:
        try:
            self._threads.run(job, self._loop.time() + due_in_s, lambda done: self._done(done, answer))
        except RuntimeError:  # the threads have ended: the process ends
            self._closed = True
            self._give_up(None)
            self.gone.set()
            return
        self.idle.clear()

    def _done(self, done: asyncio.Future[str | Final], answer: asyncio.Future[Final] | None) -> None:
        self.idle.set()
        problem = None if done.cancelled() else done.exception()
        if done.cancelled() or problem is not None:
            if answer is not None:
                self._work.appendleft(answer)
            self._give_up(None if self._closed else _unavailable(problem))
            if self._closed:
                self._start(self._drop, _GONE_S)
            return
        result = done.result()
        if isinstance(result, Final):
            self._steady, self._told = Steady(), ""
            if answer is not None and not answer.done():
                answer.set_result(result)
        elif not self._closed:
            self._tell(self._steady.look(result))
        if not self._closed:
            self._go_on()
        elif self._decoder is not None:
            self._start(self._drop, _GONE_S)
        else:
            self.gone.set()

    def _tell(self, text: str) -> None:
        if text and text != self._told:
            self._told = text
            self._on_partial(text)

    def _give_up(self, broken: DozvonError | None) -> None:
        self._broken = broken
        for work in self._work:
            if isinstance(work, bytearray) or work.done():
                continue
            if broken is None:
                work.set_result(Final(""))
            else:
                work.set_exception(broken)
        self._work.clear()

    def _decode(self, piece: bytes) -> str:
        if self._decoder is None:
            self._decoder = self._model.decoder(self._words)
        return self._decoder.feed(piece)

    def _end(self, piece: bytes) -> Final:
        if piece:
            self._decode(piece)
        return self._decoder.finish() if self._decoder is not None else Final("")

    def _drop(self) -> str:
        decoder, self._decoder = self._decoder, None
        if decoder is not None:
            decoder.close()
        return ""


def _unavailable(problem: BaseException | None) -> DozvonError | None:
    if problem is None or isinstance(problem, DozvonError):
        return problem
    return Unavailable(
        "recogniser-failed",
        mark("Speech recognition failed ({reason})."),
        reason=str(problem) or type(problem).__name__,
    )
