"""What the timing of a callee's first sounds looks like: the numbers that the classifier sees.

A person answers with a word or two and waits; a machine has a whole text to say. Loudness, pitch and timbre are left out on
purpose: they would teach the classifier the voices of its training, not how people behave.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from engine.media.frames import FRAME_S, QUIETEST_DBOV
from engine.media.near import near, nth
from engine.media.segments import Segmenter, SegmentEvent, SegmentSettings, VoiceEnded, VoiceHeld, VoiceStarted
from engine.media.texture import TEXTURES, Texture
from engine.media.tones import Peak

FEATURES: Final = (
    "since_answer", "before_voice", "since_voice", "voices", "speaking", "state_s", "quiet_s",
    "first_s", "gap_1_s", "second_s", "gap_2_s", "third_s", "last_s", "longest_s", "longest_gap_s",
    "voiced_s", "voiced_share", "flagged_share", "flagged_lately", "syllables", "last_syllables", "syllables_a_second",
    "spread_db", "last_over_first_db", "tail_db", "steady_share", "steady_lately",
    "near_before", "near_since", "near_voices", "near_quiet_s", "near_first_s", "near_gap_1_s", "near_second_s",
    "near_gap_2_s", "near_third_s", "near_last_s", "near_longest_s", "near_longest_gap_s", "near_voiced_s", "near_share",
    "far_share", "hiss_first_s", "hiss_share",
    "loud_voices", "loud_quiet_s", "loud_first_s", "loud_last_s", "loud_longest_s", "loud_longest_gap_s", "loud_voiced_s",
    *(f"near_slot_{number}" for number in range(9)),
    "above_noise_db", *TEXTURES,
)  # fmt: skip
"""Names, in the order of :meth:`Timing.features`. ``_s`` seconds, ``_db`` decibels; ``near_``: of :func:`near`."""
_DIP_DB = 4.0
_TAIL = 6
"""Frames."""
_STEADY_BACK, _STEADY_HZ = 6, 9.0
"""A peak that is where it was 120 ms before belongs to music or a tone more often than to speech."""
_MUSIC, _LEAST_MUSIC = 0.25, 50
"""Share of frames; of a second at least."""
_LATELY = 30
"""Frames: 0.6 s."""
_ONSET = 4
_LONGEST = 3000
"""Frames, a minute: a clock that leaps must not fill the memory."""
_JITTER = 4
_NO_PEAK = Peak(0.0, 0.0, QUIETEST_DBOV)


@dataclass
class _Voice:
    """``sum`` and ``squares`` of the levels of its voiced frames; ``swell``: the level from which a rise or dip counts."""

    began: float
    ended: float
    syllables: int = 0
    frames: int = 0
    sum: float = 0.0
    squares: float = 0.0
    swell: float = -96.0
    rising: bool = False

    @property
    def lasted(self) -> float:
        return self.ended - self.began

    @property
    def mean(self) -> float:
        return self.sum / self.frames if self.frames else 0.0

    def hear(self, level: float) -> None:
        """Counts syllables: each rise of the level by ``_DIP_DB`` after a dip of as much."""
        self.frames += 1
        self.sum += level
        self.squares += level * level
        if self.rising:
            if level > self.swell:
                self.swell = level
            elif level < self.swell - _DIP_DB:
                self.rising, self.swell = False, level
        elif level < self.swell or self.frames == 1:
            self.swell = level if self.frames > 1 else level - _DIP_DB - 1
        elif level > self.swell + _DIP_DB:
            self.rising, self.swell, self.syllables = True, level, self.syllables + 1


class Timing:
    """Follows one call from the answer on. ``segmenter`` is its own; times are seconds since the answer."""

    def __init__(self, settings: SegmentSettings | None = None) -> None:
        self.segmenter = Segmenter(settings)
        self._voices: list[_Voice] = []
        self._levels: list[float] = []
        self._flags: list[bool] = []
        self._steady: list[bool] = []
        self._peaks: list[tuple[float, float]] = []
        self._centres: list[float] = []
        self._texture = Texture()
        self._flagged = 0
        self._steadies = 0
        self._closed = False

    @property
    def first_voice(self) -> float | None:
        return self._voices[0].began if self._voices else None

    def feed(self, level: float, voiced: bool, peak: Peak, at: float) -> list[SegmentEvent]:
        """A frame that ended at ``at``; what the segmenter found."""
        if self._closed:
            return self.segmenter.feed(level, voiced, at)
        self._pad(at - FRAME_S)
        events = self.segmenter.feed(level, voiced, at)
        self._hear(level, voiced, peak)
        self._note(events)
        if self.segmenter.active and self.segmenter.started is not None:
            self._voices[-1].ended = self.segmenter.last_active
            if not any(isinstance(event, VoiceStarted) for event in events):
                self._voices[-1].hear(level)
        return events

    def advance(self, to: float) -> list[SegmentEvent]:
        """The clock says ``to``, and no frame has come since the last one."""
        events = self.segmenter.advance(to)
        if not self._closed:
            self._note(events)
            self._pad(to)
        return events

    def close(self) -> None:
        """The verdict has fallen: go on with voice and silence only, in a memory that no longer grows."""
        self._closed = True
        self._levels, self._flags, self._steady, self._peaks, self._centres = [], [], [], [], []
        self._texture.close()

    def _pad(self, to: float) -> None:
        """Frames that never came, as silence, so that the lists have a place for each 20 ms since the answer. Frames may be
        up to 80 ms late; only a longer hole is one.
        """
        missing = min(_LONGEST, round(to / FRAME_S)) - len(self._levels)
        for _ in range(missing if missing > _JITTER else 0):
            self._hear(QUIETEST_DBOV, False, _NO_PEAK)

    def _hear(self, level: float, voiced: bool, peak: Peak) -> None:
        self._levels.append(level)
        self._flags.append(voiced)
        self._flagged += voiced
        self._steady.append(self._is_steady(peak))
        self._steadies += self._steady[-1]
        self._peaks.append((peak.hz, peak.purity))
        self._centres.append(peak.centre_hz)
        self._texture.hear(voiced, peak)

    def _is_steady(self, peak: Peak) -> bool:
        if len(self._peaks) < _STEADY_BACK or peak.purity < 0.3:
            return False
        hz, purity = self._peaks[-_STEADY_BACK]
        return purity >= 0.3 and abs(hz - peak.hz) < _STEADY_HZ

    def _note(self, events: list[SegmentEvent]) -> None:
        for event in events:
            match event:
                case VoiceStarted(at):
                    self._voices.append(_Voice(at, self.segmenter.last_active))
                    for level in self._levels[-_ONSET:]:
                        self._voices[-1].hear(level)
                case VoiceEnded(at):
                    self._voices[-1].ended = at
                case VoiceHeld():
                    pass

    @property
    def music(self) -> bool:
        """Whether much of what was loud so far kept its pitch. Speech reaches half of ``_MUSIC`` seldom, recorded music falls
        short of it in a third of calls.
        """
        loud = [level > self.segmenter.floor_dbov + self.segmenter.settings.margin_db for level in self._levels]
        steady = sum(each and held for each, held in zip(loud, self._steady, strict=True))
        return steady >= _MUSIC * max(_LEAST_MUSIC, sum(loud))

    def features(self) -> list[float]:
        """One number for each of ``FEATURES``; what has not happened yet is 0, but the wait for voice is what passed."""
        at = self.segmenter.now
        if not self._voices:
            missing = [at, at, 0.0, 0.0, 0.0, at, at, *[0.0] * 10, *self._shares(), *[0.0] * 6, *self._steadiness()]
            return missing + self._near(at)
        voices = self._voices
        first, last = voices[0], voices[-1]
        speaking = self.segmenter.started is not None
        quiet = max(0.0, at - last.ended)
        since = at - first.began
        lengths = [voice.lasted for voice in voices]
        gaps = [after.began - before.ended for before, after in pairwise(voices)]
        voiced = sum(lengths)
        return [
            at, first.began, since, float(len(voices)), float(speaking), at - last.began if speaking else quiet, quiet,
            lengths[0], nth(gaps, 0), nth(lengths, 1), nth(gaps, 1), nth(lengths, 2), lengths[-1], max(lengths),
            max(gaps, default=0.0), voiced, voiced / since if since > 0 else 0.0, *self._shares(),
            float(sum(voice.syllables for voice in voices)), float(last.syllables),
            sum(voice.syllables for voice in voices) / max(voiced, 0.1),
            *self._loudness(first, last), *self._steadiness(),
            *self._near(at),
        ]  # fmt: skip

    def _shares(self) -> list[float]:
        lately = self._flags[-_LATELY:]
        return [self._flagged / max(1, len(self._flags)), sum(lately) / max(1, len(lately))]

    def _steadiness(self) -> list[float]:
        lately = self._steady[-_LATELY:]
        return [self._steadies / max(1, len(self._steady)), sum(lately) / max(1, len(lately))]

    def _near(self, at: float) -> list[float]:
        heard = near(self._levels, self._flags, self._centres, self.segmenter.floor_dbov, at)
        return heard + self._texture.features()

    def _loudness(self, first: _Voice, last: _Voice) -> list[float]:
        frames = sum(voice.frames for voice in self._voices)
        mean = sum(voice.sum for voice in self._voices) / max(1, frames)
        variance = sum(voice.squares for voice in self._voices) / max(1, frames) - mean * mean
        end = min(len(self._levels), round(last.ended / FRAME_S))
        tail = self._levels[max(0, end - _TAIL) : end]
        tail_db = sum(tail) / len(tail) - last.mean if tail else 0.0
        return [max(0.0, variance) ** 0.5, last.mean - first.mean, tail_db]
