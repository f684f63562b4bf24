"""The sections' pages. Those of a project show the one that the reader works in, or ask him to choose one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Controller, Request, get
from litestar.di import NamedDependency
from litestar.response import Stream, Template

from management import filters
from management.access.caller import Caller
from management.access.identity import signed_in
from management.access.places import Place
from management.cabinet.forms import Form
from management.cabinet.lists import Listing, shown
from management.cabinet.pages import Frame, page
from management.paging import Found, Wanted
from management.sections import listings, statistics
from management.sections.schemas import CallResult, CallStatus, CampaignState
from management.sections.service import Sections

Asked = Request[Any, Any, Any]
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
        query = request.query_params
        state, period, name = (
            filters.choice(query, "state", CampaignState),
            filters.period(query),
            filters.text(query, "name"),
        )
        return await _of_project(
            listings.CAMPAIGNS,
            (request, frame, place),
            lambda here, what: sections.campaigns([here.project], what, name, state, period, frame.zone),
        )

    @get("/calls")
    async def calls(
        self, request: Asked, frame: NamedDependency[Frame], place: Here, sections: Sources
    ) -> Template | Stream:
        query = request.query_params
        status, result = filters.choice(query, "status", CallStatus), filters.choice(query, "result", CallResult)
        period, phone = filters.period(query), filters.text(query, "phone")
        return await _of_project(
            listings.CALLS,
            (request, frame, place),
            lambda here, what: sections.calls([here.project], what, phone, status, result, period, frame.zone),
        )

    @get("/segments")
    async def segments(
        self, request: Asked, frame: NamedDependency[Frame], place: Here, sections: Sources
    ) -> Template | Stream:
        name = filters.text(request.query_params, "name")
        return await _of_project(
            listings.SEGMENTS, (request, frame, place), lambda here, what: sections.segments(here.project, what, name)
        )

    @get("/scenarios")
    async def scenarios(
        self, request: Asked, frame: NamedDependency[Frame], place: Here, sections: Sources
    ) -> Template | Stream:
        name = filters.text(request.query_params, "name")
        return await _of_project(
            listings.SCENARIOS, (request, frame, place), lambda here, what: sections.scenarios(here.project, what, name)
        )

    @get("/statistics")
    async def statistics(
        self, request: Asked, frame: NamedDependency[Frame], place: Here, sections: Sources
    ) -> Template:
        if place is None:
            return page(frame, "sections/choose.html", section="statistics")
        period = statistics.whole(
            filters.period(request.query_params), datetime.now(UTC).astimezone(ZoneInfo(frame.zone)).date()
        )
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
        period = filters.period(request.query_params)
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
    return page(frame, f"sections/{listing.id}.html", t=t, f=f, filtered=filters.filtered(query))
