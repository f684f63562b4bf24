from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.media.frames import FRAME_S, level_dbov
from engine.media.tones import Sound, ToneDetector, ToneHeard
from tests.unit.engine.media.sounds import Pcm, framed, noise, silence, tone, vowel


def heard(*parts: Pcm) -> list[ToneHeard]:
    detector, found = ToneDetector(), []
    for number, frame in enumerate(framed(np.concatenate(parts)), 1):
        found += detector.feed(frame, level_dbov(frame), number * FRAME_S)
    return found


def sounds(*parts: Pcm) -> list[Sound]:
    return [each.sound for each in heard(*parts) if each.over]


@given(st.floats(460, 1990), st.floats(0.24, 0.9), st.floats(-40, -8))
@settings(max_examples=60)
def test_beeps(hz: float, seconds: float, dbov: float) -> None:
    if any(low < hz < high for low, high in ((880, 1020), (1050, 1150), (1310, 1490), (1690, 1870))):
        return  # also frequencies of other signals, told by how long they last
    found = heard(silence(0.5), tone(hz, seconds, dbov), silence(0.5))
    assert {each.sound for each in found} == {Sound.BEEP}
    assert found[-1].hz == pytest.approx(hz, abs=6)
    assert found[-1].began == pytest.approx(0.5, abs=0.05)
    assert found[-1].ended == pytest.approx(0.5 + seconds, abs=0.05)


def test_a_beep_is_told_while_it_sounds() -> None:
    first = heard(silence(0.5), tone(1200, 0.5), silence(0.2))[0]
    assert not first.over
    assert first.ended - first.began < 0.25


def test_a_beep_in_noise() -> None:
    beep = tone(1000, 0.5, -20)
    assert sounds(np.concatenate([silence(0.4), beep, silence(0.4)]) + noise(1.3, -38)) == [Sound.BEEP]


def test_too_short_or_too_faint() -> None:
    assert sounds(silence(0.3), tone(1000, 0.1), silence(0.3)) == []
    assert sounds(silence(0.3), tone(1000, 0.5, -60), silence(0.3)) == []


def test_fax() -> None:
    found = heard(silence(1.0), tone(2100, 1.0), silence(0.2))
    assert found[0].sound is Sound.FAX_ANSWER
    assert found[0].ended <= 1.45
    assert sounds(silence(0.3), tone(1100, 0.5), silence(1.0)) == [Sound.FAX_CALLING]


def test_information_tones() -> None:
    parts = [tone(950, 0.33), tone(1400, 0.33), tone(1800, 0.33)]
    assert Sound.INFORMATION in sounds(silence(0.2), *parts, silence(0.3))


def test_ringback_and_busy() -> None:
    assert sounds(silence(0.2), tone(425, 1.0), silence(0.5)) == [Sound.RINGBACK]
    busy = [part for _ in range(4) for part in (tone(425, 0.4), silence(0.4))]
    assert set(sounds(silence(0.2), *busy)) == {Sound.BUSY}


@given(st.floats(85, 300), st.floats(-80, 80), st.integers(0, 5))
@settings(max_examples=40)
def test_no_beep_in_vowels_that_glide(pitch: float, glide: float, seed: int) -> None:
    if abs(glide) < 15:
        glide = 15.0 if glide >= 0 else -15.0
    assert sounds(vowel(pitch, glide, 0.8) + noise(0.8, -60, seed)) == []


def test_a_lost_packet_does_not_end_a_tone() -> None:
    beep = tone(2100, 1.2)
    beep[3200:3360] = 0
    assert [each.sound for each in heard(silence(0.2), beep, silence(0.3))] == [Sound.FAX_ANSWER]


def test_no_frames_end_a_tone() -> None:
    detector = ToneDetector()
    for number, frame in enumerate(framed(tone(1200, 0.5)), 1):
        detector.feed(frame, -18.0, number * FRAME_S)
    assert [each.sound for each in detector.advance(1.5)] == [Sound.BEEP]
    assert detector.sounding == 0.0
