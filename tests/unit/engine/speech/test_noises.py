from __future__ import annotations

import numpy as np
import pytest

from engine.speech import loudness, noises
from engine.speech.band import RATE


def peak_hz(samples: np.ndarray[tuple[int], np.dtype[np.float32]]) -> float:
    return float(np.abs(np.fft.rfft(samples)).argmax() * RATE / len(samples))


def test_a_fax_sends_ced_then_v21() -> None:
    sound = noises.fax()
    assert peak_hz(sound[:24000]) == pytest.approx(2100, abs=2)
    fsk = np.abs(np.fft.rfft(sound[24600:32600])) ** 2
    assert fsk[1450:2050].sum() / fsk.sum() > 0.9
    assert fsk[2090:2110].sum() / fsk.sum() < 0.01


@pytest.mark.parametrize("made", [lambda: noises.street(5.0, 1), lambda: noises.shaped(5.0, 1, -30.0, -3.0)])
def test_noise_is_the_same_each_time(made: object) -> None:
    assert callable(made)
    assert (made() == made()).all()


def test_noise_has_the_asked_level_and_slope() -> None:
    noise = noises.shaped(8.0, 5, -30.0, -3.0)
    assert 10 * np.log10(np.mean(noise**2)) == pytest.approx(-30.0, abs=0.01)
    power = np.abs(np.fft.rfft(noise)) ** 2
    octaves = [10 * np.log10(power[low * 8 : low * 16].mean()) for low in (250, 500, 1000)]
    assert octaves[0] - octaves[2] == pytest.approx(6.0, abs=0.6)


def test_music_fills_its_time_at_its_level() -> None:
    sound = noises.music(6.0, -27.0)
    assert len(sound) == 48000
    assert loudness.measure(sound, 8000).level_dbov == pytest.approx(-27.0, abs=0.5)
    assert min(np.abs(sound[i : i + 4000]).max() for i in range(0, 48000, 4000)) > 0.02
