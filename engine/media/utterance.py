"""When an utterance is over, so that a recogniser may be asked what it was. PURE; seconds of any clock."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from engine.media.segments import SegmentEvent, VoiceEnded, VoiceStarted


@dataclass
class Utterance:
    """Over after ``end_s`` of silence, or ``longest_s`` after its begin, then in the midst of speech."""

    end_s: float
    longest_s: float = math.inf
    speaking: bool = field(default=False, init=False)
    """From its first voice until it is over; the silence that ends it belongs to it."""
    _began: float = field(default=math.inf, init=False)
    _ended: float | None = field(default=None, init=False)

    def segment(self, event: SegmentEvent) -> None:
        match event:
            case VoiceStarted(at):
                self._began = min(self._began, at)
                self.speaking, self._ended = True, None
            case VoiceEnded(at):
                self._ended = at
            case _:
                pass

    def over(self, at: float) -> bool:
        quiet = self._ended is not None and at - self._ended >= self.end_s - 1e-9
        return quiet or at - self._began >= self.longest_s - 1e-9

    def next(self, at: float) -> None:
        """It has been taken away; what is said from ``at`` on is another one."""
        self.speaking = self.speaking and self._ended is None
        self._began, self._ended = (at if self.speaking else math.inf), None
