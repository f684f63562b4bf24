"""Synthetic sounds of a telephone network, 8 kHz, full scale ±1. The same seed gives the same samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.speech.band import RATE

Samples = NDArray[np.float32]


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE), dtype=np.float32)


def tone(hz: float, seconds: float, dbov: float = -16.0) -> Samples:
    """A sine with 5 ms ramps so that it does not click. ``dbov``: level of its RMS."""
    t = np.arange(int(seconds * RATE)) / RATE
    ramp = np.minimum(1.0, np.minimum(t, seconds - t) / 0.005)
    return np.asarray(np.sqrt(2) * 10 ** (dbov / 20) * ramp * np.sin(2 * np.pi * hz * t), dtype=np.float32)


def shaped(seconds: float, seed: int, dbov: float, slope_db: float) -> Samples:
    """Noise whose power changes by ``slope_db`` an octave (0 white, −3 pink) above 100 Hz, at an RMS of ``dbov``."""
    n = int(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(n))
    octaves = np.log2(np.maximum(np.fft.rfftfreq(n, 1 / RATE), 100.0) / 100.0)
    samples = np.fft.irfft(spectrum * 10 ** (octaves * slope_db / 20), n)
    samples *= 10 ** (dbov / 20) / np.sqrt(np.mean(samples**2))
    return np.asarray(samples, dtype=np.float32)


def street(seconds: float, seed: int) -> Samples:
    """Traffic: a steady rumble, and a car that passes about every four seconds. Nothing in it has a pitch."""
    chance = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE)) / RATE
    sound = shaped(seconds, seed, -34.0, -4.0).astype(np.float64)
    car = shaped(seconds, seed + 1, -27.0, -2.0)
    at = float(chance.uniform(0.5, 2.0))
    while at < seconds:
        sound += car * np.exp(-(((t - at) / chance.uniform(0.6, 1.2)) ** 2))
        at += float(chance.uniform(3.0, 5.0))
    return sound.astype(np.float32)


def music(seconds: float, dbov: float = -27.0) -> Samples:
    """Music on hold: broken chords (C, A minor, F, G) of a plucked string with four harmonics, three notes a second."""
    chords = ((262, 330, 392, 523), (220, 262, 330, 440), (349, 440, 523, 698), (392, 494, 587, 784))
    step = RATE // 3
    sound = np.zeros(int(seconds * RATE) + 2 * step)
    t = np.arange(2 * step) / RATE
    for index in range(int(seconds * RATE) // step):
        hz = chords[index // 8 % 4][(0, 1, 2, 3, 2, 1, 2, 3)[index % 8]]
        note = sum(np.sin(2 * np.pi * hz * k * t) / k**1.5 for k in range(1, 5)) * np.exp(-4 * t)
        sound[index * step : (index + 2) * step] += note
    sound = sound[: int(seconds * RATE)]
    return np.asarray(sound * 10 ** (dbov / 20) / np.sqrt(np.mean(sound**2)), dtype=np.float32)


def fax() -> Samples:
    """A called fax machine (ITU-T T.30): CED, 2100 Hz for 3 s; 75 ms of silence; then the 300 bit/s V.21 preamble
    of flags and a frame's worth of bits on 1650/1850 Hz.
    """
    flags = [0, 1, 1, 1, 1, 1, 1, 0] * 38  # a second of 0x7E
    frame = np.random.default_rng(30).integers(0, 2, 200).tolist()
    per_bit = np.where(np.array(flags + frame) == 1, 1650.0, 1850.0)
    edges = (np.arange(int(len(per_bit) * RATE / 300)) * 300 // RATE).astype(int)
    phase = 2 * np.pi * np.cumsum(per_bit[edges]) / RATE
    fsk = (np.sqrt(2) * 10 ** (-19 / 20) * np.sin(phase)).astype(np.float32)
    return np.concatenate([tone(2100.0, 3.0), silence(0.075), fsk, silence(1.5)])
