"""Phrases that tell who answers, in the text of a recogniser: data and matching.

Words in order, with up to two others between; ``*`` at the end of a word stands for any ending. The phrase with most words
wins, so that «говорите после сигнала» is no person although «говорите» alone may be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    PERSON = "person"
    VOICEMAIL = "voicemail"
    ANNOUNCEMENT = "announcement"
    SECRETARY = "secretary"
    IVR = "ivr"
    FAX = "fax"
    SILENCE = "silence"
    UNSURE = "unsure"

    @property
    def machine(self) -> bool:
        return self not in (Kind.PERSON, Kind.SILENCE, Kind.UNSURE)


MARKS: Final[Mapping[Kind, Sequence[str]]] = {
    Kind.VOICEMAIL: (
        "остав* сообщени*", "после сигнал*", "после гудк*", "после звуков* сигнал*", "говорите после сигнал*",
        "автоответчик*", "голосов* почт*", "голосов* ящик*", "голосов* сообщени*", "запишите сообщени*",
        "не могу ответить", "не могу взять трубку", "не может подойти", "меня нет", "перезвоню",
        "leave a message", "leave your message", "leave your name", "after the tone", "after the beep", "voicemail",
        "record your message", "you have reached", "you've reached", "can't come to the phone", "not available",
    ),
    Kind.ANNOUNCEMENT: (
        "абонент*", "абонент* недоступен", "абонент* не отвечает", "телефон выключен", "аппарат* выключен",
        "вне зоны действия", "номер* не существует", "номер* заблокирован", "неправильно набран", "набранн* номер*",
        "not in service", "switched off", "cannot be completed", "out of coverage", "number you have dialled",
    ),
    Kind.SECRETARY: (
        "я помощник*", "голосов* помощник*", "виртуальн* помощник*", "виртуальн* секретар*", "виртуальн* ассистент*",
        "электронн* секретар*", "умн* помощник*", "цифров* помощник*", "помощник* абонента", "секретар* абонента",
        "что* передать", "что передать", "представьтесь пожалуйста", "цель* звонка",
        "virtual assistant", "screening service", "screening this call", "say your name",
    ),
    Kind.IVR: (
        "нажмите", "нажмите один", "вы позвонили в компани*", "вас приветствует компани*", "тонов* режим*",
        "добавочн* номер*", "внутренн* номер*", "дождитесь ответа", "оставайтесь на линии", "звонок* важен", "звонок очень важен",
        "разговор* записыва*", "операторы заняты", "press one", "press two", "please hold", "stay on the line",
        "agents are busy", "call may be recorded",
    ),
    Kind.PERSON: ("алло", "але", "ало", "слушаю", "слушаю вас", "кто это", "у аппарата", "hello", "speaking"),
}  # fmt: skip
"""«Вы позвонили …» alone is a machine too, of a kind that the rest of the sentence tells."""
MACHINE_OPENINGS: Final = ("вы позвонили", "вас приветствует", "вы дозвонились", "thank you for calling", "welcome to")
"""But a person may say «хорошо, что вы позвонили»: a word of ``_NO_OPENING`` just before takes it back."""
_NO_OPENING: Final = frozenset(("что", "как", "зачем", "почему", "куда", "откуда", "когда", "если", "раз"))
_BETWEEN = 2

SPOKEN: Final = (
    "алло", "але", "слушаю", "слушаю вас", "кто это", "у аппарата", "здравствуйте", "добрый день", "добрый вечер", "привет",
    "оставьте сообщение", "оставьте ваше сообщение", "после сигнала", "после гудка", "после звукового сигнала",
    "говорите после сигнала", "автоответчик", "голосовая почта", "голосовой ящик", "голосовое сообщение",
    "запишите сообщение", "не могу ответить", "не может подойти", "меня нет", "абонент", "абонент временно недоступен",
    "абонент не отвечает", "абонента", "телефон абонента", "телефон выключен", "аппарат абонента выключен",
    "вне зоны действия сети", "номер не существует", "неправильно набран номер", "набранный вами номер", "я помощник",
    "голосовой помощник", "виртуальный помощник", "виртуальный секретарь", "электронный секретарь", "умный помощник",
    "помощник абонента", "что ему передать", "что передать", "представьтесь пожалуйста", "нажмите", "нажмите один",
    "вы позвонили", "что вы позвонили", "вы позвонили в компанию", "вас приветствует", "вы дозвонились", "оставайтесь на линии",
    "дождитесь ответа", "ваш звонок очень важен", "операторы заняты", "перезвоню",
)  # fmt: skip
"""What a recogniser that hears nothing but expected phrases is told to expect while it is not known who has answered."""


def words(text: str) -> list[str]:
    """Lower case, «ё» as «е»."""
    return re.findall(r"[\w']+", text.lower().replace("ё", "е"))


def found(phrase: str, said: Sequence[str]) -> bool:
    """Whether the words of ``phrase`` occur in ``said`` in order, at most two other words between neighbours."""
    parts = phrase.replace("ё", "е").split()
    return any(_from(parts, said, start) for start in range(len(said)) if _is(parts[0], said[start]))


def greets(text: str) -> bool:
    """Whether ``text`` is a person's. Phrases of machines that a recogniser of expected phrases finds are not evidence enough: it
    finds them in people's answers too, and a lost person costs more than a missed machine (docs/hearing.md).
    """
    return kind_of(text) is Kind.PERSON


def named(text: str) -> Kind | None:
    """The kind of machine that ``text`` tells, once it is known to be one. «Вы позвонили» alone opens menus and voicemails alike."""
    kind = _kind_of_marks(text)
    return kind if kind is not None and kind.machine else None


def _opens(phrase: str, said: Sequence[str]) -> bool:
    parts = phrase.split()
    return any(
        _from(parts, said, at) and (at == 0 or said[at - 1] not in _NO_OPENING)
        for at in range(len(said))
        if _is(parts[0], said[at])
    )


def _from(parts: Sequence[str], said: Sequence[str], start: int) -> bool:
    at = start
    for part in parts[1:]:
        nearby = range(at + 1, min(len(said), at + 2 + _BETWEEN))
        following = next((index for index in nearby if _is(part, said[index])), None)
        if following is None:
            return False
        at = following
    return True


def _is(part: str, word: str) -> bool:
    return word.startswith(part[:-1]) if part.endswith("*") else word == part


def kind_of(text: str) -> Kind | None:
    """The kind whose phrase of most words (then most letters) is in ``text``; None when no phrase is."""
    best = _kind_of_marks(text)
    if best is not None and best is not Kind.PERSON:
        return best
    said = words(text)
    return Kind.IVR if any(_opens(phrase, said) for phrase in MACHINE_OPENINGS) else best


def _kind_of_marks(text: str) -> Kind | None:
    said = words(text)
    best: tuple[tuple[int, int], Kind] | None = None
    for kind, marks in MARKS.items():
        for phrase in marks:
            size = (len(phrase.split()), len(phrase))
            if (best is None or size > best[0]) and found(phrase, said):
                best = (size, kind)
    return None if best is None else best[1]
