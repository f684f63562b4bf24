"""What the network plays before an answer, or instead of one: tones by their pattern, an announcement by its voice. PURE."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from engine.media.frames import FRAME_S, Frame, level_dbov
from engine.media.segments import Segmenter
from engine.media.tones import PURE, Sound, ToneDetector

SPOKEN_S: Final = 0.6
"""Voice that adds up to this is an announcement; the shortest («абонент занят») last a second."""


class EarlySound(StrEnum):
    ANNOUNCEMENT = "announcement"
    """A voice. A melody with a singer instead of the ringing tone is taken for one too."""
    INFORMATION = "information"
    """The special information tones, and no voice after them."""
    BUSY = "busy"
    RINGBACK = "ringback"
    SOUND = "sound"
    """Something that is neither: most often a melody."""
    SILENCE = "silence"
    UNHEARD = "unheard"
    """Signalling told of early media, but no sound of it came."""


class EarlyMedia:
    """One call's, fed with what came before the answer."""

    def __init__(self) -> None:
        self._segmenter = Segmenter()
        self._tones = ToneDetector()
        self._heard: set[Sound] = set()
        self._spoken_s = 0.0
        self._loud_s = 0.0
        self._at = 0.0

    def feed(self, frame: Frame, voiced: bool) -> None:
        """A frame of 160 samples at 8 kHz, with webrtcvad's flag."""
        self._at += FRAME_S
        level = level_dbov(frame)
        self._heard |= {tone.sound for tone in self._tones.feed(frame, level, self._at)}
        # webrtcvad takes a tone for voice too
        speech = voiced and self._tones.peak.purity < PURE
        self._segmenter.feed(level, speech, self._at)
        if self._segmenter.started is not None and self._segmenter.active:
            self._spoken_s += FRAME_S
        if level > self._segmenter.settings.least_dbov:
            self._loud_s += FRAME_S

    def verdict(self) -> EarlySound:
        """Of everything so far."""
        if not self._at:
            return EarlySound.UNHEARD
        self._heard |= {tone.sound for tone in self._tones.advance(self._at + 1.0)}
        if self._spoken_s >= SPOKEN_S:
            return EarlySound.ANNOUNCEMENT
        for sound, told in _TONES.items():
            if sound in self._heard:
                return told
        return EarlySound.SOUND if self._loud_s >= SPOKEN_S else EarlySound.SILENCE


_TONES: Final = {
    Sound.INFORMATION: EarlySound.INFORMATION,
    Sound.BUSY: EarlySound.BUSY,
    Sound.RINGBACK: EarlySound.RINGBACK,
}
