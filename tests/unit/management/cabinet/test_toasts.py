from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from management.cabinet.toasts import Toast, Tone, flash, read_flash, trigger

TOASTS = st.builds(Toast, st.text(max_size=50), st.sampled_from(Tone))


@given(st.lists(TOASTS, max_size=3))
def test_the_cookie_hands_toasts_on(toasts: list[Toast]) -> None:
    cookie = flash(*toasts)
    assert list(read_flash(cookie)) == toasts or len(cookie) > 2000
    assert cookie.isascii()
    assert not set(cookie) & set(' ";,\\=')


@pytest.mark.parametrize("cookie", [None, "", "%", "bm90IGpzb24", "W3sidGV4dCI6MX1d", "é", "A" * 5000])
def test_what_we_did_not_write_is_nothing(cookie: str | None) -> None:
    assert read_flash(cookie) == ()


def test_the_header_is_ascii() -> None:
    header = trigger(Toast("Готово", Tone.INFO))
    assert header.isascii()
    assert json.loads(header) == {"toasts": {"value": [{"text": "Готово", "tone": "info"}]}}
