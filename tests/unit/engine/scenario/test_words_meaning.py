"""Negation, ready-made lists, word forms and numbers in «содержит слова»."""

from __future__ import annotations

import pytest

from engine.scenario.document import Words
from engine.scenario.synonyms import SETS
from engine.scenario.words import choose, is_unknown_set, vocabulary


def option(*contains: str, excludes: tuple[str, ...] = ()) -> Words:
    return Words(contains=contains, excludes=excludes)


def roots(word: str) -> frozenset[str]:
    """Forms of a language in which the first four letters decide."""
    return frozenset((word[:4],))


YES, NO = option("@yes"), option("@no")


def chosen(options: tuple[Words, ...], said: str) -> int | None:
    match = choose(options, said, final=True)
    return None if match is None else match.option


@pytest.mark.parametrize(
    ("entry", "said", "found"),
    [
        ("интересно", "не интересно", False),
        ("интересно", "мне не очень интересно", False),
        ("интересно", "неинтересно", False),
        ("интересно", "не знаю интересно", True),
        ("интересно", "нет интересно", True),
        ("интересно", "не интересно хотя нет интересно", True),
        ("не интересно", "мне не очень-то интересно", True),
        ("не интересно", "неинтересно", True),
        ("неинтересно", "не интересно", True),
        ("не интересно", "интересно", False),
        ("не надо", "надо подумать не знаю", False),
        ("«согласен на встречу»", "не согласен на встречу", False),
        ("«согласен на встречу»", "я согласен на встречу", True),
        ("не", "ни не", True),
        ("да да", "да", False),
        ("да да", "да ну да", True),
        ("5", "пять", True),
        ("двадцать три", "23", True),
        ("три", "двадцать три", False),
    ],
)
def test_an_entry_and_what_is_said(entry: str, said: str, found: bool) -> None:
    assert chosen((option(entry),), said) == (0 if found else None)


@pytest.mark.parametrize(
    ("said", "branch"),
    [
        ("да", 0),
        ("ага ага", 0),
        ("ну хорошо", 0),
        ("почему бы и нет", 0),
        ("да не против", 0),
        ("сто процентов", 0),
        ("почему бы нет", 0),
        ("без проблем", 0),
        ("не звоните мне больше", 1),
        ("нет", 1),
        ("да нет", 1),
        ("да нет наверное", 1),
        ("да не надо", 1),
        ("да не интересно", 1),
        ("нет спасибо", 1),
        ("я не согласна", 1),
        ("не хочу", 1),
        ("хочу", 0),
        ("что", None),
        ("когда", None),
    ],
)
def test_yes_and_no_out_of_the_box(said: str, branch: int | None) -> None:
    russian = {"согласна": "согласен"}
    match = choose((YES, NO), said, final=True, forms=_Table(russian))
    assert (match.option if match else None) == branch


class _Table:
    def __init__(self, table: dict[str, str]) -> None:
        self._table = table

    def __call__(self, word: str) -> frozenset[str]:
        return frozenset((word, self._table.get(word, word)))


@pytest.mark.parametrize(
    ("said", "branch"),
    [
        ("давайте потом", 2),
        ("хорошо, но потом", 2),
        ("нет, потом", 2),
        ("давайте", 0),
        ("не надо потом", 1),
        ("потом не согласен", 1),
    ],
)
def test_own_words_come_before_those_of_a_list(said: str, branch: int) -> None:
    assert chosen((YES, NO, option("потом")), said) == branch


def test_own_words_wait_for_nothing_from_a_list_of_the_same_length() -> None:
    options = (YES, option("потом"))
    assert choose(options, "потом", final=False) is not None
    assert choose(options, "давайте", final=False) is not None


def test_the_entry_of_a_list_is_its_name() -> None:
    match = choose((YES, NO), "конечно", final=True)
    assert match is not None and match.entry == "@yes"


@pytest.mark.parametrize("name", SETS)
def test_no_list_answers_for_the_other(name: str) -> None:
    options = (option(name), option(*(other for other in SETS if other != name)))
    for entry in SETS[name]:
        assert chosen(options, entry) == 0, entry


@pytest.mark.parametrize(
    ("options", "so_far", "decides"),
    [
        ((YES, NO), "конечно", False),  # «конечно нет»
        ((YES, NO), "хорошо", True),
        ((YES, NO), "хорошо не", False),
        ((YES, NO), "хорошо не очень", False),
        ((YES, NO), "да", False),
        ((YES, NO), "да хорошо", True),
        ((option("«спасибо нет»"), option("хорошо")), "хорошо спасибо", False),
        ((option("хорошо"), option("«не сейчас позже»")), "хорошо сейчас", True),
    ],
)
def test_speech_under_way(options: tuple[Words, ...], so_far: str, decides: bool) -> None:
    assert (choose(options, so_far, final=False) is not None) == decides


def test_forms_are_compared_on_both_sides() -> None:
    match = choose((option("оператор"),), "соедините с оператором", final=True, forms=roots)
    assert match is not None
    assert choose((option("оператор"),), "соедините с оператором", final=True) is None


def test_the_vocabulary_is_what_people_say() -> None:
    said = vocabulary((option("@no", "12", "«Нет»"),))
    assert said[:3] == ("нет", "неа", "не а")
    assert "двенадцать" in said and len(set(said)) == len(said)
    assert {"ноль", "девятьсот", "тысяч"} <= set(vocabulary((), numbers=True))


def test_a_list_that_does_not_exist() -> None:
    assert is_unknown_set(" @maybe") and not is_unknown_set("@Yes") and not is_unknown_set("maybe")
    assert chosen((option("@maybe"),), "maybe") is None
