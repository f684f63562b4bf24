from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.media.phrases import SPOKEN, Kind, kind_of, words


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("оставьте сообщение после сигнала", Kind.VOICEMAIL),
        ("оставьте пожалуйста своё сообщение", Kind.VOICEMAIL),
        ("говорите после сигнала", Kind.VOICEMAIL),
        ("абонент временно недоступен", Kind.ANNOUNCEMENT),
        ("Телефон абонента выключен или вне зоны действия сети", Kind.ANNOUNCEMENT),
        ("алло я голосовой помощник", Kind.SECRETARY),
        ("здравствуйте я помощник абонента", Kind.SECRETARY),
        ("вы позвонили", Kind.IVR),
        ("здравствуйте вы позвонили в ромашку", Kind.IVR),
        ("алло да здравствуйте хорошо что вы позвонили", Kind.PERSON),
        ("хорошо что вы позвонили", None),
        ("для связи с отделом продаж нажмите один", Kind.IVR),
        ("алло", Kind.PERSON),
        ("Алё, слушаю вас", Kind.PERSON),
        ("please leave a message", Kind.VOICEMAIL),
        ("завтра будет дождь", None),
        ("", None),
    ],
)
def test_kinds(text: str, kind: Kind | None) -> None:
    assert kind_of(text) is kind


def test_whole_words_only() -> None:
    assert kind_of("балло") is None
    assert kind_of("сигнал после") is None


def test_what_is_listened_for_tells_something_or_keeps_from_a_mistake() -> None:
    neither = {"здравствуйте", "добрый день", "добрый вечер", "привет", "что вы позвонили"}
    assert {phrase for phrase in SPOKEN if kind_of(phrase) is None} <= neither
    assert all(phrase == " ".join(words(phrase)) for phrase in SPOKEN)


@given(st.text(max_size=200))
def test_total(text: str) -> None:
    assert kind_of(text) is None or isinstance(kind_of(text), Kind)
