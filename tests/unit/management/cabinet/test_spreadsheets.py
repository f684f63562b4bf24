from __future__ import annotations

import pytest

from management.cabinet.spreadsheets import defused


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋7", "－1", "＠x"])
def test_what_would_be_a_formula_becomes_text(text: str) -> None:
    assert defused(text) == "'" + text


@pytest.mark.parametrize("text", ["", "Осень", "1-2", "a=b", " =1", "+79001234567", "'=1"])
def test_other_texts_stay(text: str) -> None:
    assert defused(text) == text


@pytest.mark.parametrize("text", ["+7900123456٧", "+79001234567+1", "+79001234567\n", "+7"])
def test_what_only_resembles_a_phone_is_no_phone(text: str) -> None:
    assert defused(text) == "'" + text
