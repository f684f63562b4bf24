from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.scenario.document import Words
from engine.scenario.words import vocabulary
from engine.speech.lexicon import PHONES, pronounce


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("да", "D A"),
        ("нет", "NJ E T"),
        ("не", "NJ I0"),
        ("хорошо", "H A0 R A0 SH O"),
        ("конечно", "K A0 NJ E SH N A0"),
        ("согласен", "S A0 G L A SJ I0 N"),
        ("что", "SH T O"),
        ("сегодня", "SJ I0 V O D NJ I0"),
        ("жизнь", "ZH Y Z NJ"),
        ("ёж", "J O SH"),
        ("съезд", "S J E S T"),
        ("позже", "P O Z ZH Y0"),
        ("сделать", "Z DJ EQ L A TJ"),
        ("НЕТ", "NJ E T"),
        ("отдел", "OQ D DJ EQ L"),
        ("друг", "D R U K"),
        ("свой", "S V O J"),
        ("его", "J EQ V OQ"),
    ],
)
def test_letters_to_phones(word: str, phones: str) -> None:
    assert pronounce(word)[0] == tuple(phones.split())


@pytest.mark.parametrize("word", ["", "ь", "ъь", "yes", "да1", "что-то", "да ", "naïve"])
def test_what_is_no_russian_word_has_no_sound(word: str) -> None:
    assert pronounce(word) == ()


@given(st.text("абвгдеёжзийклмнопрстуфхцчшщъыьэюя", min_size=1, max_size=14))
def test_every_russian_word_sounds_in_known_phones(word: str) -> None:
    said = pronounce(word)
    assert bool(said) == bool(set(word) - {"ь", "ъ"})
    for phones in said:
        assert phones and set(phones) <= set(PHONES)
        vowels = sum(letter in "аеёиоуыэюя" for letter in word)
        assert sum(phone[0] in "AEIOUY" for phone in phones) <= vowels  # «здравствуйте» loses one


def test_the_ready_made_answers_and_numbers_are_all_known() -> None:
    phrases = vocabulary((Words(contains=("@yes", "@no")),), numbers=True)
    assert [word for phrase in phrases for word in phrase.split() if not pronounce(word)] == []
