"""Texts, numbers, money and times in the language of one request.

The catalogue is passed to the page instead of chosen for the process: two requests at once may speak two languages.
"""

from __future__ import annotations

import gettext
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_timedelta
from babel.numbers import format_decimal, format_percent

LOCALE = Path(__file__).parent / "locale"
LANGUAGES = {"ru": "Русский", "en": "English"}
"""Code and own name; the first is spoken to those who ask for none of them."""
DEFAULT = "ru"
_DAY = {"ru": "{day:02}.{month:02}.{year}", "en": "{day} {name} {year}"}
"""``name``: of the month, short."""
_NO_BREAK_SPACE = "\u00a0"
_HYPHEN = "\u2011"
"""Another line never begins after it."""
_MINUS = "\u2212"
_RUSSIAN = re.compile(r"(\+7)(\d{3})(\d{3})(\d\d)(\d\d)")


@dataclass(frozen=True, slots=True)
class Texts:
    """``language``: one of LANGUAGES. Message ids are English; what a catalogue lacks is shown in English."""

    language: str
    locale: Locale
    catalogue: gettext.NullTranslations

    def gettext(self, message: str) -> str:
        return _said(self.language, message)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return self.catalogue.ngettext(singular, plural, number)

    def number(self, value: int) -> str:
        # A page has hundreds of numbers and times, and babel takes 20 µs for each where this takes 1.
        return f"{value:,}".replace(",", _group(self.language))

    def percent(self, part: int, whole: int) -> str:
        """Rounded down: 100 % only when all of ``whole`` is there."""
        return format_percent(Decimal(percent(part, whole)) / 100, locale=self.locale)

    def roubles(self, value: Decimal) -> str:
        """With kopecks and the rouble sign."""
        return format_decimal(value, "#,##0.00", locale=self.locale).replace("-", _MINUS) + _NO_BREAK_SPACE + "₽"

    def phone(self, number: str) -> str:
        """E.164 as people write it: a Russian number in groups that stay on one line, others as they are."""
        return _RUSSIAN.sub(rf"\1{_NO_BREAK_SPACE}\2{_NO_BREAK_SPACE}\3{_HYPHEN}\4{_HYPHEN}\5", number)

    def moment(self, value: datetime, zone: str) -> str:
        """Day and minute in the reader's zone (IANA). ``value``: aware."""
        there = value.astimezone(ZoneInfo(zone))
        return f"{self.day(there)} {there.hour:02}:{there.minute:02}"

    def day(self, value: date) -> str:
        name = _short_months(self.language)[value.month - 1]
        return _DAY[self.language].format(day=value.day, month=value.month, year=value.year, name=name)

    def ago(self, seconds: float) -> str:
        return format_timedelta(timedelta(seconds=-int(seconds)), add_direction=True, threshold=1, locale=self.locale)


@cache
def _group(language: str) -> str:
    """What stands between thousands."""
    return str(Locale.parse(language).number_symbols["latn"]["group"])


@cache
def _short_months(language: str) -> tuple[str, ...]:
    names = Locale.parse(language).months["format"]["abbreviated"]
    return tuple(str(names[month]) for month in range(1, 13))


def percent(part: int, whole: int) -> int:
    """0 to 100, rounded down; 0 of nothing."""
    return part * 100 // whole if whole else 0


@cache
def texts(language: str) -> Texts:
    """``language``: one of LANGUAGES. The catalogues of all features are one: a file each, so that they can be worked on apart."""
    catalogue = gettext.NullTranslations()
    for file in sorted((LOCALE / language / "LC_MESSAGES").glob("*.mo")):
        catalogue.add_fallback(gettext.translation(file.stem, localedir=str(LOCALE), languages=[language]))
    return Texts(language, Locale(language), catalogue)


@lru_cache(maxsize=10_000)
def _said(language: str, message: str) -> str:
    """A page asks for a few hundred texts, and the catalogue of each feature in turn."""
    return texts(language).catalogue.gettext(message)


def negotiate(wanted: str | None, accept_language: str) -> str:
    """The language of a request: ``?lang=`` if it names one of ours, else the browser's first choice among them."""
    if wanted in LANGUAGES:
        return wanted
    return next((code for code in _ranked(accept_language) if code in LANGUAGES), DEFAULT)


def of_environment(value: str) -> str:
    """The language of a POSIX locale such as ``ru_RU.UTF-8``; English for others, as terminals expect."""
    return "ru" if value.startswith("ru") else "en"


def _ranked(header: str) -> list[str]:
    """Primary language codes of an Accept-Language header, best first, without those given weight 0."""
    weighted: list[tuple[float, str]] = []
    for entry in header.split(","):
        tag, _, parameter = entry.partition(";")
        weight = _weight(parameter.strip())
        if weight > 0:
            weighted.append((-weight, tag.strip().lower().partition("-")[0]))
    return [code for _, code in sorted(weighted, key=lambda pair: pair[0])]


def _weight(parameter: str) -> float:
    """RFC 9110, 12.4.2: ``q=0`` to ``q=1``, 1 when absent; what cannot be read counts as not wanted."""
    if not parameter:
        return 1.0
    name, _, value = parameter.partition("=")
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if name.strip() == "q" and 0 <= weight <= 1 else 0.0
