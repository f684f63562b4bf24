"""Vosk: large vocabularies, offline. Kaldi models as published on the Vosk site; any language."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import vosk

from engine.domain.errors import BadInput
from engine.domain.text import mark, translate
from engine.speech.recogniser import BEST_PIECE_S, RATE, Final, HeardWord

_UNKNOWN = "[unk]"
LEAST_OTHER_S = 0.3
"""Of ``[unk]``: shorter is a breath."""
_PARTS = (("am", "final.mdl"), ("final.mdl",))
"""Either of them is in every Vosk model: the new layout and the old one."""


class VoskModel:
    """A model directory, loaded: hundreds of megabytes, seconds. Shared by all calls; safe from any thread."""

    def __init__(self, folder: Path, name: str | None = None) -> None:
        """BadInput when ``folder`` holds no model."""
        require_model(folder)
        vosk.SetLogLevel(-1)
        try:
            self._model = vosk.Model(str(folder))
        except Exception as error:  # vosk raises nothing narrower
            raise BadInput(
                "speech-model-damaged", mark("The speech model in {folder} cannot be loaded."), folder=str(folder)
            ) from error
        self._name = name or folder.name
        # Only a graph composed while decoding can be given a grammar; the large models' one is compiled.
        self.takes_grammar = next(folder.rglob("Gr.fst"), None) is not None

    @property
    def closed(self) -> bool:
        return False

    @property
    def piece_s(self) -> float:
        return BEST_PIECE_S

    def describe(self) -> str:
        if self.takes_grammar:
            return translate("Speech recognition: Vosk, model {name}").format(name=self._name)
        return translate("Speech recognition: Vosk, model {name} (free speech only: it takes no word lists)").format(
            name=self._name
        )

    def knows(self, word: str) -> bool:
        return bool(self._model.vosk_model_find_word(word) >= 0)

    def unknown_words(self, words: Sequence[str]) -> tuple[str, ...]:
        each = dict.fromkeys(word for phrase in words for word in phrase.split())
        return tuple(word for word in each if not any(map(self.knows, _spellings(word))))

    def decoder(self, words: Sequence[str] | None) -> VoskDecoder:
        grammar = self.grammar(words) if words is not None and self.takes_grammar else ()
        if not grammar:
            return VoskDecoder(vosk.KaldiRecognizer(self._model, RATE))
        unknown = (_UNKNOWN,) if self.knows(_UNKNOWN) else ()  # else Vosk complains on stderr, at every call
        return VoskDecoder(
            vosk.KaldiRecognizer(self._model, RATE, json.dumps([*grammar, *unknown], ensure_ascii=False))
        )

    def release(self) -> None:
        """Vosk frees it with its last recogniser."""

    def grammar(self, words: Sequence[str]) -> tuple[str, ...]:
        """The phrases that the model can hear, in its own spelling of ё. Vosk would drop a word that it does not know
        out of its phrase: «не Ромашка» would become «не».
        """
        spelled = (tuple(self._spelled(word) for word in phrase.split()) for phrase in words)
        return tuple(dict.fromkeys(" ".join(filter(None, phrase)) for phrase in spelled if phrase and all(phrase)))

    def _spelled(self, word: str) -> str | None:
        return next((spelling for spelling in _spellings(word) if self.knows(spelling)), None)


class VoskDecoder:
    """A Kaldi recogniser. It grows while it is used: one a stream, dropped with it."""

    def __init__(self, recogniser: vosk.KaldiRecognizer) -> None:
        self._recogniser: vosk.KaldiRecognizer | None = recogniser
        recogniser.SetWords(True)
        self._done: list[dict[str, Any]] = []
        self._fed = self._began = 0

    def feed(self, pcm: bytes) -> str:
        if self._recogniser is None:
            return ""
        whole = pcm[: len(pcm) // 2 * 2]
        self._fed += len(whole)
        if self._recogniser.AcceptWaveform(whole):  # Kaldi's own end of a sentence; the utterance goes on
            self._done.append(json.loads(self._recogniser.Result()))
            return _text(self._done)
        partial = json.loads(self._recogniser.PartialResult())
        return _clean(f"{_text(self._done)} {partial.get('partial', '')}")

    def finish(self) -> Final:
        if self._recogniser is None:
            return Final("")
        self._done.append(json.loads(self._recogniser.FinalResult()))
        final = understood(self._done, self._began / RATE / 2)
        self._done.clear()
        self._began = self._fed
        return final

    def close(self) -> None:
        self._recogniser = None


def understood(results: Sequence[dict[str, Any]], began_s: float) -> Final:
    """What Vosk's ``results`` say of an utterance that began ``began_s`` after the stream."""
    every = [
        (word["word"], word["start"] - began_s, word["end"] - began_s, float(word.get("conf", 1.0)))
        for result in results
        for word in result.get("result", ())
    ]
    words = tuple(HeardWord(*word) for word in every if word[0] != _UNKNOWN)
    unknown_s = sum(end - start for word, start, end, _ in every if word == _UNKNOWN)
    text = _text(results)
    return Final(text, words, not text and unknown_s >= LEAST_OTHER_S)


def _text(results: Sequence[dict[str, Any]]) -> str:
    return _clean(" ".join(result.get("text", "") for result in results))


def require_model(folder: Path) -> None:
    """BadInput unless ``folder`` is a directory with a Vosk model in it."""
    if not folder.is_dir():
        raise BadInput("speech-model-missing", mark("There is no speech model at {folder}."), folder=str(folder))
    if not any(folder.joinpath(*part).is_file() for part in _PARTS):
        raise BadInput(
            "speech-model-bad",
            mark("{folder} is no Vosk model: it has neither am/final.mdl nor final.mdl."),
            folder=str(folder),
        )


def _spellings(word: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((word, word.replace("ё", "е"))))


def _clean(text: str) -> str:
    return " ".join(word for word in text.split() if word != _UNKNOWN)
