from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum

import pytest

from management.filters import Period, bounds, choice, filtered, like, number, period, text


class Colour(StrEnum):
    RED = "red"


def test_what_cannot_be_is_no_filter() -> None:
    assert text({"name": "  a b " + "x" * 300}, "name") == "a b " + "x" * 196
    assert text({}, "name") == ""
    assert choice({"c": "red"}, "c", Colour) is Colour.RED
    assert choice({"c": "blue"}, "c", Colour) is None
    assert period({"since": "2026-02-30", "until": "2026-02-03"}) == Period(None, date(2026, 2, 3))
    assert period({"since": "0001-01-01", "until": "9999-12-31"}) == Period()


@pytest.mark.parametrize(
    ("given", "found"),
    [("7", 7), (" 7 ", 7), ("0", None), ("-1", None), ("7x", None), ("٣", None), ("9" * 19, None), ("9" * 400, None)],
)
def test_numbers(given: str, found: int | None) -> None:
    assert number({"n": given}, "n") == found


def test_days_are_the_reader_s() -> None:
    first, last = bounds(Period(date(2026, 3, 1), date(2026, 3, 1)), "Europe/Moscow")
    assert first == datetime(2026, 2, 28, 21, tzinfo=UTC)
    assert last == datetime(2026, 3, 1, 21, tzinfo=UTC)
    assert bounds(Period(), "Europe/Moscow") == (None, None)


def test_like_takes_every_sign_as_it_is() -> None:
    assert like("50%_\\\0") == "50\\%\\_\\\\"


def test_order_and_size_are_no_filters() -> None:
    assert not filtered({"sort": "name", "size": "10", "cursor": "x", "lang": "ru", "name": ""})
    assert filtered({"name": "x"})
