"""What lies between a mouth and us: noise around the speaker, the microphone's level, the telephone channel, lost packets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.speech import band, g711, loudness, noises
from engine.speech.noises import Samples

RATE = band.RATE
_NOISES, _NOISE_SHARES = ("street", "car", "tv", "babble"), (0.35, 0.3, 0.2, 0.15)
Chance = np.random.Generator


@dataclass(frozen=True, slots=True)
class Line:
    """``noise``: none, street, car, babble or tv, ``snr_db`` below the speech. ``flaw``: none, quiet, clipped, dc, loss."""

    noise: str
    snr_db: float
    flaw: str
    level_dbov: float
    hiss_dbov: float

    @staticmethod
    def drawn(chance: Chance, *, noisy: float, flawed: float) -> Line:
        """``noisy`` and ``flawed``: shares of lines with noise around and with a flaw."""
        noise = str(chance.choice(_NOISES, p=_NOISE_SHARES)) if chance.random() < noisy else "none"
        flaw = str(chance.choice(("quiet", "clipped", "loss", "dc"), p=(0.35, 0.2, 0.35, 0.1)))
        flaw = flaw if chance.random() < flawed else "none"
        snr = float(chance.uniform(6, 24)) if noise in ("street", "car") else float(chance.uniform(14, 28))
        level = float(chance.uniform(-44, -36)) if flaw == "quiet" else float(chance.uniform(-32, -20))
        return Line(noise, snr, flaw, level, float(chance.uniform(-76, -54)))


def carried(samples: Samples, line: Line, around: Samples, chance: Chance) -> Samples:
    """``samples`` (speech at ``loudness.TARGET_DBOV``) as we receive them. ``around``: the noise, any level, same length."""
    sound = samples.astype(np.float64)
    if line.noise != "none":
        rms = np.sqrt(np.mean(around.astype(np.float64) ** 2)) + 1e-9
        sound += around * (10 ** ((loudness.TARGET_DBOV - line.snr_db) / 20) / rms)
    gain = line.level_dbov - loudness.TARGET_DBOV
    if line.flaw == "clipped":
        sound = np.clip(sound * 10 ** ((gain + 24) / 20), -0.5, 0.5)
    else:
        sound *= 10 ** (gain / 20)
    received = band.telephone(sound.astype(np.float32))
    received = (
        received + noises.shaped(len(sound) / RATE, int(chance.integers(2**31)), line.hiss_dbov, 0.0)[: len(sound)]
    )
    if line.flaw == "dc":
        received = received + np.float32(chance.uniform(0.01, 0.05))
    if line.flaw == "loss":
        received = _lossy(received, chance)
    return g711.linear(g711.alaw(np.clip(received, -1, 1).astype(np.float32)))


def _lossy(samples: Samples, chance: Chance) -> Samples:
    """Packets of 20 ms lost in bursts (Gilbert's model): 3 to 10 % in all, replaced by silence."""
    packet = RATE // 50
    kept = np.ones(len(samples) // packet + 1)
    lost, to_loss, to_good = False, float(chance.uniform(0.015, 0.04)), float(chance.uniform(0.3, 0.5))
    for index in range(len(kept)):
        lost = chance.random() < (1 - to_good if lost else to_loss)
        kept[index] = not lost
    return (samples * np.repeat(kept, packet)[: len(samples)]).astype(np.float32)


def surroundings(noise: str, seconds: float, chatter: list[Samples], chance: Chance) -> Samples:
    """Noise of a kind; ``chatter``: people who talk, for ``tv`` (one voice over music) and ``babble`` (several)."""
    seed = int(chance.integers(2**31))
    length = int(seconds * RATE)
    if noise == "street":
        return noises.street(seconds, seed)[:length]
    if noise == "car":
        engine = noises.shaped(seconds, seed, -30.0, -7.0)
        swell = 1 + 0.3 * np.sin(2 * np.pi * float(chance.uniform(0.1, 0.4)) * np.arange(len(engine)) / RATE)
        return (engine * swell).astype(np.float32)[:length]
    if noise == "none":
        return np.zeros(length, dtype=np.float32)
    mixed = np.zeros(length)
    for index in range(1 if noise == "tv" else 4):
        voice = chatter[index % len(chatter)]
        start = int(chance.integers(max(1, len(voice))))
        mixed += np.tile(np.roll(voice, -start), 1 + length // max(1, len(voice)))[:length]
    if noise == "tv":
        mixed += noises.music(seconds, -34.0)[:length]
    return mixed.astype(np.float32)
