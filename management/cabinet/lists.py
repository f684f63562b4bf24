"""A list of the cabinet from its address: what is asked for, the table that shows it, and the file that holds all of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from litestar import Request
from litestar.response import Stream

from management.access.identity import caller_of
from management.access.throttle import EXPORT, Throttle
from management.cabinet.exports import Format, Sheet, exported
from management.cabinet.pages import Frame
from management.cabinet.tables import Column, Page, Table, size_from, sort_from
from management.errors import Invalid
from management.paging import Found, Sort, Wanted, wanted

Row = TypeVar("Row")
Fetch = Callable[[Wanted], Awaitable[Found[Any]]]
EXPORT_PAGE = 2000
"""Rows of one query of an export. Pages, and not one long cursor: a slow reader must not hold a connection."""


@dataclass(frozen=True, slots=True)
class Listing:
    """``id``: of the table on its page, and the name of its file. ``default``: its order when the address names none."""

    id: str
    title: str
    columns: Sequence[Column]
    default: Sort


def asked(listing: Listing, query: Mapping[str, str]) -> Wanted:
    """An address that somebody edited, or that is older than the list, shows the list from its beginning."""
    sort, size = sort_from(query.get("sort"), listing.columns, listing.default), size_from(query.get("size"))
    try:
        return wanted(size, query.get("cursor"), str(sort), [sort.key], listing.default)
    except Invalid:
        return Wanted(sort, size)


async def shown(listing: Listing, frame: Frame, request: Request[Any, Any, Any], fetch: Fetch) -> Table[Any] | Stream:
    """The table for the page; or, with ``?format=``, all its rows as a file."""
    query = request.query_params
    what = asked(listing, query)
    if (form := _format(query)) is not None:
        sheet = Sheet(listing.id, frame.texts.gettext(listing.title), listing.columns, frame.texts, frame.zone)
        return await exported(form, sheet, lambda cursor: _part(listing, what.sort, cursor, fetch))
    found = await fetch(what)
    page = Page(found.items, found.next, found.previous)
    path = request.url.path
    return Table(listing.id, listing.columns, page, path, request.url.query, what.sort, what.limit, export=path)


def limit_exports(throttle: Throttle) -> Any:
    """A ``before_request`` hook of the pages: a file holds all rows of a list, whatever their number."""

    async def hook(request: Request[Any, Any, Any]) -> None:
        caller = caller_of(request)
        if caller is not None and request.method == "GET" and _format(request.query_params) is not None:
            await throttle.take(EXPORT, f"user:{caller.user}")

    return hook


def _format(query: Mapping[str, str]) -> Format | None:
    given = query.get("format")
    return Format(given) if given in set(Format) else None


async def _part(listing: Listing, sort: Sort, cursor: str | None, fetch: Fetch) -> Found[Any]:
    edge = wanted(None, cursor, str(sort), [sort.key], listing.default).edge
    return await fetch(Wanted(sort, EXPORT_PAGE, edge))
