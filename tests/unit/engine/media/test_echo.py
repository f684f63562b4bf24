from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.media.echo import ALIKE, EARLY_S, LATEST_S, WINDOW_S, Clip, Samples, likeness
from engine.media.frames import RATE
from tests.unit.engine.media.sounds import silence

WINDOW = round(WINDOW_S * RATE)


def babble(seed: int, seconds: float = 4.0) -> Samples:
    """Unlike itself at any other moment, and with what voices have: most power below 1 kHz."""
    noise = np.random.default_rng(seed).normal(0, 3000, round(seconds * RATE))
    return np.convolve(noise, np.hanning(12), mode="same").astype(np.int16)


def clip_of(samples: Samples) -> Clip:
    return lambda begin, end: samples[begin:end]


@given(
    since=st.floats(WINDOW_S + LATEST_S, 3.5),
    delay=st.floats(-EARLY_S + 0.01, LATEST_S - 0.01),
    gain=st.sampled_from([1.0, 0.05, -0.3]),
)
def test_an_echo_is_known_at_every_delay_and_loudness(since: float, delay: float, gain: float) -> None:
    said = babble(1)
    end = round((since - delay) * RATE)
    back = (said[end - WINDOW : end] * gain).astype(np.int16)
    found = likeness(back, clip_of(said), since)
    assert found.share > 0.95
    assert found.behind_s == pytest.approx(delay, abs=0.001)
    assert likeness(back, clip_of(said), since, found.behind_s + 0.02).share > 0.95


def test_another_voice_is_like_nothing() -> None:
    assert likeness(babble(2)[:WINDOW], clip_of(babble(1)), 2.0).share < ALIKE / 2


def test_an_echo_and_a_person_as_loud_are_a_person() -> None:
    said, person = babble(1), babble(2)
    both = (said[8000 : 8000 + WINDOW] // 2 + person[:WINDOW] // 2).astype(np.int16)
    assert 0.5 < likeness(both, clip_of(said), 1.5 + 0.3).share < ALIKE


@pytest.mark.parametrize("since", [0.0, 0.3, 5.0, 60.0])
def test_nothing_comes_back_of_what_is_not_being_said(since: float) -> None:
    assert likeness(babble(2)[:WINDOW], clip_of(babble(1)), since).share < ALIKE
    assert likeness(babble(2)[:WINDOW], clip_of(silence(4.0)), since).share == 0.0
    assert likeness(silence(WINDOW_S), clip_of(babble(1)), since).share == 0.0
    assert likeness(babble(2)[:160], clip_of(babble(1)), since).share <= 1.0
