"""Russian numbers: said aloud → digits, digits → words. Grammatical cases as people use them on the telephone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_UNITS = (
    "ноль нуль ноля нуля нолик",
    "один одна одно одного одной",
    "два две двух",
    "три трех",
    "четыре четырех",
    "пять пяти",
    "шесть шести",
    "семь семи",
    "восемь восьми",
    "девять девяти",
)
_TEENS = (
    "десять десяти",
    "одиннадцать одиннадцати",
    "двенадцать двенадцати",
    "тринадцать тринадцати",
    "четырнадцать четырнадцати",
    "пятнадцать пятнадцати",
    "шестнадцать шестнадцати",
    "семнадцать семнадцати",
    "восемнадцать восемнадцати",
    "девятнадцать девятнадцати",
)
_TENS = (
    "двадцать двадцати",
    "тридцать тридцати",
    "сорок сорока",
    "пятьдесят пятидесяти",
    "шестьдесят шестидесяти",
    "семьдесят семидесяти",
    "восемьдесят восьмидесяти",
    "девяносто девяноста",
)
_HUNDREDS = (
    "сто ста",
    "двести двухсот",
    "триста трехсот",
    "четыреста четырехсот",
    "пятьсот пятисот",
    "шестьсот шестисот",
    "семьсот семисот",
    "восемьсот восьмисот",
    "девятьсот девятисот",
)
_THOUSAND = frozenset("тысяча тысячи тысяч тысячу".split())


def _values(rows: Iterable[str], first: int, step: int) -> Iterator[tuple[str, int]]:
    for index, row in enumerate(rows):
        yield from ((word, first + index * step) for word in row.split())


_VALUES: dict[str, int] = {
    **dict(_values(_UNITS, 0, 1)),
    **dict(_values(_TEENS, 10, 1)),
    **dict(_values(_TENS, 20, 10)),
    **dict(_values(_HUNDREDS, 100, 100)),
}
_LARGEST = 999_999
_BETWEEN = frozenset("и это так ну э эм тире дефис потом дальше".split())
"""What may stand between the groups of a number as it is dictated."""


def words() -> tuple[str, ...]:
    """Every number word in its first form: what a recogniser must expect where a number may be said."""
    return (*(row.split()[0] for row in (*_UNITS, *_TEENS, *_TENS, *_HUNDREDS)), "тысяча", "тысячи", "тысяч")


def joined(said: Iterable[str]) -> tuple[str, ...]:
    """``said`` (lower case, ё as е) with each number as digits: «двадцать три рубля» → «23 рубля».

    A word that cannot continue a number begins the next one: «пять семь» → «5 7», «двадцать ноль три» → «20 0 3».
    """
    done: list[str] = []
    number = _Number()
    for word in said:
        if word in _THOUSAND and number.multiply():
            continue
        value = 1000 if word in _THOUSAND else _VALUES.get(word)
        if value is not None and number.add(value):
            continue
        done.extend(number.take())
        if value is None:
            done.append(word)
        else:
            number.add(value)
    done.extend(number.take())
    return tuple(done)


def digits(said: Iterable[str]) -> str | None:
    """The digits of the one number in ``said``, dictated whole, by groups or digit by digit: «восемь девятьсот» →
    ``8900``. None when there is none, or two apart from each other: nobody can know which is meant.
    """
    runs: list[str] = []
    apart = True
    for word in joined(said):
        if word.isascii() and word.isdecimal():
            if apart:
                runs.append("")
            runs[-1] += word
            apart = False
        elif word not in _BETWEEN:
            apart = True
    return runs[0] if len(runs) == 1 else None


def spelled(number: str) -> tuple[str, ...]:
    """The words for ``number`` (digits): as one number up to 999 999 without leading zeros, else digit by digit."""
    if len(number) > 1 and (number.startswith("0") or int(number) > _LARGEST):
        return tuple(word for digit in number for word in spelled(digit))
    value = int(number)
    if value >= 1000:
        return (*_thousands(value // 1000), *(_below_thousand(value % 1000) if value % 1000 else ()))
    return _below_thousand(value)


def _thousands(count: int) -> tuple[str, ...]:
    last, teen = count % 10, count % 100 // 10 == 1
    if count == 1:
        return ("тысяча",)
    *before, final = _below_thousand(count)
    if last == 1 and not teen:
        return (*before, "одна", "тысяча")
    if last == 2 and not teen:
        return (*before, "две", "тысячи")
    return (*before, final, "тысячи" if last in (3, 4) and not teen else "тысяч")


def _below_thousand(value: int) -> tuple[str, ...]:
    said: list[str] = []
    if value >= 100:
        said.append(_HUNDREDS[value // 100 - 1].split()[0])
    rest = value % 100
    if rest >= 20:
        said.append(_TENS[rest // 10 - 2].split()[0])
        rest %= 10
    if 10 <= rest < 20:
        said.append(_TEENS[rest - 10].split()[0])
    elif rest or value == 0:
        said.append(_UNITS[rest].split()[0])
    return tuple(said)


class _Number:
    """A number under way: thousands first, then hundreds, tens, units, each at most once and in this order."""

    def __init__(self) -> None:
        self._thousands: int | None = None
        self._rest: int | None = None

    def add(self, value: int) -> bool:
        """False when ``value`` cannot follow: then nothing has changed."""
        if value == 1000:
            if self._rest is not None or self._thousands is not None:
                return False
            self._thousands = 1000
        elif self._rest is None:
            if value == 0 and self._thousands is not None:
                return False
            self._rest = value
        elif value and self._rest and self._rest % _room(value) == 0 and self._rest % 100 != 10:
            self._rest += value
        else:
            return False
        return True

    def multiply(self) -> bool:
        """«… тысяч»; False when that cannot follow."""
        if not self._rest or self._thousands is not None:
            return False
        self._thousands, self._rest = self._rest * 1000, None
        return True

    def take(self) -> tuple[str, ...]:
        """The number so far, if any; the next one begins."""
        if self._thousands is None and self._rest is None:
            return ()
        value = (self._thousands or 0) + (self._rest or 0)
        self._thousands = self._rest = None
        return (str(value),)


def _room(value: int) -> int:
    """What a number must be a multiple of for ``value`` to follow it."""
    return 1000 if value >= 100 else 100 if value >= 10 else 10
