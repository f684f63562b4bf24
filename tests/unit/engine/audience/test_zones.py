from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audience.zones import parse_zone


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Europe/Moscow", "Europe/Moscow"),
        (" asia/omsk ", "Asia/Omsk"),
        ("МСК", "Europe/Moscow"),
        ("msk", "Europe/Moscow"),
        ("МСК+2", "Etc/GMT-5"),
        ("МСК −1", "Etc/GMT-2"),
        ("мск-3", "UTC"),
        ("UTC+5", "Etc/GMT-5"),
        ("utc + 05:00", "Etc/GMT-5"),
        ("GMT-3", "Etc/GMT+3"),
        ("+06:00", "Etc/GMT-6"),
        ("UTC", "UTC"),
    ],
)
def test_writings(text: str, zone: str) -> None:
    assert parse_zone(text) == zone


@pytest.mark.parametrize(
    "text", ["", " ", "+", "5", "+5", "UTC+15", "UTC-13", "UTC+5:30", "Mars/Base", "localtime", "Europe"]
)
def test_what_is_no_zone(text: str) -> None:
    assert parse_zone(text) is None


@given(st.integers(-12, 14))
def test_an_offset_is_the_zones_offset(hours: int) -> None:
    zone = parse_zone(f"UTC{hours:+d}")
    assert zone is not None
    assert datetime(2026, 3, 1, tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset() == timedelta(hours=hours)


@given(st.text(max_size=12))
def test_any_text_is_a_real_zone_or_none(text: str) -> None:
    zone = parse_zone(text)
    assert zone is None or ZoneInfo(zone).key == zone
