from __future__ import annotations

import pytest

from management.cabinet.tables import DEFAULT_SIZE, SIZES, Column, Page, Sort, Table, size_from, sort_from

COLUMNS = (Column("name", "Name", sortable=True), Column("state", "State"))
BY_NAME = Sort("name")


@pytest.mark.parametrize(
    ("text", "sort"),
    [
        ("name", Sort("name")),
        ("-name", Sort("name", descending=True)),
        ("state", BY_NAME),
        ("-", BY_NAME),
        ("--name", BY_NAME),
        ("name; drop table x", BY_NAME),
        (None, BY_NAME),
    ],
)
def test_only_sortable_columns_sort(text: str | None, sort: Sort) -> None:
    assert sort_from(text, COLUMNS, BY_NAME) == sort


@pytest.mark.parametrize("text", [None, "", "7", "-10", "1e9", "０"])
def test_other_sizes_are_the_usual_one(text: str | None) -> None:
    assert size_from(text) == DEFAULT_SIZE
    assert [size_from(str(size)) for size in SIZES] == list(SIZES)


def test_links_keep_the_view_and_give_up_the_place() -> None:
    table = Table("t", COLUMNS, Page([1]), "/p", "name=a&cursor=9&size=10", Sort("name", True), export="/p/export")
    assert table.sorted_by(COLUMNS[0]) == "/p?name=a&size=10&sort=name"
    assert table.sorted_by(COLUMNS[1]) == "/p?name=a&size=10&sort=state"
    assert table.direction(COLUMNS[0]) == "descending"
    assert table.direction(COLUMNS[1]) is None
    assert table.at("12") == "/p?name=a&size=10&cursor=12"
    assert table.exported("csv") == "/p/export?name=a&format=csv"
    assert table.kept("size") == [("name", "a")]


def test_an_empty_list_offers_no_filter_unless_it_is_filtered() -> None:
    def offers(rows: list[int], query: str) -> bool:
        return Table("t", COLUMNS, Page(rows), "/p", query).offers_filters("name")

    assert offers([1], "")
    assert offers([], "name=a")
    assert not offers([], "")
    assert not offers([], "name=&size=10&lang=ru")
