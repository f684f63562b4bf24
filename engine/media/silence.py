"""«Определение тишины»: nobody has said anything for too long after a prompt or a question."""

from __future__ import annotations

from engine.media.segments import SegmentEvent, VoiceEnded, VoiceHeld, VoiceStarted


class SilenceWatch:
    """Tells once that ``limit_s`` have passed without voice since ``begin`` or since the last voice ended.

    A sound too short to be meant (no ``VoiceHeld``) does not start the time anew. Seconds of the segmenter's clock.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._since: float | None = None
        self._speaking = False
        self._meant = False

    def begin(self, at: float) -> None:
        """The prompt has ended; someone who is speaking already goes on."""
        self._since = at

    def cancel(self) -> None:
        self._since = None

    @property
    def due(self) -> float | None:
        """When the time will be over if nobody speaks; None while someone speaks or nothing is watched."""
        return None if self._since is None or self._speaking else self._since + self._limit_s

    def heard(self, event: SegmentEvent) -> None:
        match event:
            case VoiceStarted():
                self._speaking, self._meant = True, False
            case VoiceHeld():
                self._meant = True
            case VoiceEnded(at):
                if self._meant and self._since is not None:
                    self._since = max(self._since, at)
                self._speaking = self._meant = False

    def over(self, at: float) -> bool:
        """Whether the time is over at ``at``; True once, then ``begin`` is needed again."""
        if self.due is None or at < self.due:
            return False
        self._since = None
        return True
