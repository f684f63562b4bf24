"""Voice and silence, from frames or from the clock alone.

A frame counts as voice when webrtcvad says so and it stands out from the line's noise. Single frames are not voice, nor
are short gaps silence: voice starts after 80 ms of it, and ends after 180 ms without (both settable). Where no packets
come there are no frames, so silence is also told by ``advance``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.media.frames import FRAME_S

_LOST_DBOV: Final = -80.0
"""Fainter than any line's own noise: a lost packet or a muted microphone, which tells nothing about the noise."""
_FLOOR_LEAST_DBOV, _FLOOR_MOST_DBOV = -72.0, -30.0
_FLOOR_START_MOST_DBOV = -42.0
"""The first frame is taken for noise, but nobody's voice for noise so loud that he is not heard."""
_FALL, _RISE, _RISE_IN_VOICE_DB = 0.25, 0.03, 0.02
"""The floor follows a quieter frame by a quarter of the way; a louder one by 3 % when there is no voice, and by 1 dB a second
under voice, so that noise which webrtcvad takes for voice ends as floor after a while, and speech does not."""


@dataclass(frozen=True, slots=True)
class SegmentSettings:
    """Seconds and decibels. ``held_s``: voice that long is meant; a cough or «угу» is shorter."""

    onset_s: float = 0.08
    hangover_s: float = 0.18
    held_s: float = 0.22
    margin_db: float = 7.0
    least_dbov: float = -58.0


@dataclass(frozen=True, slots=True)
class VoiceStarted:
    """``at``: when the first voiced frame began, ``onset_s`` before the event at least."""

    at: float


@dataclass(frozen=True, slots=True)
class VoiceHeld:
    """The voice that began at ``at`` has lasted ``held_s``: it may interrupt. Once for each voice."""

    at: float


@dataclass(frozen=True, slots=True)
class VoiceEnded:
    """``at``: when the last voiced frame ended; ``lasted`` seconds from the start to there."""

    at: float
    lasted: float


SegmentEvent = VoiceStarted | VoiceHeld | VoiceEnded


class Segmenter:
    """One direction of one call. Times are seconds of any clock that does not go back, the same in both methods."""

    def __init__(self, settings: SegmentSettings | None = None) -> None:
        self.settings = settings or SegmentSettings()
        self.floor_dbov = _FLOOR_LEAST_DBOV
        self._begun = False
        self.active = False
        """Whether the last frame was voice."""
        self.now = 0.0
        self.started: float | None = None
        """When the present voice began; None in silence."""
        self.last_active = 0.0
        """When the last voiced frame ended."""
        self._candidate: float | None = None
        self._weight = 0
        self._held = False

    @property
    def held(self) -> bool:
        """Whether the present voice has lasted ``held_s``."""
        return self.started is not None and self._held

    def feed(self, level: float, voiced: bool, at: float) -> list[SegmentEvent]:
        """A frame that ended at ``at``, of ``level`` dBov, with webrtcvad's flag."""
        # Comparisons instead of max() and min() here and below: this runs 50 times a second a call.
        events = self.advance(at - FRAME_S) if at - FRAME_S > self.now else []
        if at > self.now:
            self.now = at
        self._follow(level, voiced)
        settings = self.settings
        self.active = voiced and level > settings.least_dbov and level > self.floor_dbov + settings.margin_db
        if self.active:
            self._voice(events)
        else:
            self._no_voice(events)
        return events

    def advance(self, to: float) -> list[SegmentEvent]:
        """The clock says ``to``; whatever time passed without frames was silent. A clock that goes back is ignored."""
        events: list[SegmentEvent] = []
        if to > self.now:
            self.now = to
            if to - self.last_active > FRAME_S + 1e-9:
                self.active = False
                self._end_if_over(events)
        return events

    def _follow(self, level: float, voiced: bool) -> None:
        if level <= _LOST_DBOV:
            return
        if not self._begun:
            self._begun = True
            self.floor_dbov = min(_FLOOR_START_MOST_DBOV, max(_FLOOR_LEAST_DBOV, level))
        difference = level - self.floor_dbov
        if difference < 0:
            change = _FALL * difference
        elif voiced:
            change = difference if difference < _RISE_IN_VOICE_DB else _RISE_IN_VOICE_DB
        else:
            change = _RISE * difference
        floor = self.floor_dbov + change
        if floor < _FLOOR_LEAST_DBOV:
            floor = _FLOOR_LEAST_DBOV
        self.floor_dbov = floor if floor < _FLOOR_MOST_DBOV else _FLOOR_MOST_DBOV

    def _voice(self, events: list[SegmentEvent]) -> None:
        self.last_active = self.now
        if self.started is None:
            if self._candidate is None:
                self._candidate = self.now - FRAME_S
            self._weight += 1
            if self._weight * FRAME_S < self.settings.onset_s - 1e-9:
                return
            self.started, self._candidate, self._weight, self._held = self._candidate, None, 0, False
            events.append(VoiceStarted(self.started))
        if not self._held and self.now - self.started >= self.settings.held_s - 1e-9:
            self._held = True
            events.append(VoiceHeld(self.started))

    def _no_voice(self, events: list[SegmentEvent]) -> None:
        if self._weight:
            self._weight -= 1
        if not self._weight:
            self._candidate = None
        self._end_if_over(events)

    def _end_if_over(self, events: list[SegmentEvent]) -> None:
        if self.now - self.last_active < self.settings.hangover_s - 1e-9:
            return
        self._candidate, self._weight = None, 0
        if self.started is not None:
            events.append(VoiceEnded(self.last_active, self.last_active - self.started))
            self.started = None
