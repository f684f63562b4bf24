from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from management.staff.outbox import parts


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("Откройте:\nhttps://a.ru/x?y=1&z=2\nи всё", ["https://a.ru/x?y=1&z=2"]),
        ("(http://127.0.0.1:8080/confirm/a-b_c).", ["http://127.0.0.1:8080/confirm/a-b_c"]),
        ("javascript:alert(1) ftp://a.ru mailto:a@b.ru", []),
        ('https://a.ru/"><script>', ["https://a.ru/"]),
        ("https://a.ru https://b.ru,", ["https://a.ru", "https://b.ru"]),
    ],
)
def test_links_are_told_apart(text: str, links: list[str]) -> None:
    assert [part.text for part in parts(text) if part.link] == links


@given(st.text(alphabet='https:/. \n<>"a,)'))
def test_nothing_of_a_text_is_lost(text: str) -> None:
    assert "".join(part.text for part in parts(text)) == text
