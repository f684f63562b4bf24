"""One of PocketSphinx's decoders, and what it makes of an utterance. As a program, ``python -m engine.speech.sphinx_search``, it
serves ``sphinx_workers``: an utterance after the other over the socket that is its standard input, until that ends.
"""

from __future__ import annotations

import signal
import sys
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
import numpy as np
from pocketsphinx import Decoder

from engine.domain.errors import DozvonError, Unavailable
from engine.domain.text import mark
from engine.speech import loudness
from engine.speech.lexicon import PHONES, pronounce
from engine.speech.recogniser import RATE

Segment = tuple[str, int, int]
"""What was heard, its first frame, the frame behind its last."""
OTHER_WEIGHT = 1e-2
"""How much less likely than an expected phrase one phone of something else is held to be. Chosen on answers and on
other speech of voices that the model was not trained with (``bench speech``): lower, and every sound becomes an answer;
higher, and short answers drown.
"""
COMMON = (
    "мне меня это что как кто где алло слушаю здравствуйте говорите извините пожалуйста давно очень сколько почему какой какая "
    "зачем номер откуда"
).split()
"""Frequent words that are no answers, so that «мне интересно» is not heard as «не интересно»."""
OTHER = tuple(phone for phone in PHONES if not phone.endswith("Q"))
"""The phones of something else: without those that stand for several vowels, which would win too often."""
TRAINED_DBOV = loudness.TARGET_DBOV - 2.5
"""The middle of what ``train_recogniser`` makes."""
_SLICE = RATE * 2 // 25
"""Bytes: 40 ms. PocketSphinx keeps Python's lock while it decodes; between slices other threads get their turn."""
_MOST_GRAMMARS = 16
"""A decoder keeps."""
_MOST_WORDS = 5000
"""A decoder is taught, 150 bytes each: it forgets none, so the next scenario gets a new decoder, which takes 80 ms."""


class Job(msgspec.Struct, frozen=True):
    """An utterance (16 bit, 8 kHz), the phrases expected in it, and the mean of the line's cepstra if it is known."""

    pcm: bytes
    phrases: tuple[str, ...]
    mean: str | None = None


class Found(msgspec.Struct, frozen=True):
    """What the utterance is made of, and the mean to begin with at the line's next one. ``error``: why not."""

    segments: tuple[Segment, ...] = ()
    mean: str | None = None
    error: str = ""


class Searcher:
    """One of PocketSphinx's decoders with the grammars that it was last used with: a new one takes 2 ms."""

    def __init__(self, folder: Path) -> None:
        """Raises Unavailable when PocketSphinx cannot load ``folder``."""
        self._folder = folder
        self._begin()

    def _begin(self) -> None:
        try:
            self._decoder = Decoder(hmm=str(self._folder), dict=None, lm=None, loglevel="FATAL", topn=8, bestpath=False)
        except RuntimeError as error:
            raise Unavailable(
                "recogniser-missing",
                mark("PocketSphinx cannot load its model from {folder}."),
                folder=str(self._folder),
            ) from error
        self._trained_mean = self._decoder.get_cmn(False)
        self._grammars: OrderedDict[tuple[str, ...], str] = OrderedDict()
        self._made = self._taught = 0
        for phone in OTHER:
            self._decoder.add_word(f"_{phone}", phone, False)
        for word in COMMON:
            self._add(f"_{word}", word)

    def search(self, job: Job) -> Found:
        search, pcm = self._grammar(job.phrases), levelled(job.pcm)
        decoder = self._decoder
        decoder.activate_search(search)
        decoder.set_cmn(job.mean or self._trained_mean)
        decoder.start_utt()
        for at in range(0, len(pcm), _SLICE):
            decoder.process_raw(pcm[at : at + _SLICE], False, False)
        decoder.end_utt()
        segments = ((segment.word, segment.start_frame, segment.end_frame + 1) for segment in decoder.seg() or ())
        return Found(tuple(segments), decoder.get_cmn(False))

    def _grammar(self, phrases: tuple[str, ...]) -> str:
        """The name of the search for ``phrases`` in any order, with something else between them."""
        if phrases not in self._grammars:
            if self._taught >= _MOST_WORDS:
                self._begin()
            for word in dict.fromkeys(word for phrase in phrases for word in phrase.split()):
                if self._decoder.lookup_word(word) is None:
                    self._add(word, word)
                    self._taught += 1
            self._made += 1
            name = f"words-{self._made}"
            self._decoder.add_jsgf_string(name, grammar(phrases))
            self._grammars[phrases] = name
            if len(self._grammars) > _MOST_GRAMMARS:
                self._decoder.remove_search(self._grammars.popitem(last=False)[1])
        self._grammars.move_to_end(phrases)
        return self._grammars[phrases]

    def _add(self, name: str, word: str) -> None:
        for number, phones in enumerate(pronounce(word), 1):
            self._decoder.add_word(name if number == 1 else f"{name}({number})", " ".join(phones), False)


def levelled(pcm: bytes) -> bytes:
    """``pcm`` without offset and as loud as the speech of the training."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32) / 32768
    loud = loudness.normalised(np.asarray(samples - samples.mean(), dtype=np.float32), RATE, TRAINED_DBOV)
    return (np.clip(loud, -1, 1) * 32767).astype("<i2").tobytes()


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


def serve(link: Connection, folder: Path) -> None:
    """Tells with an empty answer that it is ready."""
    try:
        searcher = Searcher(folder)
    except DozvonError as error:
        link.send_bytes(msgspec.msgpack.encode(Found(error=str(error))))
        return
    link.send_bytes(msgspec.msgpack.encode(Found()))
    while True:
        job = msgspec.msgpack.decode(link.recv_bytes(), type=Job)
        try:
            found = searcher.search(job)
        except (RuntimeError, ValueError) as error:  # what PocketSphinx raises
            found = Found(error=str(error) or type(error).__name__)
        link.send_bytes(msgspec.msgpack.encode(found))


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):  # meant for the engine, which ends us in order
        signal.signal(number, signal.SIG_IGN)
    with suppress(EOFError, OSError):  # the engine is gone
        serve(Connection(sys.stdin.fileno()), Path(sys.argv[1]))
