from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.speech import loudness, noises
from engine.speech.band import RATE


@pytest.mark.parametrize("dbov", [-10.0, -26.0, -40.0])
def test_the_level_of_a_tone_is_its_rms(dbov: float) -> None:
    speech = loudness.measure(noises.tone(1000, 3.0, dbov), RATE)
    assert speech.level_dbov == pytest.approx(dbov, abs=0.1)
    assert speech.activity == pytest.approx(1.0, abs=0.02)


def test_pauses_do_not_lower_the_level() -> None:
    """What a plain RMS gets wrong: the same words with long pauses between them are not fainter."""
    word = noises.shaped(1.0, 1, -26.0, -3.0)
    talk = np.concatenate([part for _ in range(5) for part in (word, noises.silence(2.0))])
    speech = loudness.measure(talk, RATE)
    assert speech.level_dbov == pytest.approx(-26.0 - 0.8, abs=0.4)  # the hangover spreads 1 s over 1.2 s
    assert speech.activity == pytest.approx(0.4, abs=0.08)
    assert 10 * math.log10(float(np.mean(talk**2))) < -30.0


@pytest.mark.parametrize("before", [-12.0, -26.0, -50.0])
def test_everything_comes_out_equally_loud(before: float) -> None:
    after = loudness.normalised(noises.shaped(4.0, 2, before, -3.0), RATE)
    assert loudness.measure(after, RATE).level_dbov == pytest.approx(loudness.TARGET_DBOV, abs=0.3)


def test_hiss_is_not_lifted_to_the_level_of_speech() -> None:
    hiss = noises.shaped(3.0, 3, -80.0, 0.0)
    assert loudness.measure(loudness.normalised(hiss, RATE), RATE).level_dbov == pytest.approx(-40.0, abs=0.5)


def test_silence_stays_silence() -> None:
    assert not loudness.normalised(noises.silence(1.0), RATE).any()
    assert loudness.measure(noises.silence(0.0), RATE).level_dbov == -math.inf


@given(
    st.lists(st.floats(-20, 20, width=32), min_size=1, max_size=400),
    st.sampled_from([8000, 24000]),
)
def test_no_peak_passes_the_limiter(values: list[float], rate: int) -> None:
    samples = np.array(values, dtype=np.float32)
    limited = loudness.limited(samples, rate)
    assert len(limited) == len(samples)
    assert np.abs(limited).max() <= loudness.CEILING * 1.0001
    audible = np.abs(samples) > 1e-30  # what is fainter may vanish in a float
    assert (np.sign(limited) == np.sign(samples))[audible].all()


def test_the_limiter_leaves_what_is_far_from_a_peak_alone() -> None:
    samples = noises.tone(500, 1.0, -20.0)
    samples[4000] = 3.0
    limited = loudness.limited(samples, RATE)
    assert (limited[:3900] == samples[:3900]).all()
    assert (limited[4100:] == samples[4100:]).all()
