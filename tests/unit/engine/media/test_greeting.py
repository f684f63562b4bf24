from __future__ import annotations

import pytest

from engine.media.greeting import GreetingEnd
from engine.media.segments import VoiceEnded, VoiceHeld, VoiceStarted
from engine.media.tones import Sound, ToneHeard


def test_a_beep_ends_the_greeting_when_it_is_over() -> None:
    end = GreetingEnd()
    end.feed([VoiceEnded(3.0, 2.0)], [])
    end.feed([], [ToneHeard(Sound.BEEP, 1000.0, 3.4, 3.6, over=False)])
    assert not end.over(5.0)
    end.feed([], [ToneHeard(Sound.BEEP, 1000.0, 3.4, 3.9)])
    assert end.due == pytest.approx(4.05)
    assert end.over(4.1)


def test_without_a_beep_silence_does() -> None:
    end = GreetingEnd()
    end.feed([VoiceStarted(0.4), VoiceHeld(0.4)], [])
    assert not end.over(30.0)
    end.feed([VoiceEnded(3.0, 2.6)], [])
    assert not end.over(4.1)
    assert end.over(4.2)


def test_a_greeting_that_goes_on_is_waited_for() -> None:
    end = GreetingEnd()
    end.feed([VoiceEnded(3.0, 2.6)], [])
    end.feed([VoiceHeld(3.8)], [])
    assert not end.over(4.3)


def test_voice_after_the_beep_changes_nothing() -> None:
    end = GreetingEnd()
    end.feed([], [ToneHeard(Sound.BEEP, 1000.0, 3.4, 3.9)])
    end.feed([VoiceHeld(4.0)], [])
    assert end.over(4.1)


def test_never_waits_for_ever() -> None:
    assert GreetingEnd().over(40.0)
