"""The benchmark's subscribers (context ``bench`` of dialplan/carrier.conf) and the recording they are played.

A number ``+7000DDDNNNNNNN`` answers at once and presses 1 after DDD tenths of a second; DDD = 000 is busy at once. People who
talk have ``+7001DDDNNNNNNN``: a sentence every few seconds for DDD seconds; with DDD = 000 «да» to a question.
"""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from bench.support.figures import Leg, legs
from engine.host.asterisk import AsteriskInstance
from engine.storage.catalogue import NewContact

RATE = 8000
KEY_S = 0.15
"""From the moment a key goes down to the event of its release at the other side."""
_TONES_HZ = (220.0, 440.0, 660.0)


def number(index: int, key_after_s: float = 0.0) -> str:
    return f"+7000{round(key_after_s * 10):03d}{index:07d}"


def talker(index: int, for_s: int) -> str:
    return f"+7001{for_s:03d}{index:07d}"


def contacts(count: int, key_after_s: float = 0.0, first: int = 0) -> list[NewContact]:
    return [NewContact(number(first + each, key_after_s), {}) for each in range(count)]


def recording(folder: Path, seconds: float) -> Path:
    """A WAV file of a humming voice, ``seconds`` long: silence could be treated specially, speech depends on a voice."""
    path = folder / f"bench-{seconds:g}.wav"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    at = np.arange(int(seconds * RATE)) / RATE
    hum = sum(np.sin(2 * np.pi * tone * at) for tone in _TONES_HZ) / len(_TONES_HZ)
    samples = (hum * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * at)) * 9000).astype("<i2")
    with wave.open(str(path), "wb") as sink:
        sink.setnchannels(1)
        sink.setsampwidth(2)
        sink.setframerate(RATE)
        sink.writeframes(samples.tobytes())
    return path


def channels(asterisk: AsteriskInstance) -> tuple[int, int]:
    """Channels alive, and calls begun since its start that reached the dialplan."""
    lines = asterisk.command("core show channels count").splitlines()
    counts = {line.partition(" ")[2]: line.partition(" ")[0] for line in lines}
    alive = next(int(value) for name, value in counts.items() if name.startswith("active channel"))
    processed = next(int(value) for name, value in counts.items() if name.endswith("processed"))
    return alive, processed


def media(asterisk: AsteriskInstance) -> list[Leg]:
    """The RTP statistics of all calls now alive."""
    return legs(asterisk.command("pjsip show channelstats"))
