from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from management.language import LANGUAGES, negotiate, of_environment, percent, texts
from tests.support.texts import translated, used

ZONES = ["Europe/Moscow", "Asia/Kolkata", "America/St_Johns", "UTC"]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "ru"),
        ("en", "en"),
        ("EN-us", "en"),
        ("ru,en;q=0.9", "ru"),
        ("ru;q=0.3, en;q=0.9", "en"),
        ("de, en;q=0.1", "en"),
        ("de", "ru"),
        ("*", "ru"),
        ("en;q=0", "ru"),
        ("en;q=0, ru;q=0", "ru"),
        ("en;q=nan", "ru"),
        ("en;q=two", "ru"),
        ("en;q=7", "ru"),
        ("en;level=1", "ru"),
        (";;,,;q=", "ru"),
    ],
)
def test_the_browser_s_wish(header: str, language: str) -> None:
    assert negotiate(None, header) == language


@given(wanted=st.none() | st.text(), header=st.text())
def test_any_request_gets_a_language_of_ours(wanted: str | None, header: str) -> None:
    assert negotiate(wanted, header) in LANGUAGES


@given(wanted=st.sampled_from(sorted(LANGUAGES)), header=st.text())
def test_the_address_wins_over_the_browser(wanted: str, header: str) -> None:
    assert negotiate(wanted, header) == wanted


def test_terminals_speak_english_unless_russian() -> None:
    assert [of_environment(value) for value in ("ru_RU.UTF-8", "C.UTF-8", "", "de_DE")] == ["ru", "en", "en", "en"]


@given(whole=st.integers(0, 10**9), data=st.data())
def test_percent_is_whole_only_at_the_end(whole: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, whole))
    assert 0 <= percent(part, whole) <= 100
    assert (percent(part, whole) == 100) == (part == whole and whole > 0)


@given(number=st.integers(-(10**12), 10**12), moment=st.datetimes(timezones=st.just(UTC)), zone=st.sampled_from(ZONES))
def test_numbers_and_times_are_babel_s(number: int, moment: datetime, zone: str) -> None:
    for language, pattern in (("ru", "dd.MM.y"), ("en", "d MMM y")):
        spoken = texts(language)
        assert spoken.number(number) == format_decimal(number, locale=language)
        assert spoken.day(moment.date()) == format_date(moment.date(), pattern, locale=language)
        if 2 < moment.year < 9998:
            local = format_datetime(moment, f"{pattern} HH:mm", tzinfo=ZoneInfo(zone), locale=language)
            assert spoken.moment(moment, zone) == local


def test_numbers_as_each_language_writes_them() -> None:
    russian, english = texts("ru"), texts("en")
    assert (russian.number(12345), english.number(12345)) == ("12\u00a0345", "12,345")
    assert (russian.roubles(Decimal("0.1")), english.roubles(Decimal("0.1"))) == ("0,10\u00a0₽", "0.10\u00a0₽")
    assert (russian.ago(3.7), english.ago(61)) == ("3 секунды назад", "1 minute ago")


def test_moments_in_the_reader_s_zone() -> None:
    moment = datetime(2026, 11, 20, 21, 30, tzinfo=UTC)
    assert texts("ru").moment(moment, "Asia/Yekaterinburg") == "21.11.2026 02:30"
    assert texts("en").moment(moment, "Europe/Moscow") == "21 Nov 2026 00:30"
    assert texts("ru").day(moment.date()) == "20.11.2026"


def test_every_text_has_its_russian() -> None:
    known = translated()
    assert {"Overview", "seen %(ago)s"} <= known.keys()
    assert known.keys() == used(), "python -m tests.support.texts"
    assert all(known.values())


def test_less_than_nothing_has_a_minus_and_no_hyphen() -> None:
    assert texts("ru").roubles(Decimal("-1234.5")) == "\u22121\u00a0234,50\u00a0₽"


def test_a_telephone_number_as_people_write_it() -> None:
    assert texts("ru").phone("+74951234567") == "+7\u00a0495\u00a0123\u201145\u201167"
    assert texts("ru").phone("+12025550123") == "+12025550123"
