"""PocketSphinx: Russian, offline, small; hears nothing but the words it is told to expect.

With this project's own acoustic model (``ru_8k``, see ``acoustic_training``): a megabyte, for sound at the telephone's
rate. Between and around the expected phrases a loop over all phones takes what is something else.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import groupby
from pathlib import Path

import numpy as np
from pocketsphinx import Decoder

from engine.domain.errors import Unavailable
from engine.domain.text import mark, translate
from engine.speech import loudness
from engine.speech.lexicon import PHONES, pronounce
from engine.speech.recogniser import RATE, Final, HeardWord

Segment = tuple[str, int, int]
"""What was heard, its first frame, the frame behind its last."""
FOLDER = Path(__file__).parent / "ru_8k"
OTHER_WEIGHT = 1e-2
"""How much less likely than an expected phrase one phone of something else is held to be. Chosen on answers and on
other speech of voices that the model was not trained with (``bench speech``): lower, and every sound becomes an answer;
higher, and short answers drown.
"""
LEAST_SHARE = 0.5
"""Of the speech in an utterance that must be expected words; else they were heard into something else."""
LONG_ROW = 90
"""Frames of 10 ms."""
LEAST_PHONES, SLOWEST_PHONE = 4, 20
"""Frames of 10 ms. In 38 prompts of Asterisk (Russian, English) seven or more phones in a second, mostly of 7 to 11 frames; in
traffic, passing noise, music, fax and beeps of the same length at most four so short.
"""
_SLICE = RATE * 2 // 25
"""Bytes: 40 ms. PocketSphinx keeps Python's lock while it decodes; between slices the loop gets its turn."""
_MOST_GRAMMARS = 16
"""A decoder keeps."""
_FRAMES_A_S = 100
_LONGEST = 15 * RATE * 2
"""Bytes: what was said before is forgotten."""
_SHORTEST = RATE * 2 // 20
"""Bytes: 50 ms; less gives no frame worth decoding."""
TRAINED_DBOV = loudness.TARGET_DBOV - 2.5
"""The middle of what ``train_recogniser`` makes."""
_SEARCH = "words"
_VARIANT = re.compile(r"\(\d+\)$")


COMMON = (
    "мне меня это что как кто где алло слушаю здравствуйте говорите извините пожалуйста давно очень сколько почему какой какая "
    "зачем номер откуда"
).split()
"""Frequent words that are no answers, so that «мне интересно» is not heard as «не интересно»."""
OTHER = tuple(phone for phone in PHONES if not phone.endswith("Q"))
"""The phones of something else: without those that stand for several vowels, which would win too often."""


