"""Chooses what a cell hears with: voice detection, the model that tells machines from people, a recogniser."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import numpy as np
import structlog
from numpy.typing import NDArray

from engine.ari.ears import AriEars
from engine.host.paths import PROJECT
from engine.media.amd import AmdModel
from engine.session.ear import Hearing
from engine.settings import EngineSettings
from engine.speech.g711 import samples16
from engine.speech.lemmas import russian_forms
from engine.speech.recogniser import PreRoll, Recogniser
from engine.speech.recognisers import describe, load_model
from engine.speech.vad import Vad

log = structlog.get_logger("engine")
AMD_MODEL = PROJECT / "sounds" / "amd" / "model.json"


@asynccontextmanager
async def hearing(settings: EngineSettings, ears: AriEars) -> AsyncIterator[Hearing]:
    """Raises BadInput or Unavailable for a model that is named but cannot be used."""
    cores = len(os.sched_getaffinity(0))  # those that this cell may use, which need not be all of the machine's
    store = settings.state.root / "models"
    model = await asyncio.to_thread(load_model, settings.vosk_model, store, processes=cores)
    recogniser = Recogniser(model, threads=cores) if model else None
    log.info("recogniser", description=describe(model))
    try:
        yield Hearing(ears, amd_model(AMD_MODEL), Vad, PreRoll, _read, recogniser, russian_forms())
    finally:
        if recogniser is not None:
            await recogniser.close()


def amd_model(file: Path) -> AmdModel | None:
    """The trained model of answering-machine detection; None (and a warning) without one: everyone is a person then."""
    try:
        return AmdModel.parse(msgspec.json.decode(file.read_bytes()))
    except FileNotFoundError:
        log.warning("no_amd_model", file=str(file))
        return None


def _read(clip: Path, begin: int, end: int) -> NDArray[np.int16]:
    """Of a prompt as it is played."""
    with clip.open("rb") as file:
        file.seek(begin)
        return samples16(file.read(end - begin))
