"""Where the turns of a recorded conversation stand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.support.turns import turn_s

RATE = 8000


def recorded(
    heard: list[tuple[float, float]], said: list[tuple[float, float]], seconds: float = 6
) -> NDArray[np.int16]:
    """A tone at each of the stretches (from, to) of both columns."""
    both = np.zeros((int(seconds * RATE), 2), dtype=np.int16)
    for column, stretches in enumerate((heard, said)):
        for begin, end in stretches:
            at = np.arange(int(begin * RATE), int(end * RATE))
            both[at, column] = 5000 * np.sin(at)
    return both


def test_from_the_end_of_the_answer_to_the_next_sound() -> None:
    assert turn_s(recorded([(0, 1), (3, 4)], [(2.0, 2.5)])) == pytest.approx(0.5, abs=0.02)


def test_a_short_gap_is_still_the_answer_and_what_is_said_later_is_not() -> None:
    assert turn_s(recorded([(0, 1), (3, 4)], [(2.0, 2.2), (2.4, 2.6), (4.5, 5)])) == pytest.approx(0.4, abs=0.02)


def test_a_robot_that_interrupts_is_early() -> None:
    assert turn_s(recorded([(0, 1), (2.3, 4)], [(2.0, 2.5)])) == pytest.approx(-0.2, abs=0.02)


def test_a_call_without_answer_or_reply_has_no_turn() -> None:
    assert turn_s(recorded([(0, 1), (3, 4)], [])) is None
    assert turn_s(recorded([(0, 1)], [(2, 2.5)])) is None
