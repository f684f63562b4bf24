from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dialer.window import EVERY_DAY, Closed, Window, closed, is_open, next_opening, open_zones, zone_info
from engine.domain.errors import BadInput

ZONES = [
    "Europe/Moscow",
    "Asia/Kamchatka",
    "Europe/Kaliningrad",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
]
times = st.times().map(lambda at: at.replace(second=0, microsecond=0))
moments = st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))
days = st.dates(date(2024, 6, 1), date(2027, 6, 1))


@st.composite
def windows(draw: st.DrawFn) -> Window:
    opens, closes = draw(times), draw(times)
    if opens == closes:
        opens = closes = time(0)
    first, last = draw(st.none() | days), draw(st.none() | days)
    if first and last and last < first:
        first, last = last, first
    weekdays = draw(st.frozensets(st.integers(1, 7), min_size=1))
    return Window(opens, closes, draw(st.sampled_from(ZONES)), weekdays, first, last, draw(st.booleans()))


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


MOSCOW = Window(time(9), time(21), "Europe/Moscow")
ANYWHERE = Window(time(9), time(21), "Europe/Moscow", by_contact_zone=True)
NEW_YORK = "America/New_York"


@pytest.mark.parametrize(
    ("at", "open_"),
    [
        ("2026-03-02T05:59:59", False),
        ("2026-03-02T06:00:00", True),
        ("2026-03-02T17:59:59", True),
        ("2026-03-02T18:00:00", False),
    ],
)
def test_opens_on_the_minute_and_closes_before_it(at: str, open_: bool) -> None:
    assert is_open(MOSCOW, _utc(at)) is open_


def test_any_aware_time_will_do_and_a_naive_one_will_not() -> None:
    assert is_open(MOSCOW, datetime(2026, 3, 2, 9, tzinfo=timezone(timedelta(hours=3))))
    with pytest.raises(ValueError, match="aware"):
        is_open(MOSCOW, datetime(2026, 3, 2, 9))


def test_the_contacts_own_zone_counts_only_where_asked_for_and_known() -> None:
    at = _utc("2026-03-02T15:00:00")  # 18:00 in Moscow, 03:00 in Kamchatka
    assert is_open(MOSCOW, at, "Asia/Kamchatka")
    assert not is_open(ANYWHERE, at, "Asia/Kamchatka")
    assert is_open(ANYWHERE, at, None)
    assert next_opening(ANYWHERE, at, "Asia/Kamchatka") == _utc("2026-03-02T21:00:00")


@pytest.mark.parametrize(
    "zone", ["Mars/Base", "", "Europe", "../etc/passwd", "localtime", "a\0b", "/etc/localtime", "Я" * 300]
)
def test_a_zone_that_is_none_never_opens_and_says_so(zone: str) -> None:
    at = _utc("2026-03-02T12:00:00")
    assert closed(ANYWHERE, at, zone) is Closed.UNKNOWN_ZONE
    assert next_opening(ANYWHERE, at, zone) is None
    assert is_open(MOSCOW, at, zone), "a campaign by its own clock does not ask"


@given(st.text())
def test_any_text_is_a_zone_or_not(name: str) -> None:
    assert zone_info(name) is None or name in str(zone_info(name))


def test_reasons() -> None:
    window = Window(
        time(9), time(21), "Europe/Moscow", frozenset({1, 2, 3, 4, 5}), first=date(2026, 3, 2), last=date(2026, 3, 9)
    )
    reasons = {
        "2026-03-01T12:00:00": Closed.BEFORE_FIRST_DAY,
        "2026-03-02T05:00:00": Closed.HOURS,
        "2026-03-02T12:00:00": None,
        "2026-03-07T12:00:00": Closed.WEEKDAY,
        "2026-03-09T17:59:00": None,
        "2026-03-09T18:00:00": Closed.HOURS,
        "2026-03-10T12:00:00": Closed.AFTER_LAST_DAY,
    }
    assert {at: closed(window, _utc(at)) for at in reasons} == reasons
    assert next_opening(window, _utc("2026-03-06T18:00:00")) == _utc("2026-03-09T06:00:00")
    assert next_opening(window, _utc("2026-03-09T18:00:00")) is None
    assert next_opening(window, _utc("2020-01-01T00:00:00")) == _utc("2026-03-02T06:00:00")


def test_a_window_over_midnight_belongs_to_the_day_it_opens_on() -> None:
    night = Window(time(22), time(6), "UTC", frozenset({5}), last=date(2026, 3, 6))  # Friday
    assert is_open(night, _utc("2026-03-06T22:00:00"))
    assert is_open(night, _utc("2026-03-07T05:59:00")), "the tail of the last day"
    assert not is_open(night, _utc("2026-03-07T06:00:00"))
    assert not is_open(night, _utc("2026-03-06T05:00:00")), "the tail of a Thursday"


