from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from management.files.service import Unsatisfiable, disposition, span


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("", None),
        ("bytes=0-", (0, 100)),
        ("bytes=0-0", (0, 1)),
        ("bytes=10-19", (10, 20)),
        ("bytes=90-500", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-500", (0, 100)),
        ("bytes=5-3", None),
        ("bytes=0-1,5-6", None),
        ("bytes=-", None),
        ("lines=1-2", None),
        ("bytes=٣-", None),
    ],
)
def test_parts(header: str, part: tuple[int, int] | None) -> None:
    assert span(header, 100) == part


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_beyond_the_end(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        span(header, 100)


@given(st.text(), st.booleans())
def test_a_name_never_breaks_the_header(name: str, inline: bool) -> None:
    header = disposition(name, inline=inline)
    assert header.isascii() and header.isprintable()
    assert header.startswith("inline;" if inline else "attachment;")
    assert header.count('"') == 2


def test_names_in_any_language() -> None:
    assert disposition("../Отчёт 1.xlsx", inline=False) == (
        "attachment; filename=\"..______ 1.xlsx\"; filename*=UTF-8''.._%D0%9E%D1%82%D1%87%D1%91%D1%82%201.xlsx"
    )
