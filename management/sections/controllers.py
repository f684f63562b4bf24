"""The sections' pages. Those of a project show the one that the reader works in, or ask him to choose one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from litestar import Controller, Request, get
from litestar.di import NamedDependency
from litestar.response import Stream, Template

from management.access.caller import Caller
from management.access.identity import signed_in
from management.access.places import Place
from management.cabinet.forms import Form
from management.cabinet.lists import Listing, shown
from management.cabinet.pages import Frame, page
from management.paging import Found, Wanted
from management.sections import listings, statistics
from management.sections.schemas import CallResult, CallStatus, CampaignState, Period
from management.sections.service import Sections

Asked = Request[Any, Any, Any]
E = TypeVar("E", bound=StrEnum)
ProjectFetch = Callable[[Place, Wanted], Awaitable[Found[Any]]]
Sources = NamedDependency[Sections]
Here = NamedDependency[Place | None]


class SectionsController(Controller):
    guards = (signed_in,)
    include_in_schema = False

    @get("/campaigns")
    async def campaigns(
        self, request: Asked, frame: NamedDependency[Frame], place: Here, sections: Sources
    ) -> Template | Stream:
        state, period, name = _choice(request, "state", CampaignState), _period(request), _text(request, "name")
        return await _of_project(
            listings.CAMPAIGNS,
            (request, frame, place),
            lambda here, what: sections.campaigns([here.project], what, name, state, period, frame.zone),
        )

    @get("/calls")
    async def calls(
        self, request: Asked, frame: NamedDependency[Frame], place: Here, sections: Sources
    ) -> Template | Stream:
        status, result = _choice(request, "status", CallStatus), _choice(request, "result", CallResult)
        period, phone = _period(request), _text(request, "phone")
        return await _of_project(
            listings.CALLS,
            (request, frame, place),
            lambda here, what: sections.calls([here.project], what, phone, status, result, period, frame.zone),
        )

    @get("/segments")
    async def segments(
        self, request: Asked, frame: NamedDependency[Frame], place: Here, sections: Sources
    ) -> Template | Stream:
        name = _text(request, "name")
        return await _of_project(
            listings.SEGMENTS, (request, frame, place), lambda here, what: sections.segments(here.project, what, name)
        )

    @get("/scenarios")
    async def scenarios(
        self, request: Asked, frame: NamedDependency[Frame], place: Here, sections: Sources
    ) -> Template | Stream:
        name = _text(request, "name")
        return await _of_project(
            listings.SCENARIOS, (request, frame, place), lambda here, what: sections.scenarios(here.project, what, name)
        )

    @get("/statistics")
    async def statistics(
        self, request: Asked, frame: NamedDependency[Frame], place: Here, sections: Sources
    ) -> Template:
        if place is None:
            return page(frame, "sections/choose.html", section="statistics")
        period = statistics.whole(_period(request), datetime.now(UTC).astimezone(ZoneInfo(frame.zone)).date())
        days = await sections.days(place.project, period, frame.zone)
        goals, money = statistics.charts(days, period, frame.zone, frame.texts)
        f = Form({"since": period.first, "until": period.last}, id="period")
        sums = statistics.summary(days)
        return page(frame, "sections/statistics.html", place=place, sums=sums, goals=goals, money=money, f=f)

    @get("/materials")
    async def materials(self, frame: NamedDependency[Frame], place: Here) -> Template:
        return page(frame, "sections/materials.html" if place else "sections/choose.html", section="materials")

    @get("/tracker")
    async def tracker(self, frame: NamedDependency[Frame], place: Here) -> Template:
        return page(frame, "sections/tracker.html" if place else "sections/choose.html", section="tracker")

    @get("/support")
    async def support(self, frame: NamedDependency[Frame]) -> Template:
        return page(frame, "sections/support.html")

    @get("/telephony")
    async def telephony(
        self, request: Asked, frame: NamedDependency[Frame], caller: NamedDependency[Caller], sections: Sources
    ) -> Template | Stream:
        return await _list(listings.NUMBERS, request, frame, lambda what: sections.numbers(caller.account, what))

    @get("/finance")
    async def transactions(
        self, request: Asked, frame: NamedDependency[Frame], caller: NamedDependency[Caller], sections: Sources
    ) -> Template | Stream:
        period = _period(request)
        return await _list(
            listings.TRANSACTIONS,
            request,
            frame,
            lambda what: sections.transactions(caller.account, what, period, frame.zone),
        )

    @get("/finance/top-ups")
    async def top_ups(
        self, request: Asked, frame: NamedDependency[Frame], caller: NamedDependency[Caller], sections: Sources
    ) -> Template | Stream:
        return await _list(listings.TOP_UPS, request, frame, lambda what: sections.top_ups(caller.account, what))


async def _of_project(
    listing: Listing, where: tuple[Asked, Frame, Place | None], fetch: ProjectFetch
) -> Template | Stream:
    request, frame, place = where
    if place is None:
        return page(frame, "sections/choose.html", section=listing.id)
    return await _list(listing, request, frame, lambda what: fetch(place, what))


async def _list(
    listing: Listing, request: Asked, frame: Frame, fetch: Callable[[Wanted], Awaitable[Found[Any]]]
) -> Template | Stream:
    """Its template has the listing's name."""
    t = await shown(listing, frame, request, fetch)
    if isinstance(t, Stream):
        return t
    query = request.query_params
    f = Form(dict(query), id=f"{listing.id}-filter")
    filtered = any(value for key, value in query.items() if key not in ("sort", "size", "cursor", "lang"))
    return page(frame, f"sections/{listing.id}.html", t=t, f=f, filtered=filtered)


def _text(request: Asked, name: str) -> str:
    return str(request.query_params.get(name, "")).strip()[:200]


def _choice(request: Asked, name: str, kind: type[E]) -> E | None:
    """None for what is none of them, as for no choice."""
    text = request.query_params.get(name)
    return kind(text) if text in set(kind) else None


def _period(request: Asked) -> Period:
    return Period(_day(request.query_params.get("since")), _day(request.query_params.get("until")))


def _day(text: str | None) -> date | None:
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if 1970 <= day.year <= 9000 else None
