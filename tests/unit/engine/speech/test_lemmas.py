from __future__ import annotations

import pytest

from engine.scenario.document import Words
from engine.scenario.words import choose
from engine.speech.lemmas import russian_forms


@pytest.mark.parametrize(
    ("entry", "said", "found"),
    [
        ("оператор", "соедините меня с оператором", True),
        ("перезвонить", "перезвоните мне завтра", True),
        ("интересно", "мне это интересно", True),
        ("интересен", "предложение интересное", True),
        ("согласен", "я согласна", True),
        ("согласен", "я не согласна", False),
        ("ещё", "еще раз", True),
        ("ребёнок", "у меня ребенок спит", True),
        ("да", "дача", False),
        ("да", "когда", False),
        ("да", "дать", False),
        ("тереть", "три", False),
        ("«главный менеджер»", "позовите главного менеджера", True),
        ("«главный менеджер»", "менеджера главного", False),
        ("agent", "agents", False),
    ],
)
def test_word_forms(entry: str, said: str, found: bool) -> None:
    match = choose((Words(contains=(entry,)),), said, final=True, forms=russian_forms())
    assert (match is not None) == found


def test_there_is_one_dictionary() -> None:
    assert russian_forms() is russian_forms()


def test_a_word_is_always_a_form_of_itself() -> None:
    assert {"двадцать-три", "23", "vosk"} == {
        form for word in ("двадцать-три", "23", "vosk") for form in russian_forms()(word) if form == word
    }
