"""The end of a machine's greeting: when a message may be left (voicemail drop)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.media.segments import SegmentEvent, VoiceEnded, VoiceHeld, VoiceStarted
from engine.media.tones import Sound, ToneHeard


@dataclass(frozen=True, slots=True)
class GreetingSettings:
    """Seconds. ``silence_s`` without a beep ends a greeting too; ``after_beep_s``: the recorder needs a moment to begin;
    ``longest_s``: after so long from the answer the message is left in any case.
    """

    silence_s: float = 1.2
    after_beep_s: float = 0.15
    longest_s: float = 40.0


class GreetingEnd:
    """Watches one call. ``due`` is when the message may start, as far as is known now; voice or a tone may still move it,
    also after the message has begun: it then has to begin anew.
    """

    def __init__(self, settings: GreetingSettings | None = None) -> None:
        self._settings = settings or GreetingSettings()
        self.due = self._settings.longest_s
        self._beeped = False

    def feed(self, events: Sequence[SegmentEvent], tones: Sequence[ToneHeard]) -> None:
        """What ``Amd.feed`` or ``Amd.advance`` has just found (its ``events`` and ``tones``)."""
        for tone in tones:
            if tone.sound in (Sound.BEEP, Sound.FAX_CALLING):
                self._beeped = True
                self.due = tone.ended + self._settings.after_beep_s if tone.over else self._settings.longest_s
        for event in events:
            if self._beeped:
                break  # what follows a beep is our own echo or noise
            match event:
                case VoiceEnded(at):
                    self.due = min(self._settings.longest_s, at + self._settings.silence_s)
                case VoiceHeld():
                    self.due = self._settings.longest_s
                case VoiceStarted():
                    pass

    def over(self, at: float) -> bool:
        """Whether the message may be left at ``at``."""
        return at >= self.due
