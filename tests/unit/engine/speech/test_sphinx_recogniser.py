from __future__ import annotations

import pytest

from engine.speech.sphinx_recogniser import LEAST_SHARE, OTHER, grammar, trusted


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
