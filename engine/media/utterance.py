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
    began: float = field(default=math.inf, init=False)
    """Infinite while nobody has spoken."""
    ended: float | None = field(default=None, init=False)
    """Of its last voice; None while that lasts."""

    def segment(self, event: SegmentEvent) -> None:
        match event:
            case VoiceStarted(at):
                self.began = min(self.began, at)
                self.speaking, self.ended = True, None
            case VoiceEnded(at):
                self.ended = at
            case _:
                pass

    def over(self, at: float) -> bool:
        quiet = self.ended is not None and at - self.ended >= self.end_s - 1e-9
        return quiet or at - self.began >= self.longest_s - 1e-9

    def next(self, at: float) -> None:
        """It has been taken away; what is said from ``at`` on is another one."""
        self.speaking = self.speaking and self.ended is None
        self.began, self.ended = (at if self.speaking else math.inf), None
