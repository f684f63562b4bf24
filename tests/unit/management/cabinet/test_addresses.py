from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from hypothesis import given
from hypothesis import strategies as st

from management.cabinet.addresses import pairs, with_params

NAMES = st.sampled_from(["sort", "size", "name", "cursor"])
QUERIES = st.lists(st.tuples(NAMES, st.text(min_size=1)))


def test_set_replaced_and_taken_out() -> None:
    assert with_params("name=%D0%90&size=10", size=25, cursor=None) == "?name=%D0%90&size=25"
    assert with_params("cursor=x", cursor=None) == "?"
    assert pairs("a=1&b=2&a=3", "b") == [("a", "1"), ("a", "3")]


@given(query=QUERIES, size=st.integers(1, 100))
def test_what_was_not_named_is_kept_in_order(query: list[tuple[str, str]], size: int) -> None:
    changed = parse_qsl(with_params(urlencode(query), size=size).removeprefix("?"))
    assert changed == [pair for pair in query if pair[0] != "size"] + [("size", str(size))]
