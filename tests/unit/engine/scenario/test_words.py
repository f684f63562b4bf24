from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.scenario.document import Words
from engine.scenario.words import choose, is_empty, vocabulary


def option(*contains: str, excludes: tuple[str, ...] = ()) -> Words:
    return Words(contains=contains, excludes=excludes)


YES, NO, LATER = option("да", "хорошо"), option("нет"), option("не сейчас", "перезвоните позже")


@pytest.mark.parametrize(
    ("options", "said", "chosen"),
    [
        ((YES, NO), "да", 0),
        ((YES, NO), "ну да конечно", 0),
        ((YES, NO), "Нет!", 1),
        ((YES, NO), "когда", None),
        ((YES, NO), "", None),
        ((option("ёлка"),), "ЕЛКА", 0),
        ((option("еще"),), "ещё раз", 0),
        ((YES, LATER), "позже перезвоните", 1),
        ((option("«да нет»"),), "нет да", None),
        ((option("«да нет»"),), "да нет наверное", 0),
        ((option('"не надо"'),), "не очень-то надо", None),
        ((option("не", "нет"), option("не сейчас")), "нет не сейчас", 1),
        ((option("да"), option("да")), "да", 0),
        ((option("кот"), option("слон")), "кот и слон", 1),
        ((option("интересно", excludes=("не",)), option("не интересно")), "мне не интересно", 1),
        ((option("интересно", excludes=("не",)),), "не интересно", None),
    ],
)
def test_which_branch_the_words_belong_to(options: tuple[Words, ...], said: str, chosen: int | None) -> None:
    match = choose(options, said, final=True)
    assert (match.option if match else None) == chosen


@pytest.mark.parametrize(
    ("options", "so_far", "decides"),
    [
        ((YES, NO), "да", True),
        ((YES, NO), "да нет", False),
        ((option("не"), option("не сейчас")), "не", False),
        ((option("не сейчас"), option("не")), "не сейчас", False),
        ((option("да", excludes=("да нет",)), NO), "да", False),
        ((YES, NO), "ну", False),
    ],
)
def test_speech_under_way_decides_only_when_nothing_can_change_it(
    options: tuple[Words, ...], so_far: str, decides: bool
) -> None:
    assert (choose(options, so_far, final=False) is not None) == decides


@given(st.lists(st.lists(st.text("абвгд ", max_size=6), max_size=3), max_size=3), st.text("абвгд ", max_size=20))
def test_a_partial_decision_is_the_final_one(entries: list[list[str]], said: str) -> None:
    options = [option(*texts) for texts in entries]
    early = choose(options, said, final=False)
    if early is not None:
        assert early == choose(options, said, final=True)


def test_the_vocabulary_is_every_phrase_once_without_quotes() -> None:
    assert vocabulary((option("Да", "«не надо»", excludes=("ёж",)), option("да", "!"))) == ("да", "не надо", "ёж")


def test_an_entry_without_letters_is_empty() -> None:
    assert is_empty(" «» ")
    assert not is_empty("5")
