from __future__ import annotations

from engine.media.segments import VoiceEnded, VoiceHeld, VoiceStarted
from engine.media.utterance import Utterance


def test_a_pause_ends_it() -> None:
    utterance = Utterance(0.4)
    assert not utterance.over(5.0)
    utterance.segment(VoiceStarted(1.0))
    utterance.segment(VoiceHeld(1.0))
    utterance.segment(VoiceEnded(2.0, 1.0))
    speaking = [utterance.speaking]
    assert not utterance.over(2.39)
    assert utterance.over(2.4)
    utterance.next(2.4)
    assert [*speaking, utterance.speaking] == [True, False]
    assert not utterance.over(9.0)


def test_a_short_pause_does_not() -> None:
    utterance = Utterance(0.4)
    for event in (VoiceStarted(1.0), VoiceEnded(2.0, 1.0), VoiceStarted(2.2)):
        utterance.segment(event)
    assert not utterance.over(9.0)


def test_a_long_one_is_cut_and_goes_on() -> None:
    utterance = Utterance(0.2, 1.6)
    utterance.segment(VoiceStarted(1.0))
    assert not utterance.over(2.5)
    assert utterance.over(2.6)
    utterance.next(2.6)
    speaking = [utterance.speaking]
    assert not utterance.over(4.1)
    assert utterance.over(4.2)
    utterance.segment(VoiceEnded(4.25, 3.25))
    utterance.next(4.3)
    assert [*speaking, utterance.speaking] == [True, False]