class SphinxModel:
    """Decoders are few, one a thread, since an utterance is decoded in one go; a new one takes 20 ms and some 10 MB."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._idle: list[_Searcher] = []
        self._lock = threading.Lock()

    @property
    def closed(self) -> bool:
        return True

    def describe(self) -> str:
        return translate("Speech recognition: PocketSphinx, Russian, only the words that the scenario expects")

    def unknown_words(self, words: Sequence[str]) -> tuple[str, ...]:
        each = dict.fromkeys(word for phrase in words for word in phrase.split())
        return tuple(word for word in each if not pronounce(word))

    def decoder(self, words: Sequence[str] | None) -> SphinxDecoder:
        phrases = tuple(phrase for phrase in words or () if phrase and not self.unknown_words((phrase,)))
        return SphinxDecoder(phrases, self._searcher)

    @contextmanager
    def _searcher(self) -> Iterator[_Searcher]:
        with self._lock:
            searcher = self._idle.pop() if self._idle else None
        searcher = searcher or _Searcher(self._folder)
        yield searcher
        with self._lock:
            self._idle.append(searcher)


class _Searcher:
    """One of PocketSphinx's decoders with the grammars that it was last used with: a new one takes 2 ms."""

    def __init__(self, folder: Path) -> None:
        try:
            self._decoder = Decoder(hmm=str(folder), dict=None, lm=None, loglevel="FATAL", topn=8, bestpath=False)
        except RuntimeError as error:
            raise Unavailable(
                "recogniser-missing", mark("PocketSphinx cannot load its model from {folder}."), folder=str(folder)
            ) from error
        self._trained_mean = self._decoder.get_cmn(False)
        self._grammars: OrderedDict[tuple[str, ...], str] = OrderedDict()
        self._made = 0
        for phone in OTHER:
            self._decoder.add_word(f"_{phone}", phone, False)
        for word in COMMON:
            self._add(f"_{word}", word)

    def search(self, pcm: bytes, phrases: tuple[str, ...], mean: str | None) -> tuple[list[Segment], str]:
        """What ``pcm`` is made of, and the mean of the line's cepstra to begin with at its next utterance."""
        decoder = self._decoder
        decoder.activate_search(self._grammar(phrases))
        decoder.set_cmn(mean or self._trained_mean)
        decoder.start_utt()
        for at in range(0, len(pcm), _SLICE):
            decoder.process_raw(pcm[at : at + _SLICE], False, False)
        decoder.end_utt()
        segments = [(segment.word, segment.start_frame, segment.end_frame + 1) for segment in decoder.seg() or ()]
        return segments, decoder.get_cmn(False)

    def _grammar(self, phrases: tuple[str, ...]) -> str:
        """The name of the search for ``phrases`` in any order, with something else between them."""
        if phrases not in self._grammars:
            for word in dict.fromkeys(word for phrase in phrases for word in phrase.split()):
                if self._decoder.lookup_word(word) is None:
                    self._add(word, word)
            self._made += 1
            self._grammars[phrases] = f"words-{self._made}"
            self._decoder.add_jsgf_string(self._grammars[phrases], grammar(phrases))
            if len(self._grammars) > _MOST_GRAMMARS:
                self._decoder.remove_search(self._grammars.popitem(last=False)[1])
        self._grammars.move_to_end(phrases)
        return self._grammars[phrases]

    def _add(self, name: str, word: str) -> None:
        for number, phones in enumerate(pronounce(word), 1):
            self._decoder.add_word(name if number == 1 else f"{name}({number})", " ".join(phones), False)


class SphinxDecoder:
    """Decodes an utterance when it is over, at the level that the model was trained for: a second takes 40 ms.

    No partial words. In a loop over few words nearly every sound begins like an expected one; only the whole utterance
    tells an answer from other speech.
    """

    def __init__(self, phrases: tuple[str, ...], searcher: Callable[[], AbstractContextManager[_Searcher]]) -> None:
        self._phrases = phrases
        self._searcher = searcher
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
        with self._searcher() as searcher:
            segments, self._mean = searcher.search(levelled(pcm), self._phrases, self._mean)
        words = tuple(
            HeardWord(_VARIANT.sub("", name), before + first / _FRAMES_A_S, before + last / _FRAMES_A_S, share)
            for name, first, last, share in trusted(segments)
        )
        return Final(" ".join(word.text for word in words), words, not words and is_speech(segments))

    def close(self) -> None:
        self._utterance.clear()


def levelled(pcm: bytes) -> bytes:
    """``pcm`` without offset and as loud as the speech of the training."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32) / 32768
    loud = loudness.normalised(np.asarray(samples - samples.mean(), dtype=np.float32), RATE, TRAINED_DBOV)
    return (np.clip(loud, -1, 1) * 32767).astype("<i2").tobytes()


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


def grammar(phrases: Sequence[str]) -> str:
    """JSGF."""
    other = " | ".join(f"_{phone}" for phone in OTHER)
    known = {word for phrase in phrases for word in phrase.split()}
    common = [f"_{word}" for word in COMMON if word not in known]
    expected = "".join(f"/1/ {phrase} | " for phrase in dict.fromkeys((*phrases, *common)))
    return (
        "#JSGF V1.0 UTF-8 ru;\ngrammar answer;\n"
        f"public <answer> = ( {expected}/{OTHER_WEIGHT:g}/ <other> )+;\n<other> = {other};\n"
    )
