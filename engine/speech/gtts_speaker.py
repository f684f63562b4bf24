"""Google's online voices through gTTS."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from io import BytesIO
from pathlib import Path

import aiohttp
import numpy as np
import soundfile
from gtts import gTTS

from engine.domain.errors import Unavailable
from engine.domain.text import mark
from engine.speech.speaker import offered, spoken_text, unknown_voice

_NO_SOUND = mark("Google's voice answered without sound; choose another voice or try later.")
_PATH = "/_/TranslateWebserverUi/data/batchexecute"


class GoogleSpeaker:
    """gTTS cuts the text into requests; the requests are sent here, because gTTS's own sender blocks, cannot be
    pointed at another address and switches the check of TLS certificates off.

    ``base`` is the service's address without a path; the machine must reach it when a text is rendered.
    """

    def __init__(self, base: str = "https://translate.google.com", timeout_s: float = 15.0) -> None:
        self._base = base.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)

    async def speak(self, text: str, voice: str, out: Path) -> None:
        if voice not in offered("gtts"):
            raise unknown_voice("gtts", voice)
        bodies: list[str] = gTTS(spoken_text(text), lang=voice, lang_check=False).get_bodies()
        try:
            async with aiohttp.ClientSession(timeout=self._timeout, trust_env=True) as session:
                parts = [await self._one(session, body) for body in bodies]
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(
                "speech-offline",
                mark("Google's voice cannot be reached at {address} ({reason}); choose a voice that works offline."),
                address=self._base,
                reason=str(error) or type(error).__name__,
            ) from error
        await asyncio.to_thread(_join, parts, out)

    async def _one(self, session: aiohttp.ClientSession, body: str) -> bytes:
        async with session.post(self._base + _PATH, data=body, headers=gTTS.GOOGLE_TTS_HEADERS) as answer:
            answer.raise_for_status()
            return _sound(await answer.text())


def _sound(answer: str) -> bytes:
    """The MP3 in an answer of the batchexecute exchange: after a prefix against script inclusion come lines of JSON;
    the one with our call's name holds ``["wrb.fr", "jQ1olc", "[\\"<base64>\\"]", …]``.
    """
    for line in answer.splitlines():
        if gTTS.GOOGLE_TTS_RPC not in line:
            continue
        try:
            for frame in json.loads(line):
                if frame[1] == gTTS.GOOGLE_TTS_RPC and frame[2]:
                    return base64.b64decode(json.loads(frame[2])[0], validate=True)
        except (ValueError, LookupError, TypeError, binascii.Error):
            break
    raise Unavailable("speech-unexpected-answer", _NO_SOUND)


def _join(parts: list[bytes], out: Path) -> None:
    """Decoded one by one: joined as they are, the length in the first MP3's header would end the sound there."""
    try:
        decoded = [soundfile.read(BytesIO(part), dtype="float32", always_2d=True) for part in parts]
    except soundfile.SoundFileError as error:
        raise Unavailable("speech-unexpected-answer", _NO_SOUND) from error
    soundfile.write(out, np.concatenate([samples.mean(axis=1) for samples, _ in decoded]), decoded[0][1], format="WAV")
