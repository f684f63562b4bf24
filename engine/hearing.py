"""Chooses what a cell hears with: voice detection, the model that tells machines from people, a recogniser."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import structlog

from engine.ari.ears import AriEars
from engine.host.paths import PROJECT
from engine.media.amd import AmdModel
from engine.session.ear import Hearing
from engine.settings import EngineSettings
from engine.speech import sphinx_recogniser
from engine.speech.g711 import samples16
from engine.speech.lemmas import russian_forms
from engine.speech.model_store import installed
from engine.speech.recogniser import Model, PreRoll, Recogniser
from engine.speech.sphinx_recogniser import SphinxModel
from engine.speech.vad import Vad
from engine.speech.vosk_recogniser import VoskModel

log = structlog.get_logger("engine")
AMD_MODEL = PROJECT / "sounds" / "amd" / "model.json"


@asynccontextmanager
async def hearing(settings: EngineSettings, ears: AriEars) -> AsyncIterator[Hearing]:
    """Raises BadInput or Unavailable for a model that is named but cannot be used."""
    make = recogniser_model(settings)
    recogniser = await Recogniser.load(make, threads=max(1, (os.cpu_count() or 2) - 1)) if make else None
    log.info("recogniser", description=recogniser.model.describe() if recogniser else "none")
    try:
        yield Hearing(ears, amd_model(AMD_MODEL), Vad, samples16, PreRoll, recogniser, russian_forms())
    finally:
        if recogniser is not None:
            await recogniser.close()


def recogniser_model(settings: EngineSettings) -> Callable[[], Model] | None:
    """The configured Vosk model, or a downloaded one, or PocketSphinx's small Russian; None: nothing at all."""
    if settings.vosk_model is not None:
        folder = settings.vosk_model
        return lambda: VoskModel(folder)
    for name, found in installed(settings.state.root / "models").items():
        return lambda: VoskModel(found, name)
    return SphinxModel if sphinx_recogniser.FOLDER.is_dir() else None


def amd_model(file: Path) -> AmdModel | None:
    """The trained model of answering-machine detection; None (and a warning) without one: everyone is a person then."""
    try:
        return AmdModel.parse(msgspec.json.decode(file.read_bytes()))
    except FileNotFoundError:
        log.warning("no_amd_model", file=str(file))
        return None
