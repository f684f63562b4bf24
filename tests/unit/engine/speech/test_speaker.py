from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.errors import BadInput
from engine.speech.speaker import LONGEST_TEXT, offered, spoken_text, voices


def test_no_offered_voice_forbids_commercial_use() -> None:
    assert {v.id for v in voices()} >= {
        "rhvoice:anna",
        "rhvoice:irina",
        "rhvoice:elena",
        "rhvoice:aleksandr",
        "espeak:ru",
    }
    assert not [v for v in voices() if "NC" in v.licence or "ND" in v.licence]
    assert offered("nobody") == ()


@pytest.mark.parametrize("text", ["", "  \n", "…!?", "\x00\x07"])
def test_a_text_without_words_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as error:
        spoken_text(text)
    assert error.value.code == "speech-nothing-to-say"


def test_a_book_is_refused() -> None:
    assert spoken_text("а" * LONGEST_TEXT)
    with pytest.raises(BadInput) as error:
        spoken_text("а" * (LONGEST_TEXT + 1))
    assert error.value.code == "speech-text-too-long"


@given(st.text(max_size=200))
def test_programs_get_one_printable_line(text: str) -> None:
    try:
        line = spoken_text(text)
    except BadInput:
        return
    assert line.isprintable()
    assert line == line.strip()
    assert spoken_text(line) == line