def test_midnight_to_midnight_is_the_whole_day() -> None:
    always = Window(time(0), time(0), "Europe/Moscow")
    assert all(is_open(always, _utc("2026-03-02T00:00:00") + timedelta(minutes=17 * n)) for n in range(200))


def test_a_skipped_hour_opens_late_and_closes_early() -> None:
    spring = date(2026, 3, 8)  # in New York 02:00 EST (07:00 UTC) becomes 03:00 EDT
    late = Window(time(2, 30), time(5), NEW_YORK, first=spring, last=spring)
    assert next_opening(late, _utc("2026-03-08T00:00:00")) == _utc("2026-03-08T07:30:00")
    early = Window(time(1), time(2, 30), NEW_YORK, first=spring, last=spring)
    assert is_open(early, _utc("2026-03-08T06:29:00"))
    assert not is_open(early, _utc("2026-03-08T06:30:00"))


def test_a_repeated_hour_opens_the_second_time_and_closes_the_first() -> None:
    autumn = date(2026, 11, 1)  # in New York 02:00 EDT (06:00 UTC) becomes 01:00 EST
    late = Window(time(1, 30), time(5), NEW_YORK, first=autumn, last=autumn)
    assert not is_open(late, _utc("2026-11-01T05:45:00"))
    assert is_open(late, _utc("2026-11-01T06:30:00"))
    early = Window(time(0), time(1, 30), NEW_YORK, first=autumn, last=autumn)
    assert is_open(early, _utc("2026-11-01T05:29:00"))
    assert not is_open(early, _utc("2026-11-01T05:30:00"))
    assert not is_open(early, _utc("2026-11-01T06:10:00"))
    swallowed = Window(time(1, 10), time(1, 50), NEW_YORK, first=autumn, last=autumn)
    assert next_opening(swallowed, _utc("2026-10-31T12:00:00")) is None


@given(windows(), moments, st.none() | st.sampled_from([*ZONES, "Mars/Base"]))
def test_open_means_that_the_wall_clock_is_in_the_window(window: Window, at: datetime, contact: str | None) -> None:
    if not is_open(window, at, contact):
        return
    zone = zone_info(contact if window.by_contact_zone and contact else window.zone)
    assert zone is not None
    wall = at.astimezone(zone)
    over_midnight = window.closes <= window.opens
    in_tail = over_midnight and wall.time() < window.closes and wall.time() < window.opens
    day = wall.date() - timedelta(days=1) if in_tail else wall.date()
    assert wall.time() >= window.opens or in_tail
    assert wall.time() < window.closes or over_midnight
    assert day.isoweekday() in window.weekdays
    assert (window.first or date.min) <= day <= (window.last or date.max)


@given(windows(), moments, st.none() | st.sampled_from(ZONES))
def test_the_next_opening_is_open_and_nothing_before_it_is(window: Window, at: datetime, contact: str | None) -> None:
    opening = next_opening(window, at, contact)
    until = at + timedelta(days=9) if opening is None else opening
    if opening is not None:
        assert opening >= at
        assert is_open(window, opening, contact)
        assert opening == at or not is_open(window, opening - timedelta(microseconds=1), contact)
    for step in range(1, 60):
        sample = at + (until - at) * step / 60
        assert sample >= until or not is_open(window, sample, contact)


@given(windows(), moments, st.lists(st.none() | st.sampled_from([*ZONES, "Mars/Base"])))
def test_open_zones_are_those_that_are_open(window: Window, at: datetime, zones: list[str | None]) -> None:
    assert open_zones(window, at, zones) == {zone for zone in zones if is_open(window, at, zone)}


@pytest.mark.parametrize(
    ("make", "code", "field"),
    [
        (lambda: Window(time(9), time(21), "Mars/Base"), "window_zone", "Mars/Base"),
        (lambda: Window(time(9), time(21), "UTC", frozenset()), "window_weekdays", "weekdays"),
        (lambda: Window(time(9), time(21), "UTC", EVERY_DAY | {0}), "window_weekdays", "weekdays"),
        (lambda: Window(time(9), time(9), "UTC"), "window_empty", "closes"),
        (lambda: Window(time(9, tzinfo=UTC), time(21), "UTC"), "window_time_zone", "opens"),
        (
            lambda: Window(time(9), time(21), "UTC", first=date(2026, 3, 2), last=date(2026, 3, 1)),
            "window_dates",
            "last",
        ),
    ],
)
def test_bad_windows_name_the_field(make: Callable[[], Window], code: str, field: str) -> None:
    with pytest.raises(BadInput, match=field) as caught:
        make()
    assert caught.value.code == code
