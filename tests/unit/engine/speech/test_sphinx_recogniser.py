from __future__ import annotations

import pytest

from engine.speech.sphinx_recogniser import LEAST_SHARE, is_speech, trusted
from engine.speech.sphinx_search import OTHER, grammar


@pytest.mark.parametrize(
    ("segments", "believed"),
    [
        ([("<sil>", 0, 20), ("да", 20, 45), ("<sil>", 45, 60)], ["да"]),
        ([("_A", 0, 10), ("да", 10, 30)], ["да"]),
        ([("_A", 0, 30), ("да", 30, 50), ("_O", 50, 90)], []),
        ([("_A", 0, 200), ("перезвоните", 200, 250), ("позже", 250, 295), ("_O", 295, 310)], ["перезвоните", "позже"]),
        ([("ну", 0, 10), ("_A", 10, 200), ("да", 200, 220), ("(NULL)", 219, 220)], []),
        ([("<sil>", 0, 100)], []),
        ([], []),
    ],
)
def test_words_inside_other_speech_are_not_believed(segments: list[tuple[str, int, int]], believed: list[str]) -> None:
    found = trusted(segments)
    assert [name for name, *_ in found] == believed
    assert all(share >= LEAST_SHARE or len(found) > 1 for *_, share in found)


def test_the_grammar_takes_each_phrase_once_and_anything_else() -> None:
    made = grammar(["да", "не надо", "да"])
    assert made.count("/1/ да |") == 1 and "/1/ не надо |" in made
    assert all(f"_{phone}" in made for phone in OTHER)
    assert "/1/ _мне |" in made and "_мне |" not in grammar(["мне надо"]), "expected words are no others"


@pytest.mark.parametrize(
    ("segments", "speech"),
    [
        ([("<sil>", 0, 20), ("_N", 20, 28), ("_A", 28, 40), ("_D", 40, 48), ("_A", 48, 60)], True),
        ([("_слушаю(2)", 0, 50)], True),
        ([("да", 0, 20), ("_A", 20, 30), ("_T", 30, 40)], True),
        ([("да", 0, 20), ("<sil>", 20, 200)], False),
        ([("<sil>", 0, 20), ("_какая", 20, 184), ("<sil>", 184, 570)], False),
        ([("_A", 0, 60), ("_O", 60, 70), ("_A", 70, 80), ("_N", 80, 90), ("_A", 90, 100)], False),
        ([("(NULL)", 0, 1), ("[NOISE]", 1, 90)], False),
        ([], False),
    ],
)
def test_speech_is_told_from_noise_by_its_pace(segments: list[tuple[str, int, int]], speech: bool) -> None:
    assert is_speech(segments) == speech
