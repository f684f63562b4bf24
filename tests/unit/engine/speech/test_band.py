from __future__ import annotations

import numpy as np
import pytest

from engine.speech import band, noises


def gain_db(hz: float) -> float:
    tone = noises.tone(hz, 1.0)
    return float(10 * np.log10(np.mean(band.telephone(tone)[2000:6000] ** 2) / np.mean(tone[2000:6000] ** 2)))


@pytest.mark.parametrize("hz", [400, 1020, 3300])
def test_speech_passes(hz: float) -> None:
    assert gain_db(hz) == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("hz", [50, 100, 200, 3520, 3900])
def test_hum_and_what_folds_back_are_stopped(hz: float) -> None:
    assert gain_db(hz) < -50.0


def test_nothing_is_delayed() -> None:
    click = noises.silence(0.5)
    click[1234] = 1.0
    assert np.abs(band.telephone(click)).argmax() == 1234


def test_nothing_in_nothing_out() -> None:
    assert len(band.telephone(noises.silence(0.0))) == 0
