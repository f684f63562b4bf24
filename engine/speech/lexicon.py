"""Russian spelling → the phones of this project's acoustic model (``ru_8k``).

One phone a sound: hard and soft consonants apart, stressed and reduced vowels apart. Where the stress of a word is not
known its «о», «е» and «я» get phones of their own (``OQ`` …), trained on such words: between stressed and reduced.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

Phones = tuple[str, ...]

_VOWELS = "аеёиоуыэюя"
_SOFTENING = frozenset("еёиюяь")
_VOICED: Mapping[str, str] = {"б": "п", "в": "ф", "г": "к", "д": "т", "ж": "ш", "з": "с"}
_VOICELESS: Mapping[str, str] = {voiceless: voiced for voiced, voiceless in _VOICED.items()}
_DEAF = frozenset("пфктшсхцчщ")
_LOUD = frozenset("бгджз")
"""Voice the consonant before them; «в» does not."""
_CONSONANTS: Mapping[str, str] = dict(
    zip("бвгджзйклмнпрстфхцчшщ", "B V G D ZH Z J K L M N P R S T F H TS CH SH SCH".split(), strict=True)
)
_NO_PAIR = frozenset("йчщжшц")
"""Always soft or always hard."""
_STRESSED: Mapping[str, str] = dict(zip("аоуэыи", "A O U E Y I".split(), strict=True))
_REDUCED: Mapping[str, str] = dict(zip("аоуэыи", "A0 A0 U0 I0 Y0 I0".split(), strict=True))
_UNKNOWN: Mapping[str, str] = {**_STRESSED, "о": "OQ"}
_IOTATED: Mapping[str, str] = {"е": "э", "ё": "о", "ю": "у", "я": "а"}

PHONES: tuple[str, ...] = tuple(
    sorted(
        {*_CONSONANTS.values(), *(f"{name}J" for letter, name in _CONSONANTS.items() if letter not in _NO_PAIR)}
        | {*_STRESSED.values(), *_REDUCED.values(), "OQ", "EQ", "YAQ"}
    )
)

_WRITTEN = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        ("^что(?=$|б)", "што"),
        ("конечн", "конешн"),
        ("скучн", "скушн"),
        ("([ое])го$", r"\1во"),
        ("сегодня", "севодня"),
        ("здн", "зн"),
        ("стн", "сн"),
        ("вств", "ств"),
        ("лнц", "нц"),
        ("[дт]ц", "ц"),
        ("ться$|тся$", "ца"),
        ("сч|зч", "щ"),
        ("([бвгджзйклмнпрстфхцчшщ])\\1", r"\1"),
    )
)
"""Spelling → how it is said; none of them moves or removes a vowel before the stress."""

_STRESS = """
ага́ угу́ неа́ коне́чно хорошо́ согла́сен согла́сна интере́сно интере́сен интере́сна интересу́ет дава́йте дава́й мо́жно ла́дно
непреме́нно обяза́тельно разуме́ется есте́ственно безусло́вно ве́рно неве́рно пра́вильно непра́вильно подхо́дит хочу́ хоте́л хоте́ла
хоте́ли хоти́те бу́ду на́до ну́жно ну́жен нужна́ спаси́бо пожа́луйста никогда́ по́зже пото́м перезвони́те перезвони́ перезвони́ть
позвони́те звони́те звони́ть сейча́с за́втра сего́дня говори́ть могу́ неудо́бно удо́бно за́нят занята́ опера́тор опера́тора опера́тором
ме́неджер ме́неджера ме́неджером челове́к челове́ком специали́ст соедини́те позови́те переключи́те отка́з отка́зываюсь откажу́сь
отпиши́те отста́ньте удали́те здра́вствуйте до́брый алло́ слу́шаю повтори́те помоги́те ско́лько сто́ит сто́ить подтвержда́ю
отме́на отмени́ть заказа́ть зака́з доста́вка запиши́те возмо́жно отли́чно оке́й наве́рное зна́ю поду́мать поду́маю поня́л
поговори́ть живо́й рулём но́мер мой цену́ подскажи́те свида́ния всего́ до́брого бо́льше мне́ меня́ э́то актуа́льно плани́рую возража́ю
против про́тив удово́льствием почему́ нельзя́ проце́нтов случа́е
оди́н одна́ одно́ четы́ре во́семь де́вять де́сять оди́ннадцать двена́дцать трина́дцать четы́рнадцать пятна́дцать шестна́дцать
семна́дцать восемна́дцать девятна́дцать два́дцать три́дцать со́рок пятьдеся́т шестьдеся́т се́мьдесят во́семьдесят девяно́сто
две́сти три́ста четы́реста пятьсо́т шестьсо́т семьсо́т восемьсо́т девятьсо́т ты́сяча ты́сячи ты́сяч
"""
"""Frequent answers with their stress; a word of one vowel needs none, ё has it always."""
_ACUTE = "\u0301"
_UNSTRESSED = frozenset("не ни и а но на за по до от из со во бы же ли".split())
"""Lean on the next word."""
_BY_HAND: Mapping[str, tuple[str, ...]] = {
    "сейчас": ("SJ I0 CH A S", "SCH A S"),
    "ага": ("A0 G A", "A0 H A", "A0 G A0"),
    "угу": ("U0 G U", "U0 H U", "U G U0"),
    "мне": ("M NJ E", "M NJ I0", "M NJ I"),
    "неа": ("NJ E A",),
    "здравствуйте": ("Z D R A S T V U0 J TJ I0", "Z D R A SJ TJ I0"),
    "да": ("D A", "D A0"),
    "не": ("NJ I0", "NJ I", "NJ"),
    "нет": ("NJ E T", "NJ EQ T"),
    "пятьдесят": ("PJ I0 DJ I0 SJ A T",),
    "шестьдесят": ("SH Y0 ZJ DJ I0 SJ A T", "SH Y0 DJ I0 SJ A T"),
    "тысяча": ("T Y SJ I0 CH A0", "T Y SCH A0"),
}


def _stresses() -> Mapping[str, int]:
    """Word → index of its stressed letter."""
    marked = (word for word in _STRESS.split() if _ACUTE in word)
    return {word.replace(_ACUTE, ""): word.index(_ACUTE) - 1 for word in marked}


_KNOWN = _stresses()


def pronounce(word: str) -> tuple[Phones, ...]:
    """The pronunciations of a Russian ``word``, best first; none for one with other letters or without a sound."""
    lower = word.lower()
    if lower in _BY_HAND:
        return tuple(tuple(phones.split()) for phones in _BY_HAND[lower])
    if not re.fullmatch("[а-яё]+", lower) or not set(lower) - {"ь", "ъ"}:
        return ()
    said, stress = _as_said(lower, _stressed(lower))
    return (tuple(phone for at in range(len(said)) for phone in _sound(said, at, stress)),)


def _stressed(word: str) -> int | None:
    """Index of the stressed letter, −1 for a word without stress, None where nobody knows."""
    if word in _UNSTRESSED:
        return -1
    if "ё" in word:
        return word.index("ё")
    vowels = [at for at, letter in enumerate(word) if letter in _VOWELS]
    return vowels[0] if len(vowels) == 1 else _KNOWN.get(word)


def _as_said(word: str, stress: int | None) -> tuple[str, int | None]:
    """``word`` respelled as it sounds, and where its stress is then."""
    said = word
    for pattern, replacement in _WRITTEN:
        said = pattern.sub(replacement, said)
    if stress is None or stress < 0:
        return said, stress
    which = sum(letter in _VOWELS for letter in word[:stress])
    vowels = [at for at, letter in enumerate(said) if letter in _VOWELS]
    return said, vowels[min(which, len(vowels) - 1)]


def _sound(word: str, at: int, stress: int | None) -> Iterator[str]:
    letter, before, after = word[at], word[at - 1 : at] if at else "", word[at + 1 : at + 2]
    if letter in _VOWELS:
        if letter in _IOTATED and (not before or before in _VOWELS or before in "ьъ"):
            yield "J"
        yield _vowel(letter, before, None if stress is None else at == stress)
    elif letter not in "ьъ":
        name = _CONSONANTS[_voicing(word, at)]
        yield f"{name}J" if after and after in _SOFTENING and letter not in _NO_PAIR else name


def _vowel(letter: str, before: str, stressed: bool | None) -> str:
    hard = before and before in "жшц"
    plain = "ы" if letter == "и" and hard else _IOTATED.get(letter, letter)
    if stressed:
        return _STRESSED[plain]
    if letter in "ея" and stressed is None:
        return "YAQ" if letter == "я" else "EQ"
    if letter in "ея":
        return "Y0" if hard else "I0"
    return _UNKNOWN[plain] if stressed is None else _REDUCED[plain]


def _voicing(word: str, at: int) -> str:
    """The consonant at ``at`` with the voice of the next one, which may have it from the one behind; at the end of the
    word it has none.
    """
    letter = word[at]
    after = next((place for place in range(at + 1, len(word)) if word[place] not in "ьъ"), None)
    following = _voicing(word, after) if after is not None else ""
    if letter in _VOICED and (not following or following in _DEAF):
        return _VOICED[letter]
    if letter in _VOICELESS and following and following in _LOUD:
        return _VOICELESS[letter]
    return letter
