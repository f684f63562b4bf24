"""Pages of projects: the three lists, a new one, what a project is called, archive and restore."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody
from litestar.response import Stream, Template

from engine.domain.errors import Refused
from engine.domain.text import mark
from management.access.caller import Caller
from management.access.identity import signed_in
from management.cabinet.forms import Form
from management.cabinet.lists import Listing, shown
from management.cabinet.pages import Frame, moved, page
from management.cabinet.tables import Column, Kind
from management.cabinet.toasts import Toast, Tone
from management.errors import Forbidden, Invalid, NotFound, Outdated, told
from management.language import Texts
from management.projects.schemas import NewProject, Project, ProjectChange, Which
from management.projects.service import NEWEST, Projects
from management.projects.views import Number, Within, failed, htmx, project_page

Asked = Request[Any, Any, Any]
_ID = Column("id", mark("ID"), Kind.NUMBER)
_CREATED = Column("created_at", mark("Created"), Kind.MOMENT, sortable=True)
_NAME = Column("name", mark("Name"), sortable=True)
_ACTIONS = Column("actions", mark("Actions"), Kind.ACTIONS)
LISTS = {
    Which.MINE: Listing("projects", mark("My projects"), (_ID, _CREATED, _NAME, _ACTIONS), NEWEST),
    Which.SHARED: Listing(
        "shared-projects",
        mark("Shared with me"),
        (_ID, _CREATED, _NAME, Column("owner", mark("Owner")), Column("access", mark("Right"))),
        NEWEST,
    ),
    Which.ARCHIVE: Listing("archived-projects", mark("Archive"), (_ID, _CREATED, _NAME, _ACTIONS), NEWEST),
}
Doer = NamedDependency[Caller]
Shell = NamedDependency[Frame]
Rules = NamedDependency[Projects]


class AboutForm(msgspec.Struct, frozen=True):
    """``version``: of the project that the form was filled from."""

    name: str = ""
    description: str = ""
    version: int | None = None


class ProjectPages(Controller):
    path = "/projects"
    guards = (signed_in,)
    include_in_schema = False

    @get("/")
    async def mine(self, request: Asked, frame: Shell, caller: Doer, projects: Rules) -> Template | Stream:
        return await _list(Which.MINE, request, frame, caller, projects)

    @get("/shared")
    async def shared(self, request: Asked, frame: Shell, caller: Doer, projects: Rules) -> Template | Stream:
        return await _list(Which.SHARED, request, frame, caller, projects)

    @get("/archive")
    async def archived(self, request: Asked, frame: Shell, caller: Doer, projects: Rules) -> Template | Stream:
        return await _list(Which.ARCHIVE, request, frame, caller, projects)

    @get("/new")
    async def new(self, frame: Shell) -> Template:
        return page(frame, "projects/new.html", f=Form(id="new"))

    @post("/new")
    async def create(
        self, request: Asked, frame: Shell, caller: Doer, projects: Rules, data: URLEncodedBody[AboutForm]
    ) -> Response[Any]:
        try:
            made = await projects.create(caller, NewProject(data.name, data.description))
        except Invalid as error:
            return page(frame, "projects/new.html", status=422, f=failed(frame.texts, data, error, "new"))
        said = frame.texts.gettext(mark("Project “{name}” is created")).format(name=made.name)
        return moved(f"/projects/{made.id}", Toast(said), htmx=htmx(request))

    @get("/{project:int}")
    async def about(self, frame: Shell, caller: Doer, projects: Rules, project: Number) -> Template:
        it = await projects.get(caller, project)
        f = Form({"name": it.name, "description": it.description, "version": it.version}, id="about")
        return project_page(frame, caller, it, "projects/about.html", f=f, newer=None)

    @post("/{project:int}")
    async def save(
        self, frame: Shell, caller: Doer, projects: Rules, project: Number, data: URLEncodedBody[AboutForm]
    ) -> Response[Any]:
        try:
            await projects.change(caller, project, ProjectChange(data.name, data.description), data.version)
        except Outdated as error:
            it = await projects.get(caller, project)
            kept = msgspec.structs.replace(data, version=it.version)
            f = failed(frame.texts, kept, error, "about")
            return project_page(frame, caller, it, "projects/about.html", status=412, f=f, newer=it)
        except (Invalid, Refused) as error:
            if isinstance(error, NotFound | Forbidden):
                raise
            it = await projects.get(caller, project)
            f = failed(frame.texts, data, error, "about")
            return project_page(frame, caller, it, "projects/about.html", status=422, f=f, newer=None)
        return moved(f"/projects/{project}", Toast(frame.texts.gettext(mark("Saved"))), htmx=False)

    @post("/{project:int}/archive")
    async def archive(
        self, frame: Shell, caller: Doer, projects: Rules, project: Number, within: Within = ""
    ) -> Response[Any]:
        back = "/" if within == "desk" else "/projects"
        return await _done(frame.texts, projects.archive(caller, project), mark("Project “{name}” is archived"), back)

    @post("/{project:int}/restore")
    async def restore(self, frame: Shell, caller: Doer, projects: Rules, project: Number) -> Response[Any]:
        doing = projects.restore(caller, project)
        return await _done(frame.texts, doing, mark("Project “{name}” is restored"), f"/projects/{project}")


async def _list(which: Which, request: Asked, frame: Frame, caller: Caller, projects: Projects) -> Template | Stream:
    name = str(request.query_params.get("name", "")).strip()[:200]
    t = await shown(LISTS[which], frame, request, lambda what: projects.list(caller, which, what, name))
    if isinstance(t, Stream):
        return t
    f = Form({"name": name}, id="filter")
    return page(frame, "projects/list.html", t=t, f=f, which=which.value, filtered=bool(name))


async def _done(texts: Texts, doing: Awaitable[Project], said: str, back: str) -> Response[None]:
    """``said``: with the place ``name``. A refusal is told where the button was."""
    try:
        project = await doing
    except Refused as error:
        if isinstance(error, NotFound | Forbidden):
            raise
        return moved(back, Toast(told(error, texts.gettext), Tone.DANGER), htmx=False)
    return moved(back, Toast(texts.gettext(said).format(name=project.name)), htmx=False)
