"""What ``engine.session.ear`` does with a recogniser while it screens a call, done to a recording, without threads."""

from __future__ import annotations

from functools import cache

from engine.media.amd import SCREENED_S, WORD_END_S, WORDS_S, Amd, Verdict
from engine.media.phrases import SPOKEN, greets
from engine.media.utterance import Utterance
from engine.speech.recogniser import PreRoll
from engine.speech.sphinx_recogniser import SphinxModel

LANGUAGES = ("ru", "")
"""Of recordings: Russian, and those of which nobody has said what is spoken in them."""


@cache
def recogniser() -> SphinxModel:
    """One a process."""
    return SphinxModel()


class Words:
    def __init__(self, amd: Amd) -> None:
        self._amd = amd
        self._decoder = recogniser().decoder(SPOKEN)
        self._gate = PreRoll()
        self._utterance = Utterance(WORD_END_S, WORDS_S)
        self.texts: list[str] = []

    def frame(self, pcm: bytes, at: float) -> Verdict | None:
        """After ``Amd.feed`` of the same frame; a verdict when words make one."""
        for event in self._amd.events:
            self._utterance.segment(event)
        if at > SCREENED_S:
            return None
        self._decoder.feed(self._gate.push(pcm, self._utterance.speaking or self._amd.timing.segmenter.active))
        if not (self._utterance.over(at) and self._amd.open):
            return None
        self._utterance.next(at)
        self.texts.append(self._decoder.finish().text)
        said = self.texts[-1]
        return self._amd.heard(said, at) if greets(said) else self._amd.named(said, at)

    def close(self) -> None:
        self._decoder.close()
