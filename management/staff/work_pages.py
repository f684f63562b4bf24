"""``/staff/jobs``."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter
from litestar.response import Stream, Template

from engine.domain.text import mark
from management import filters
from management.access.caller import Caller, Right
from management.access.identity import staff
from management.cabinet.forms import Form
from management.cabinet.lists import shown
from management.cabinet.pages import Frame, moved, page
from management.cabinet.toasts import Toast, Tone
from management.errors import Conflict, told
from management.staff.listings import JOBS
from management.staff.schemas import JobState
from management.staff.work import Work

Asked = Request[Any, Any, Any]
Number = Annotated[int, PathParameter(ge=1, le=2**63 - 1)]
Shell = NamedDependency[Frame]
Jobs = NamedDependency[Work]
_SEE, _RUN = [staff(Right.SEE_JOBS)], [staff(Right.RUN_JOBS)]
HOME = "/staff/jobs"


class WorkPages(Controller):
    path = HOME
    include_in_schema = False

    @get("/", guards=_SEE)
    async def all(self, request: Asked, frame: Shell, work: Jobs) -> Template | Stream:
        query = request.query_params
        kind, state = filters.text(query, "kind"), filters.choice(query, "state", JobState)
        t = await shown(JOBS, frame, request, lambda wanted: work.list(wanted, kind, state))
        if isinstance(t, Stream):
            return t
        states = [(each.value, frame.texts.gettext(each.label)) for each in JobState]
        return page(
            frame,
            "staff/jobs.html",
            t=t,
            f=Form(dict(query), id="jobs-filter"),
            queues=await work.queues(),
            states=states,
            filtered=filters.filtered(query),
            right=Right,
        )

    @get("/{job:int}", guards=_SEE)
    async def one(self, frame: Shell, work: Jobs, job: Number) -> Template:
        return page(frame, "staff/job.html", it=await work.get(job), right=Right)

    @post("/{job:int}/retry", guards=_RUN)
    async def retry(self, frame: Shell, caller: NamedDependency[Caller], work: Jobs, job: Number) -> Response[None]:
        return await _done(frame, work.retry(caller, job), mark("The job is tried again"))

    @post("/{job:int}/discard", guards=_RUN)
    async def discard(self, frame: Shell, caller: NamedDependency[Caller], work: Jobs, job: Number) -> Response[None]:
        return await _done(frame, work.discard(caller, job), mark("The job is discarded"))


async def _done(frame: Frame, doing: Awaitable[None], said: str) -> Response[None]:
    try:
        await doing
    except Conflict as error:
        return moved(HOME, Toast(told(error, frame.texts.gettext), Tone.DANGER), htmx=False)
    return moved(HOME, Toast(frame.texts.gettext(said)), htmx=False)
