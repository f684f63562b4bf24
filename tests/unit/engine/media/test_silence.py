from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.media.segments import VoiceEnded, VoiceHeld, VoiceStarted
from engine.media.silence import SilenceWatch


def test_over_once_after_the_prompt() -> None:
    watch = SilenceWatch(3.0)
    assert not watch.over(100.0)
    watch.begin(10.0)
    assert watch.due == 13.0
    assert not watch.over(12.9)
    assert watch.over(13.0)
    assert not watch.over(14.0)


def test_speech_stops_the_time_and_its_end_starts_it_anew() -> None:
    watch = SilenceWatch(3.0)
    watch.begin(10.0)
    watch.heard(VoiceStarted(12.0))
    watch.heard(VoiceHeld(12.0))
    assert watch.due is None
    assert not watch.over(20.0)
    watch.heard(VoiceEnded(20.0, 8.0))
    assert watch.due == 23.0


def test_a_cough_does_not_start_the_time_anew() -> None:
    watch = SilenceWatch(3.0)
    watch.begin(10.0)
    watch.heard(VoiceStarted(12.0))
    watch.heard(VoiceEnded(12.1, 0.1))
    assert watch.due == 13.0


def test_cancelled() -> None:
    watch = SilenceWatch(1.0)
    watch.begin(0.0)
    watch.cancel()
    assert not watch.over(10.0)


@given(st.floats(0.1, 60), st.floats(0, 1000), st.floats(0, 1000))
def test_never_before_the_limit(limit: float, begin: float, at: float) -> None:
    watch = SilenceWatch(limit)
    watch.begin(begin)
    assert watch.over(at) == (at >= begin + limit)
