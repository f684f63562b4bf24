from __future__ import annotations

import numpy as np
import pytest

from engine.speech import g711

# Table 1a/G.711: decision values (13 bits, full scale 4096) and the codes on the line, even bits inverted.
KNOWN = [(0, 0xD5), (1, 0xD5), (2, 0xD4), (4095, 0xAA), (-1, 0x55), (-3, 0x54), (-4096, 0x2A)]


@pytest.mark.parametrize(("level", "code"), KNOWN)
def test_known_code_points(level: int, code: int) -> None:
    assert g711.alaw(np.array([level * 8 / 32768], dtype=np.float32)) == bytes([code])


def test_the_tone_of_recommendation_g711_is_1_khz_at_0_dbm0() -> None:
    """Table 5/G.711 gives these eight octets, repeated, as a 1 kHz sine at 0 dBm0; the overload point is +3.14 dBm0."""
    samples = g711.linear(bytes([0x34, 0x21, 0x21, 0x34, 0xB4, 0xA1, 0xA1, 0xB4]) * 1000)
    spectrum = np.abs(np.fft.rfft(samples))
    assert spectrum.argmax() == 1000
    assert 20 * np.log10(np.sqrt(2 * np.mean(samples**2))) == pytest.approx(-3.14, abs=0.01)


def test_every_code_survives_a_round_trip() -> None:
    codes = bytes(range(256))
    assert g711.alaw(g711.linear(codes)) == codes


def test_beyond_full_scale_is_clipped_not_wrapped() -> None:
    assert g711.alaw(np.array([1.7, -1.7], dtype=np.float32)) == bytes([0xAA, 0x2A])
