"""Tones of machines: beeps, fax, special information tones, ringback, busy. Frequencies of ITU-T E.180, T.30 and V.25.

A tone is a peak that holds nearly all the power and stays where it is; speech does neither for 150 ms.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.media.frames import FRAME, FRAME_S, RATE, Frame

Floats = NDArray[np.float64]

_WINDOW = 2 * FRAME
_SIZE = 512
_BIN_HZ = RATE / _SIZE
_HANN: Final = np.hanning(_WINDOW)
_LOWEST_BIN = int(200 / _BIN_HZ)
_BAND_HZ: Final = np.arange(_LOWEST_BIN, _SIZE // 2 + 1) * _BIN_HZ
_LOBE = 4
"""Bins on each side of a peak that the window spreads it over."""
PURE = 0.88
"""Share of the power within the lobe. Vowels of women in the telephone band reach 0.8; a tone 10 dB above noise 0.9."""
_STEADY_HZ = 14.0
_LEAST_DBOV = -52.0
_MISSED_FRAMES = 1
"""A lost packet does not end a tone."""
_WAVERING_HZ, _WAVERING_DB = 7.0, 2.5
"""Spread of a tone's frequency and level between its first and last two frames, at most. The lowest harmonics of a sung or
synthetic vowel are as pure as a tone but waver more."""
_EDGE = 2
_LEAST_S, _FAX_S = 0.16, 0.34


class Sound(Enum):
    BEEP = auto()
    FAX_ANSWER = auto()
    """CED, 2100 Hz."""
    FAX_CALLING = auto()
    """CNG, 1100 Hz for 0.5 s; a beep may be just so, which only what went before can tell."""
    INFORMATION = auto()
    """The three rising tones before an operator's announcement."""
    RINGBACK = auto()
    BUSY = auto()


@dataclass(frozen=True, slots=True)
class ToneHeard:
    """A beep and a fax's answer are told as soon as they are known (``over`` False, ``ended`` then), a beep once more when it is
    over; the others when they are over.
    """

    sound: Sound
    hz: float
    began: float
    ended: float
    over: bool = True


@dataclass(frozen=True, slots=True)
class _Tone:
    hz: float
    began: float
    ended: float

    @property
    def lasted(self) -> float:
        return self.ended - self.began


@dataclass(frozen=True, slots=True, eq=False)
class Peak:
    """The strongest frequency of the last 40 ms. ``purity``: its share of the power above 200 Hz, 0…1; ``centre_hz``: the mean
    frequency of that power, 0 where there was nothing to look at. ``power``: of the bins of
    the whole spectrum, None there.
    """

    hz: float
    purity: float
    level: float
    centre_hz: float = 0.0
    power: Floats | None = None


