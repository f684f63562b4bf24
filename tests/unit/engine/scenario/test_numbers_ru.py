from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.scenario.numbers_ru import digits, joined, spelled, words


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("двадцать три", "23"),
        ("пять семь девять", "579"),
        ("сто двадцать три сорок пять", "12345"),
        ("восемь девятьсот", "8900"),
        ("двадцать ноль три", "2003"),
        ("ноль ноль семь", "007"),
        ("две тысячи двадцать пять", "2025"),
        ("тысяча двести", "1200"),
        ("тысяча тысяча", "10001000"),
        ("одиннадцать двенадцать", "1112"),
        ("десять один", "101"),
        ("сто сто", "100100"),
        ("мой заказ номер двадцать три", "23"),
        ("двадцать три тире пять", "235"),
        ("заказ 23 и 5", "235"),
        ("двадцати трех", "23"),
        ("три раза звонил по заказу пять", None),
        ("нет", None),
        ("", None),
        ("тысяч", "1000"),
    ],
)
def test_a_number_as_it_is_dictated(said: str, number: str | None) -> None:
    assert digits(said.split()) == number


def test_words_around_a_number_stay() -> None:
    assert joined("через двадцать один день".split()) == ("через", "21", "день")


@given(st.integers(0, 999_999))
def test_a_spelled_number_is_read_back(number: int) -> None:
    assert joined(spelled(str(number))) == (str(number),)
    assert set(spelled(str(number))) <= {*words(), "одна", "две"}


@pytest.mark.parametrize(("number", "said"), [("0", "ноль"), ("05", "ноль пять"), ("1000000", "один" + " ноль" * 6)])
def test_codes_are_spelled_digit_by_digit(number: str, said: str) -> None:
    assert " ".join(spelled(number)) == said


@given(st.lists(st.sampled_from([*words(), "рублей", "и"]), max_size=8))
def test_every_order_of_words_is_read(said: list[str]) -> None:
    assert all(not set(word) & set("0123456789") or word.isdecimal() for word in joined(said))
