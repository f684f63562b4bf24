from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from phonenumbers.timezone import time_zones_for_number

from engine.audience.codes import AREAS
from engine.audience.phones import TEXTS, Kind, Phone, PhoneProblem, Problem, normalise
from engine.domain.ids import E164

P = PhoneProblem


@pytest.mark.parametrize(
    "raw",
    [
        "+79121234567",
        "89121234567",
        "79121234567",
        "9121234567",
        "8 (912) 123-45-67",
        "8(912)1234567",
        "+7 912 123 45 67",
        "+7\u00a0912\u00a0123\u201145\u201167",
        "8-912-123-45-67",
        "\u200e+7 912 123-45-67\u200b",
        "'+79121234567",
        '"+79121234567"',
        "79121234567.0",
        "8 10 7 912 123 45 67",
        "８９１２１２３４５６７",
    ],
)
def test_one_mobile_in_many_writings(raw: str) -> None:
    assert normalise(raw) == Phone(E164("+79121234567"), Kind.MOBILE)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("", P.EMPTY),
        ("  ", P.EMPTY),
        ("нет", P.NOT_A_NUMBER),
        ("---", P.NOT_A_NUMBER),
        ("+79121234567, +79121234568", P.NOT_A_NUMBER),
        ("8-800-FLOWERS", P.NOT_A_NUMBER),
        ("9" * 1000, P.NOT_A_NUMBER),
        ("7.91212E+10", P.ROUNDED),
        ("7,91212E+10", P.ROUNDED),
        ("+7 495 123-45-67 доб. 12", P.EXTENSION),
        ("+7 495 123-45-67 ext 12", P.EXTENSION),
        ("+7 495 123-45-67#12", P.EXTENSION),
        ("+7912123456", P.WRONG_LENGTH),
        ("+791212345678", P.WRONG_LENGTH),
        ("112", P.WRONG_LENGTH),
        ("+7 200 123-45-67", P.UNKNOWN_RANGE),
        ("8 800 555-35-35", P.SERVICE_NUMBER),
        ("8 809 123-45-67", P.SERVICE_NUMBER),
        ("+7 701 123-45-67", P.NOT_ALLOWED_PREFIX),
        ("+380 44 123 45 67", P.NOT_ALLOWED_PREFIX),
        ("+1 212 555 01 00", P.NOT_ALLOWED_PREFIX),
    ],
)
def test_what_is_refused_and_why(raw: str, problem: PhoneProblem) -> None:
    assert normalise(raw) == Problem(problem)


def test_every_problem_has_words() -> None:
    assert {Problem(problem).text for problem in PhoneProblem} == set(TEXTS.values())
    assert len(TEXTS) == len(set(TEXTS.values())) == len(PhoneProblem)


def test_the_numbers_of_the_demo_are_mobiles() -> None:
    for number in range(100):
        assert normalise(f"+790000000{number:02d}") == Phone(E164(f"+790000000{number:02d}"), Kind.MOBILE)


def test_a_landline_tells_its_zone_and_region_and_a_mobile_does_not() -> None:
    assert normalise("8 (343) 222-33-44") == Phone(
        E164("+73432223344"), Kind.LANDLINE, "Asia/Yekaterinburg", "Свердловская область"
    )
    assert _phone("+79121234567").zone is None


def test_further_countries_are_opened_by_their_prefixes() -> None:
    assert _phone("+77011234567", "7", "77").kind is Kind.MOBILE
    assert _phone("+7 727 250 00 00", "7", "77").zone in ("Asia/Almaty", "Asia/Qyzylorda", None)
    assert _phone("+32 81 23 45 67", "32").zone == "Europe/Brussels"
    assert normalise("+79121234567", prefixes=("77",)) == Problem(P.NOT_ALLOWED_PREFIX)
    assert normalise("+79121234567", prefixes=()) == Problem(P.NOT_ALLOWED_PREFIX)


def test_a_number_without_country_code_belongs_to_the_region() -> None:
    assert _phone("081 23 45 67", "32", region="BE").e164 == "+3281234567"


@given(st.text())
def test_any_text_gives_a_phone_or_a_problem(raw: str) -> None:
    found = normalise(raw)
    if isinstance(found, Phone):
        assert found.e164.startswith("+7")
        assert found.e164[1:].isascii()
        assert found.e164[1:].isdigit()
        assert normalise(found.e164) == found
    else:
        assert found.text


@given(
    st.integers(900_000_0000, 999_999_9999) | st.integers(100_000_0000, 999_999_9999),
    st.sampled_from(["+7", "8", "7", ""]),
    st.sampled_from(["{0}{1}{2}{3}", " {0} {1}-{2}-{3}", " ({0}) {1} {2} {3} ", "-{0}-{1}-{2}{3}"]),
)
@example(100_000_0000, "8", "{0}{1}{2}{3}")
@example(810_999_0000, "", "{0}{1}{2}{3}")
def test_the_quick_way_says_what_the_library_says(national: int, prefix: str, form: str) -> None:
    digits = str(national)
    raw = prefix + form.format(digits[:3], digits[3:6], digits[6:8], digits[8:])
    try:
        parsed = phonenumbers.parse(raw, "RU")
    except phonenumbers.NumberParseException:  # 8 10 leads out of the country, and no country has the code that follows
        assert isinstance(normalise(raw), Problem)
        return
    kinds = {phonenumbers.PhoneNumberType.MOBILE: Kind.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE: Kind.LANDLINE}
    kind = kinds.get(phonenumbers.number_type(parsed))
    russian = phonenumbers.region_code_for_number(parsed) == "RU"
    found = normalise(raw)
    assert isinstance(found, Phone) == (kind is not None and russian)
    if isinstance(found, Phone):
        assert found.kind is kind
        assert found.e164 == phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def test_area_codes_agree_with_the_library_but_for_its_two_errors() -> None:
    differ = set()
    for code, area in AREAS.items():
        number = phonenumbers.parse(f"+7{code}2222222")
        assert phonenumbers.is_valid_number(number), code
        zones = time_zones_for_number(number)
        for month in (1, 7):
            at = datetime(2026, month, 1)
            ours = ZoneInfo(area.zone).utcoffset(at)
            if [ZoneInfo(zone).utcoffset(at) for zone in zones] != [ours]:
                differ.add(code)
    assert differ == {"401", "845"}


def _phone(raw: str, *prefixes: str, region: str = "RU") -> Phone:
    found = normalise(raw, region, prefixes or ("7",))
    assert isinstance(found, Phone)
    return found
