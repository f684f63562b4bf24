from __future__ import annotations

import pytest

from engine.media.first_words import LONGEST_S, PAUSE_S, FirstWords
from engine.media.segments import Segmenter

LOUD, QUIET = -25.0, -70.0
STEP_S = 0.02


def hear(segmenter: Segmenter, seconds: float, voice: bool) -> None:
    for _ in range(round(seconds / STEP_S)):
        segmenter.feed(LOUD if voice else QUIET, voice, segmenter.now + STEP_S)


@pytest.mark.parametrize(
    ("voice_s", "pause_s", "greets"),
    [(0.0, 2.0, False), (0.5, 0.0, True), (0.5, PAUSE_S - 0.1, True), (0.5, PAUSE_S + 0.1, False)],
    ids=["nothing", "in a word", "just now", "long ago"],
)
def test_what_is_said_around_the_beginning_is_the_greeting(voice_s: float, pause_s: float, greets: bool) -> None:
    segmenter = Segmenter()
    words = FirstWords(segmenter)
    hear(segmenter, 1.0, False)
    hear(segmenter, voice_s, True)
    hear(segmenter, pause_s, False)
    assert not words.going_on(), "the robot has not spoken yet"
    words.robot_begins()
    assert words.going_on() == greets


def test_it_goes_on_over_short_pauses_and_ends_for_good() -> None:
    segmenter = Segmenter()
    words = FirstWords(segmenter)
    hear(segmenter, 1.0, True)
    words.robot_begins()
    for _ in range(3):
        hear(segmenter, PAUSE_S - 0.2, False)
        assert words.going_on()
        hear(segmenter, 0.4, True)
        assert words.going_on()
    hear(segmenter, PAUSE_S + 0.1, False)
    assert not words.going_on()
    hear(segmenter, 0.5, True)
    assert not words.going_on()


def test_the_clock_ends_it_where_no_packets_come() -> None:
    segmenter = Segmenter()
    words = FirstWords(segmenter)
    hear(segmenter, 1.0, True)
    words.robot_begins()
    segmenter.advance(segmenter.now + PAUSE_S + 0.1)
    assert not words.going_on()


def test_who_talks_on_is_not_greeting() -> None:
    segmenter = Segmenter()
    words = FirstWords(segmenter)
    hear(segmenter, 1.0, True)
    words.robot_begins()
    hear(segmenter, LONGEST_S - 0.1, True)
    assert words.going_on()
    hear(segmenter, 0.2, True)
    assert not words.going_on()
