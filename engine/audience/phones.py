"""One telephone number as people write it, made into one that can be dialled, or the reason why not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType
from phonenumbers.timezone import time_zones_for_number

from engine.audience.codes import AREAS
from engine.domain.ids import E164
from engine.domain.text import mark, translate

DEFAULT_PREFIXES = ("7",)
"""Russia. A country code alone does not open Kazakhstan, which shares +7 as 76 and 77: ask for "77" to call it."""
LONGEST_RAW = 64
"""Characters; the longest number with an extension and every usual decoration is far below."""


class Kind(StrEnum):
    MOBILE = "mobile"
    LANDLINE = "landline"
    EITHER = "either"
    """A country whose numbers do not tell which."""


class PhoneProblem(StrEnum):
    EMPTY = "empty"
    NOT_A_NUMBER = "not_a_number"
    ROUNDED = "rounded"
    EXTENSION = "extension"
    WRONG_LENGTH = "wrong_length"
    UNKNOWN_RANGE = "unknown_range"
    SERVICE_NUMBER = "service_number"
    NOT_ALLOWED_PREFIX = "not_allowed_prefix"


TEXTS: dict[PhoneProblem, str] = {
    PhoneProblem.EMPTY: mark("no phone number"),
    PhoneProblem.NOT_A_NUMBER: mark("not a phone number"),
    PhoneProblem.ROUNDED: mark("rounded by a spreadsheet: format the column as text and export it again"),
    PhoneProblem.EXTENSION: mark("has an extension, which a robot cannot dial"),
    PhoneProblem.WRONG_LENGTH: mark("too few or too many digits"),
    PhoneProblem.UNKNOWN_RANGE: mark("no operator has such numbers"),
    PhoneProblem.SERVICE_NUMBER: mark("a toll-free, paid or service number"),
    PhoneProblem.NOT_ALLOWED_PREFIX: mark("calls to this country are not allowed"),
}


@dataclass(frozen=True, slots=True)
class Phone:
    """``zone`` is an IANA name, None when the number does not tell (all mobiles); ``region_text`` '' likewise."""

    e164: E164
    kind: Kind
    zone: str | None = None
    region_text: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    code: PhoneProblem

    @property
    def text(self) -> str:
        """For people, in their language."""
        return translate(TEXTS[self.code])


_INVISIBLE = "\u200b\u200e\u200f\u2060\ufeff"
_DECORATION = str.maketrans("", "", _INVISIBLE + " \t\u00a0\u2007\u2009\u202f-\u2010\u2011\u2012\u2013\u2014\u2212().'")
_HIDDEN = str.maketrans("", "", _INVISIBLE)


def _pattern(kind: str) -> str:
    found = getattr(PhoneMetadata.metadata_for_region("RU"), kind, None)
    return (found and found.national_number_pattern) or "(?!)"


_RUSSIAN = re.compile(rf"(?:\+?7|8)?(?:({_pattern('mobile')})|({_pattern('fixed_line')}))", re.ASCII)
"""Nearly every number of a Russian list: ten times faster than the library, by the library's own patterns."""
_ROUNDED = re.compile(r"\d[.,]?\d*[eEеЕ]\+?\d+")
_EXTENSION = re.compile(r"\d.*(?:доб|вн|ext|x|х|#|;)", re.IGNORECASE)
_WHOLE_FLOAT = re.compile(r"(\d{10,15})[.,]0")
_DIALLED = {
    PhoneNumberType.MOBILE: Kind.MOBILE,
    PhoneNumberType.FIXED_LINE: Kind.LANDLINE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: Kind.EITHER,
}


def normalise(raw: str, region: str = "RU", prefixes: Sequence[str] = DEFAULT_PREFIXES) -> Phone | Problem:
    """``raw`` as E.164. ``region``: the country of numbers written without a country code (ISO 3166, two letters).

    ``prefixes``: the beginnings of numbers, without plus, that may be called at all.
    """
    if region == "RU" and (found := _RUSSIAN.fullmatch(raw.translate(_DECORATION))):
        number = "7" + (found[1] or found[2])
        kind = Kind.MOBILE if found[1] else Kind.LANDLINE
        return _russian(E164("+" + number), kind) if _allowed(number, tuple(prefixes)) else _refused()
    text = raw.translate(_HIDDEN).strip().strip("'\"").strip()
    if problem := _unreadable(text):
        return Problem(problem)
    if whole := _WHOLE_FLOAT.fullmatch(text):
        text = whole[1]
    try:
        number_read = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        short = error.error_type in (error.TOO_SHORT_NSN, error.TOO_SHORT_AFTER_IDD, error.TOO_LONG)
        return Problem(PhoneProblem.WRONG_LENGTH if short else PhoneProblem.NOT_A_NUMBER)
    return _checked(number_read, tuple(prefixes))


def _unreadable(text: str) -> PhoneProblem | None:
    if not text:
        return PhoneProblem.EMPTY
    if len(text) > LONGEST_RAW:
        return PhoneProblem.NOT_A_NUMBER
    if _ROUNDED.fullmatch(text):
        return PhoneProblem.ROUNDED
    if _EXTENSION.search(text):
        return PhoneProblem.EXTENSION
    if any(character.isalpha() for character in text):  # also keeps out vanity numbers, which are never private ones
        return PhoneProblem.NOT_A_NUMBER
    return None


def _checked(number: phonenumbers.PhoneNumber, prefixes: tuple[str, ...]) -> Phone | Problem:
    if number.extension:
        return Problem(PhoneProblem.EXTENSION)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not _allowed(e164[1:], prefixes):
        return _refused()
    if not phonenumbers.is_possible_number(number):
        return Problem(PhoneProblem.WRONG_LENGTH)
    if not phonenumbers.is_valid_number(number):
        return Problem(PhoneProblem.UNKNOWN_RANGE)
    kind = _DIALLED.get(phonenumbers.number_type(number))
    if kind is None:
        return Problem(PhoneProblem.SERVICE_NUMBER)
    return _placed(number, E164(e164), kind)


def _allowed(digits: str, prefixes: tuple[str, ...]) -> bool:
    if digits.startswith(("76", "77")):
        return any(len(prefix) > 1 and digits.startswith(prefix) for prefix in prefixes)
    return digits.startswith(prefixes)


def _refused() -> Problem:
    return Problem(PhoneProblem.NOT_ALLOWED_PREFIX)


def _placed(number: phonenumbers.PhoneNumber, e164: E164, kind: Kind) -> Phone:
    if e164.startswith("+7") and not e164.startswith(("+76", "+77")):
        return _russian(e164, kind)
    zones = () if kind is Kind.MOBILE else time_zones_for_number(number)
    return Phone(e164, kind, zones[0] if len(zones) == 1 and zones[0] != "Etc/Unknown" else None)


def _russian(e164: E164, kind: Kind) -> Phone:
    # A mobile went with its owner, wherever it was issued.
    area = AREAS.get(e164[2:5]) if kind is Kind.LANDLINE else None
    return Phone(e164, kind, area.zone, area.region) if area else Phone(e164, kind)
