from __future__ import annotations

import numpy as np
import pytest

from engine.media.early import EarlyMedia, EarlySound
from tests.unit.engine.media.sounds import Pcm, framed, noise, silence, tone


def verdict(*parts: Pcm, voiced: bool = True) -> EarlySound:
    early = EarlyMedia()
    for frame in framed(np.concatenate(parts)) if parts else ():
        early.feed(frame, voiced)
    return early.verdict()


def ringing(times: int = 2) -> Pcm:
    return np.concatenate([tone(425, 0.8), silence(3.2)] * times)


def information() -> Pcm:
    return np.concatenate([tone(950, 0.33), tone(1400, 0.33), tone(1800, 0.33), silence(0.3)])


def voice(seconds: float) -> Pcm:
    """Sound that is no tone; that it is a voice webrtcvad says."""
    return np.concatenate([silence(0.4), noise(seconds, -20), silence(0.4)])


def test_nothing_came() -> None:
    assert verdict() is EarlySound.UNHEARD
    assert verdict(silence(3.0)) is EarlySound.SILENCE


@pytest.mark.parametrize(
    ("sound", "parts"),
    [
        (EarlySound.RINGBACK, [ringing()]),
        (EarlySound.BUSY, [np.concatenate([tone(425, 0.35), silence(0.35)] * 4)]),
        (EarlySound.INFORMATION, [information()]),
        (EarlySound.ANNOUNCEMENT, [voice(2.0)]),
        (EarlySound.ANNOUNCEMENT, [information(), voice(2.0)]),
        (EarlySound.ANNOUNCEMENT, [ringing(1), voice(2.0)]),
        (EarlySound.SILENCE, [voice(0.2)]),
    ],
)
def test_each_sound(sound: EarlySound, parts: list[Pcm]) -> None:
    """Tones are flagged as voice here, as webrtcvad flags them: they must not count as an announcement."""
    assert verdict(*parts) is sound


def test_a_melody_is_neither_voice_nor_signal() -> None:
    assert verdict(noise(3.0, -20), voiced=False) is EarlySound.SOUND
