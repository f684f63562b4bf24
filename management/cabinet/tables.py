"""What a table shows. Sorting, page size and place are in the address, so that a view can be kept and sent on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from markupsafe import Markup

from management.cabinet.addresses import pairs, with_params
from management.paging import Sort as Sort

Row = TypeVar("Row")
SIZES = (10, 25, 50, 100)
"""«Показать по»."""
DEFAULT_SIZE = 25


class Kind(StrEnum):
    """How a cell is aligned, and what ``table.value`` makes of it.

    NUMBER int, MONEY Decimal roubles, MOMENT aware datetime, DAY date, PHONE E.164; ACTIONS holds the buttons of a row.
    """

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    MOMENT = "moment"
    DAY = "day"
    PHONE = "phone"
    ACTIONS = "actions"


@dataclass(frozen=True, slots=True)
class Column:
    """``key``: of the sort and, unless the page renders the cell itself, the row's attribute. ``title``: a message id."""

    key: str
    title: str
    kind: Kind = Kind.TEXT
    sortable: bool = False


def sort_from(text: str | None, columns: Sequence[Column], default: Sort) -> Sort:
    """``default`` for what is no sortable column."""
    wanted = Sort((text or "").removeprefix("-"), (text or "").startswith("-"))
    return wanted if any(column.sortable and column.key == wanted.key for column in columns) else default


def size_from(text: str | None) -> int:
    """One of SIZES."""
    return next((size for size in SIZES if str(size) == text), DEFAULT_SIZE)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """``next`` and ``previous``: cursors, None at the ends. ``total``: where counting is cheap."""

    rows: Sequence[Row]
    next: str | None = None
    previous: str | None = None
    total: int | None = None


@dataclass(frozen=True)
class Table(Generic[Row]):
    """``id``: unique on the page. ``path`` and ``query``: of the request, which every link of the table keeps.

    ``export``: the address that answers ``?format=csv`` and ``?format=xlsx`` with all rows of the same filters.
    ``sizes``: none for a list that is always whole.
    """

    id: str
    columns: Sequence[Column]
    page: Page[Row]
    path: str
    query: str = ""
    sort: Sort | None = None
    size: int = DEFAULT_SIZE
    sizes: Sequence[int] = field(default=SIZES)
    export: str | None = None

    def at(self, cursor: str | None) -> str:
        return self.path + with_params(self.query, cursor=cursor)

    def cells(self, translate: Callable[[str], str]) -> list[tuple[Column, Markup]]:
        """Each column and how its cells begin; made once for all rows, of which there are many."""
        start = Markup('<td class="kind-{}" data-label="{}">')
        return [(column, start.format(column.kind, translate(column.title))) for column in self.columns]

    def sorted_by(self, column: Column) -> str:
        """The address after a click on the column's title: the same column again turns the direction."""
        same = self.sort is not None and self.sort.key == column.key
        wanted = self.sort.flipped() if self.sort is not None and same else Sort(column.key)
        return self.path + with_params(self.query, sort=wanted, cursor=None)

    def direction(self, column: Column) -> str | None:
        """The value of ``aria-sort``."""
        if self.sort is None or self.sort.key != column.key:
            return None
        return "descending" if self.sort.descending else "ascending"

    def exported(self, form: str) -> str:
        return f"{self.export}{with_params(self.query, format=form, cursor=None, size=None)}"

    def offers_filters(self, *names: str) -> bool:
        """Whether there is anything to filter, or a filter that could be taken back."""
        return bool(self.page.rows) or any(name in names and value for name, value in pairs(self.query))

    def kept(self, *without: str) -> list[tuple[str, str]]:
        """Parameters that the form of filters or of the page size hands on; the place in the list is given up."""
        return pairs(self.query, "cursor", *without)