class ToneDetector:
    """One call's. ``peak`` is of the last frame; ``sounding``: seconds that the present tone has lasted, or 0."""

    def __init__(self) -> None:
        self._last = np.zeros(FRAME)
        self._hz = 0.0
        self._frames = 0
        self._missed = 0
        self._began = 0.0
        self._ended = 0.0
        self._told = False
        self._track: list[tuple[float, float]] = []
        self._done: list[_Tone] = []
        self.peak = Peak(0.0, 0.0, -96.0)

    @property
    def sounding(self) -> float:
        return self._ended - self._began if self._frames else 0.0

    def feed(self, frame: Frame, level: float, at: float) -> list[ToneHeard]:
        """A frame of ``level`` dBov that ended at ``at``."""
        now = frame.astype(np.float64)
        self.peak = Peak(0.0, 0.0, level) if level < _LEAST_DBOV else _peak(np.concatenate([self._last, now]), level)
        self._last = now
        pure = self.peak.purity >= PURE
        if pure and (not self._frames or abs(self.peak.hz - self._hz) <= _STEADY_HZ):
            return self._goes_on(at)
        heard = self._ends() if not self._tolerated(pure) else []
        if pure and not self._frames:
            heard += self._goes_on(at)
        return heard

    def advance(self, at: float) -> list[ToneHeard]:
        """No frames until ``at``: whatever sounded has ended."""
        if self._frames and at - self._ended > 3 * FRAME_S:
            return self._ends()
        return []

    def _tolerated(self, pure: bool) -> bool:
        if not self._frames or pure:
            return False
        self._missed += 1
        return self._missed <= _MISSED_FRAMES

    def _goes_on(self, at: float) -> list[ToneHeard]:
        if not self._frames:
            self._began, self._hz, self._told = at - FRAME_S, self.peak.hz, False
            self._track = []
        self._frames += 1
        self._missed = 0
        self._ended = at
        self._track.append((self.peak.hz, self.peak.level))
        self._hz += (self.peak.hz - self._hz) / min(self._frames, 8)
        return self._early(at)

    def _early(self, at: float) -> list[ToneHeard]:
        if self._told or self.sounding < _LEAST_S - 1e-9:
            return []
        if _is_fax(self._hz):
            sound = Sound.FAX_ANSWER if self.sounding >= _FAX_S else None
        elif 400 <= self._hz <= 2000 and not _ambiguous(self._hz) and self._even():
            sound = Sound.BEEP
        else:
            sound = None
        if sound is None:
            return []
        self._told = True
        return [ToneHeard(sound, self._hz, self._began, at, over=False)]

    def _ends(self) -> list[ToneHeard]:
        if not self._frames:
            return []
        tone = _Tone(self._hz, self._began, self._ended)
        told, self._frames, self._missed = self._told, 0, 0
        if tone.lasted < _LEAST_S - 1e-9 or (not told and not self._even()):
            return []
        if told:
            return [] if _is_fax(tone.hz) else [ToneHeard(Sound.BEEP, tone.hz, tone.began, tone.ended)]
        self._done = [*self._done[-3:], tone]
        sound = self._kind(tone)
        return [] if sound is None else [ToneHeard(sound, tone.hz, tone.began, tone.ended)]

    def _even(self) -> bool:
        """Whether the tone's inner frames keep frequency and level, one lost packet apart."""
        inner = self._track[_EDGE:-_EDGE] if len(self._track) > 2 * _EDGE + 2 else self._track[1:-1]
        hz = sorted(each for each, _ in inner)
        levels = sorted(each for _, each in inner)
        skip = 1 if len(inner) > 6 else 0
        wavering = hz[-1 - skip] - hz[skip], levels[-1 - skip] - levels[skip]
        return wavering[0] <= _WAVERING_HZ and wavering[1] <= _WAVERING_DB

    def _kind(self, tone: _Tone) -> Sound | None:
        if len(self._done) > 1 and _information(self._done[-2], tone):
            return Sound.INFORMATION
        if 405 <= tone.hz <= 445 or (len(self._done) > 1 and 380 <= tone.hz <= 500 and _again(self._done[-2], tone)):
            return self._progress(tone)
        if 1062 <= tone.hz <= 1138 and 0.4 <= tone.lasted <= 0.7:
            return Sound.FAX_CALLING
        if 400 <= tone.hz <= 2000 and tone.lasted <= 2.0 and not 930 <= tone.hz <= 970:
            return Sound.BEEP
        return Sound.BEEP if 930 <= tone.hz <= 970 and not 0.25 <= tone.lasted <= 0.4 else None

    def _progress(self, tone: _Tone) -> Sound | None:
        """Russia: ringing 0.8 s of 4, busy 0.4 of 0.8 (congestion 0.2 of 0.4); elsewhere ringing up to 2 s of 6."""
        if tone.lasted >= 0.7:
            return Sound.RINGBACK if tone.lasted <= 2.2 else None
        if len(self._done) > 1 and _again(self._done[-2], tone):
            return Sound.BUSY
        return None if 0.15 <= tone.lasted <= 0.6 and tone.hz <= 445 else Sound.BEEP


def _is_fax(hz: float) -> bool:
    return 2080 <= hz <= 2120


def _ambiguous(hz: float) -> bool:
    """Frequencies that are also ringing, busy, information or calling tones: how long they last will tell."""
    return any(low <= hz <= high for low, high in ((395, 455), (890, 1010), (1062, 1138), (1320, 1480), (1700, 1860)))


def _again(before: _Tone, tone: _Tone) -> bool:
    same = abs(before.hz - tone.hz) < 15 and abs(before.lasted - tone.lasted) < 0.1
    return same and 0.1 <= tone.began - before.ended <= 0.7


def _information(before: _Tone, tone: _Tone) -> bool:
    rising = 890 <= before.hz <= 1010 and 1320 <= tone.hz <= 1480
    higher = 1320 <= before.hz <= 1480 and 1700 <= tone.hz <= 1860
    return (rising or higher) and tone.began - before.ended < 0.12 and 0.2 <= tone.lasted <= 0.5


def _peak(samples: Floats, level: float) -> Peak:
    spectrum = np.fft.rfft((samples - samples.mean()) * _HANN, _SIZE)
    power = spectrum.real**2 + spectrum.imag**2
    band = power[_LOWEST_BIN:]
    top = int(band.argmax()) + _LOWEST_BIN
    total = float(band.sum())
    if total <= 0.0 or top >= len(power) - 1:
        return Peak(0.0, 0.0, level)
    within = float(power[max(0, top - _LOBE) : top + _LOBE + 1].sum())
    low, mid, high = (float(power[index]) ** 0.25 for index in (top - 1, top, top + 1))
    bend = low - 2 * mid + high
    shift = 0.5 * (low - high) / bend if bend else 0.0
    centre = float(np.dot(band, _BAND_HZ)) / total
    return Peak((top + shift) * _BIN_HZ, min(1.0, within / total), level, centre, power)
