"""PocketSphinx: Russian, offline, small; hears nothing but the words it is told to expect.

With this project's own acoustic model (``ru_8k``, see ``acoustic_training``): a megabyte, for sound at the telephone's
rate. Between and around the expected phrases a loop over all phones takes what is something else.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Protocol

from engine.domain.text import translate
from engine.speech.lexicon import pronounce
from engine.speech.recogniser import RATE, Final, HeardWord
from engine.speech.sphinx_search import OTHER, Found, Job, Searcher, Segment
from engine.speech.sphinx_workers import Workers

FOLDER = Path(__file__).parent / "ru_8k"
LEAST_SHARE = 0.5
"""Of the speech in an utterance that must be expected words; else they were heard into something else."""
LONG_ROW = 90
"""Frames of 10 ms."""
LEAST_PHONES, SLOWEST_PHONE = 4, 20
"""Frames of 10 ms. In 38 prompts of Asterisk (Russian, English) seven or more phones in a second, mostly of 7 to 11 frames; in
traffic, passing noise, music, fax and beeps of the same length at most four so short.
"""
_FRAMES_A_S = 100
_LONGEST = 15 * RATE * 2
"""Bytes: what was said before is forgotten."""
_SHORTEST = RATE * 2 // 20
"""Bytes: 50 ms; less gives no frame worth decoding."""
_VARIANT = re.compile(r"\(\d+\)$")


class Searching(Protocol):
    """Whoever decodes. ``search`` is called from any thread, also by several at once; raises Unavailable."""

    def search(self, job: Job) -> Found: ...

    def close(self) -> None: ...


class SphinxModel:
    """``processes`` that decode, or with 0 the callers' own threads, one at a time by Python's lock: for tools."""

    def __init__(self, folder: Path = FOLDER, processes: int = 0) -> None:
        """Raises Unavailable when PocketSphinx cannot load ``folder``."""
        self._searching: Searching = Workers(folder, processes) if processes else Here(folder)

    @property
    def closed(self) -> bool:
        return True

    @property
    def piece_s(self) -> float:
        return _LONGEST / RATE / 2

    def describe(self) -> str:
        return translate("Speech recognition: PocketSphinx, Russian, only the words that the scenario expects")

    def unknown_words(self, words: Sequence[str]) -> tuple[str, ...]:
        each = dict.fromkeys(word for phrase in words for word in phrase.split())
        return tuple(word for word in each if not pronounce(word))

    def decoder(self, words: Sequence[str] | None) -> SphinxDecoder:
        phrases = tuple(phrase for phrase in words or () if phrase and not self.unknown_words((phrase,)))
        return SphinxDecoder(phrases, self._searching.search)

    def release(self) -> None:
        self._searching.close()


class Here:
    """In the calling thread. Decoders are few, as many as are used at once; a new one takes 20 ms and some 10 MB."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._idle: list[Searcher] = []
        self._lock = threading.Lock()

    def search(self, job: Job) -> Found:
        with self._searcher() as searcher:
            return searcher.search(job)

    def close(self) -> None:
        self._idle.clear()

    @contextmanager
    def _searcher(self) -> Iterator[Searcher]:
        with self._lock:
            searcher = self._idle.pop() if self._idle else None
        searcher = searcher or Searcher(self._folder)
        yield searcher
        with self._lock:
            self._idle.append(searcher)


class SphinxDecoder:
    """Decodes an utterance when it is over, at the level that the model was trained for: a second takes 40 ms.

    No partial words. In a loop over few words nearly every sound begins like an expected one; only the whole utterance
    tells an answer from other speech.
    """

    def __init__(self, phrases: tuple[str, ...], search: Callable[[Job], Found]) -> None:
        self._phrases = phrases
        self._search = search
        self._mean: str | None = None
        self._utterance = bytearray()
        self._forgotten = 0

    def feed(self, pcm: bytes) -> str:
        self._utterance += pcm[: len(pcm) // 2 * 2]
        over = len(self._utterance) - _LONGEST
        if over > 0:
            self._forgotten += over
            del self._utterance[:over]
        return ""

    def finish(self) -> Final:
        pcm, before = bytes(self._utterance), self._forgotten / RATE / 2
        self._utterance.clear()
        self._forgotten = 0
        if len(pcm) < _SHORTEST:
            return Final("")
        found = self._search(Job(pcm, self._phrases, self._mean))
        segments, self._mean = found.segments, found.mean
        words = tuple(
            HeardWord(_VARIANT.sub("", name), before + first / _FRAMES_A_S, before + last / _FRAMES_A_S, share)
            for name, first, last, share in trusted(segments)
        )
        return Final(" ".join(word.text for word in words), words, not words and is_speech(segments))

    def close(self) -> None:
        self._utterance.clear()


def trusted(segments: Sequence[Segment]) -> list[tuple[str, int, int, float]]:
    """The expected words among ``segments`` that can be believed, with the share of the speech that such words make up.

    In a sentence about something else a loop over words always finds a «да» or «ну»: words count when they are most
    of what was said, or when they stand in an unbroken row too long for chance.
    """
    speech = [segment for segment in segments if segment[0][0] not in "<[("]
    length = sum(last - first for _, first, last in speech)
    rows = [list(row) for mine, row in groupby(speech, lambda segment: segment[0][0] != "_") if mine]
    share = sum(last - first for row in rows for _, first, last in row) / length if length else 0.0
    return [
        (*segment, share)
        for row in rows
        if share >= LEAST_SHARE or row[-1][2] - row[0][1] >= LONG_ROW
        for segment in row
    ]


def is_speech(segments: Sequence[Segment]) -> bool:
    """Whether ``segments`` are sounds that change as fast as those of speech do. Traffic, music and tones are heard as a
    few phones, each drawn out.
    """
    speech = [(_phones(name), last - first) for name, first, last in segments if name[0] not in "<[("]
    quick = [(phones, length) for phones, length in speech if length <= phones * SLOWEST_PHONE]
    many = sum(phones for phones, _ in quick) >= LEAST_PHONES
    return many and 2 * sum(length for _, length in quick) >= sum(length for _, length in speech)


def _phones(name: str) -> int:
    word = _VARIANT.sub("", name).removeprefix("_")
    return 1 if word in OTHER else len(pronounce(word)[0])
