"""Which recogniser a process uses: the configured Vosk model, a fetched one, PocketSphinx, none."""

from __future__ import annotations

from pathlib import Path

from engine.domain.text import translate
from engine.speech import model_store
from engine.speech.recogniser import Model
from engine.speech.sphinx_recogniser import SphinxModel
from engine.speech.vosk_recogniser import VoskModel

_LANGUAGE_TAG = "-{language}-"


def load_model(configured: Path | None, store: Path, language: str = "ru", processes: int = 0) -> Model | None:
    """Loads, which may take seconds. None where nothing understands ``language``.

    ``configured``: a Vosk model that the operator has named; BadInput when it is none, for falling back in silence
    would hide the mistake. ``store``: where ``models get`` puts them. ``processes``: of PocketSphinx's own, see ``SphinxModel``.
    """
    if configured is not None:
        return VoskModel(configured)
    tag = _LANGUAGE_TAG.format(language=language)
    fetched = [path for name, path in model_store.installed(store).items() if tag in name]
    if fetched:
        return VoskModel(fetched[-1])
    return SphinxModel(processes=processes) if language == "ru" else None


def describe(model: Model | None, language: str = "ru") -> str:
    """One line for the operator's log and ``doctor``."""
    if model is not None:
        return model.describe()
    return translate("Speech recognition: none for “{language}”; keys work, words do not").format(language=language)
