from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.media.frames import FRAME_S
from engine.media.segments import Segmenter, SegmentEvent, VoiceEnded, VoiceHeld, VoiceStarted

LOUD, QUIET = -25.0, -65.0


def play(pattern: str, segmenter: Segmenter | None = None) -> list[SegmentEvent]:
    """``v``: a voiced frame; ``.``: a quiet one; ``-``: 20 ms without any frame; ``n``: loud, but no voice."""
    segmenter = segmenter or Segmenter()
    events: list[SegmentEvent] = []
    at = segmenter.now
    for each in pattern:
        at += FRAME_S
        if each == "-":
            events += segmenter.advance(at)
        else:
            events += segmenter.feed(LOUD if each in "vn" else QUIET, each == "v", at)
    return events


def test_a_word_starts_is_held_and_ends() -> None:
    started, held, ended = play("." * 10 + "v" * 20 + "." * 15)
    assert isinstance(started, VoiceStarted)
    assert started.at == pytest.approx(0.2)
    assert isinstance(held, VoiceHeld)
    assert isinstance(ended, VoiceEnded)
    assert ended.at == pytest.approx(0.6)
    assert ended.lasted == pytest.approx(0.4)


def test_a_cough_is_voice_but_never_held() -> None:
    kinds = [type(event) for event in play("." * 5 + "v" * 10 + "." * 15)]
    assert kinds == [VoiceStarted, VoiceEnded]


def test_three_frames_are_no_voice() -> None:
    assert play("...vvv......") == []


def test_short_gaps_do_not_end_a_voice() -> None:
    events = play("v" * 10 + "." * 7 + "v" * 10 + "." * 12)
    assert [type(event) for event in events] == [VoiceStarted, VoiceHeld, VoiceEnded]


def test_without_packets_voice_ends_by_the_clock() -> None:
    events = play("v" * 20 + "-" * 12)
    assert isinstance(events[-1], VoiceEnded)
    assert events[-1].at == pytest.approx(0.4)


def test_loudness_alone_is_no_voice() -> None:
    assert play("n" * 100) == []


def test_steady_noise_that_webrtcvad_takes_for_voice_becomes_floor() -> None:
    segmenter = Segmenter()
    for number in range(1500):
        segmenter.feed(-40.0, True, (number + 1) * FRAME_S)
    assert segmenter.started is None
    assert segmenter.floor_dbov > -48


def test_lost_packets_do_not_lower_the_floor() -> None:
    segmenter = Segmenter()
    for number in range(100):
        segmenter.feed(-50.0, False, (number + 1) * FRAME_S)
    before = segmenter.floor_dbov
    for number in range(100, 200):
        segmenter.feed(-96.0, False, (number + 1) * FRAME_S)
    assert segmenter.floor_dbov == before


def test_a_clock_that_goes_back_is_ignored() -> None:
    segmenter = Segmenter()
    segmenter.advance(5.0)
    assert segmenter.advance(3.0) == []
    assert segmenter.now == 5.0


@given(st.text(alphabet="v.n-", max_size=400))
def test_events_alternate_and_times_never_go_back(pattern: str) -> None:
    events = play(pattern)
    times = [event.at for event in events if not isinstance(event, VoiceHeld)]
    assert times == sorted(times)
    for before, after in pairwise(events):
        assert isinstance(after, VoiceStarted) == isinstance(before, VoiceEnded)
    for event in events:
        if isinstance(event, VoiceEnded):
            assert 0 < event.lasted <= len(pattern) * FRAME_S
