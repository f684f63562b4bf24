"""``/api/v1/campaigns`` and ``/api/v1/calls``: read only."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import FromPath, FromQuery, QueryParameter

from engine.domain.text import mark
from management.access.caller import Caller, Scope
from management.access.identity import needs
from management.api import PROBLEMS, Cursor, Limit, Number, sorted_by
from management.errors import invalid
from management.filters import Period
from management.paging import DEFAULT_LIMIT, Sort, wanted
from management.sections.schemas import (
    Call,
    CallList,
    CallResult,
    CallStatus,
    Campaign,
    CampaignList,
    CampaignState,
)
from management.sections.service import Sections

_READ = [needs(Scope.READ)]
_CREATED, _ENDED = Sort("created_at", descending=True), Sort("ended_at", descending=True)
_FIRST, _LAST = date(1970, 1, 1), date(9000, 12, 31)
OfProject = Annotated[int | None, QueryParameter(ge=1, le=2**63 - 1, description="Of this project only")]
OfCampaign = Annotated[int | None, QueryParameter(ge=1, le=2**63 - 1, description="Of this campaign only")]
Since = Annotated[
    date | None,
    QueryParameter(description="First day, in the time zone of your profile", examples=[Example(value="2026-01-01")]),
]
Until = Annotated[date | None, QueryParameter(description="Last day", examples=[Example(value="2026-01-31")])]


class CampaignsApi(Controller):
    path = "/campaigns"
    tags = ("Campaigns",)
    guards = _READ

    @get("/", responses=PROBLEMS, operation_id="listCampaigns", summary="List campaigns")
    async def all(
        self,
        caller: NamedDependency[Caller],
        sections: NamedDependency[Sections],
        project: OfProject = None,
        name: Annotated[str, QueryParameter(max_length=200, description="A part of the name")] = "",
        in_state: Annotated[CampaignState | None, QueryParameter(name="state")] = None,
        since: Since = None,
        until: Until = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = "",
        sort: Annotated[str, sorted_by("created_at", "name")] = str(_CREATED),
    ) -> CampaignList:
        """Of your projects and those shared with you. ``since`` and ``until`` are days of their creation."""
        asked, period = wanted(limit, cursor, sort, ["created_at", "name"], _CREATED), _period(since, until)
        projects = await sections.visible(caller, project)
        found = await sections.campaigns(projects, asked, name, in_state, period, caller.zone)
        return CampaignList(list(found.items), found.next, found.previous)

    @get("/{campaign:int}", responses=PROBLEMS, operation_id="getCampaign", summary="Read a campaign")
    async def one(
        self, caller: NamedDependency[Caller], sections: NamedDependency[Sections], campaign: Number
    ) -> Campaign:
        return await sections.campaign(caller, campaign)


class CallsApi(Controller):
    path = "/calls"
    tags = ("Calls",)
    guards = _READ

    @get("/", responses=PROBLEMS, operation_id="listCalls", summary="List calls")
    async def all(
        self,
        caller: NamedDependency[Caller],
        sections: NamedDependency[Sections],
        project: OfProject = None,
        campaign: OfCampaign = None,
        phone: Annotated[str, QueryParameter(max_length=40, description="A part of the number")] = "",
        status: FromQuery[CallStatus | None] = None,
        result: FromQuery[CallResult | None] = None,
        since: Since = None,
        until: Until = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = "",
        sort: Annotated[str, sorted_by("ended_at")] = str(_ENDED),
    ) -> CallList:
        """Those that have ended, of your projects and those shared with you. ``since`` and ``until`` are days of their end."""
        asked, period = wanted(limit, cursor, sort, ["ended_at"], _ENDED), _period(since, until)
        projects = await sections.visible(caller, project)
        found = await sections.calls(projects, asked, phone, status, result, period, caller.zone, campaign)
        return CallList(list(found.items), found.next, found.previous)

    @get("/{call:uuid}", responses=PROBLEMS, operation_id="getCall", summary="Read a call")
    async def one(
        self, caller: NamedDependency[Caller], sections: NamedDependency[Sections], call: FromPath[UUID]
    ) -> Call:
        return await sections.call(caller, call)


def _period(since: date | None, until: date | None) -> Period:
    """Near the ends of the calendar a day has no midnight in every zone."""
    for name, day in (("since", since), ("until", until)):
        if day is not None and not _FIRST <= day <= _LAST:
            raise invalid(name, "range", mark("From {least} to {most}"), least=_FIRST, most=_LAST)
    return Period(since, until)
