"""Pages of a project's fields and tags; the section «Settings» shows those of the current project with the same parts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody
from litestar.response import Template

from engine.domain.errors import Refused
from engine.domain.text import mark
from management.access.caller import Caller
from management.access.identity import signed_in
from management.access.places import Place
from management.cabinet.forms import Form
from management.cabinet.pages import Frame, moved, page
from management.cabinet.tables import Column, Kind, Page, Table
from management.cabinet.toasts import Toast
from management.errors import Forbidden, Invalid, NotFound, Outdated
from management.projects.contents import Contents
from management.projects.schemas import Access, Field, FieldChange, FieldType, NewField, NewTag, Tag, TagChange
from management.projects.service import Projects
from management.projects.views import SETTINGS, NameForm, Number, Within, failed, htmx, project_page

Asked = Request[Any, Any, Any]
Doer = NamedDependency[Caller]
Shell = NamedDependency[Frame]
Rules = NamedDependency[Projects]
Parts = NamedDependency[Contents]
Here = NamedDependency[Place | None]
_ACTIONS = Column("actions", mark("Actions"), Kind.ACTIONS)
FIELDS = (Column("name", mark("Name")), Column("variable", mark("Variable")), Column("type", mark("Type")), _ACTIONS)
TAGS = (Column("name", mark("Name")), _ACTIONS)


class FieldForm(msgspec.Struct, frozen=True):
    name: str = ""
    variable: str = ""
    type: FieldType = FieldType.TEXT


class ContentsPages(Controller):
    path = "/projects/{project:int}"
    guards = (signed_in,)
    include_in_schema = False

    @get("/fields")
    async def all_fields(
        self, frame: Shell, caller: Doer, projects: Rules, contents: Parts, project: Number
    ) -> Template:
        return await _fields(frame, caller, projects, contents, project)

    @get("/tags")
    async def all_tags(self, frame: Shell, caller: Doer, projects: Rules, contents: Parts, project: Number) -> Template:
        return await _tags(frame, caller, projects, contents, project)

    @get("/fields/new")
    async def new_field(
        self, frame: Shell, caller: Doer, projects: Rules, project: Number, within: Within = ""
    ) -> Template:
        return await _form(frame, caller, projects, project, within, ("fields", None), Form(id="field"))

    @post("/fields/new")
    async def add_field(
        self,
        request: Asked,
        frame: Shell,
        caller: Doer,
        projects: Rules,
        contents: Parts,
        project: Number,
        data: URLEncodedBody[FieldForm],
        within: Within = "",
    ) -> Response[Any]:
        doing = contents.add_field(caller, project, NewField(data.name, data.variable, data.type))
        where = (request, frame, caller, projects, project, within, ("fields", None))
        return await _saved(where, data, doing, mark("The field is added"))

    @get("/fields/{item:int}")
    async def field(
        self,
        frame: Shell,
        caller: Doer,
        projects: Rules,
        contents: Parts,
        project: Number,
        item: Number,
        within: Within = "",
    ) -> Template:
        name = _named(await contents.fields(caller, project), item)
        return await _form(frame, caller, projects, project, within, ("fields", item), _renamed(name, "field"))

    @post("/fields/{item:int}")
    async def rename_field(
        self,
        request: Asked,
        frame: Shell,
        caller: Doer,
        projects: Rules,
        contents: Parts,
        project: Number,
        item: Number,
        data: URLEncodedBody[NameForm],
        within: Within = "",
    ) -> Response[Any]:
        doing = contents.rename_field(caller, project, item, FieldChange(data.name, data.was))
        where = (request, frame, caller, projects, project, within, ("fields", item))
        return await _saved(where, data, doing, mark("Saved"), lambda: contents.fields(caller, project))

    @post("/fields/{item:int}/remove")
    async def remove_field(
        self, frame: Shell, caller: Doer, contents: Parts, project: Number, item: Number, within: Within = ""
    ) -> Response[Any]:
        await contents.remove_field(caller, project, item)
        said = frame.texts.gettext(mark("The field is removed"))
        return moved(_back(project, within, "fields"), Toast(said), htmx=False)

    @get("/tags/new")
    async def new_tag(
        self, frame: Shell, caller: Doer, projects: Rules, project: Number, within: Within = ""
    ) -> Template:
        return await _form(frame, caller, projects, project, within, ("tags", None), Form(id="tag"))

    @post("/tags/new")
    async def add_tag(
        self,
        request: Asked,
        frame: Shell,
        caller: Doer,
        projects: Rules,
        contents: Parts,
        project: Number,
        data: URLEncodedBody[NameForm],
        within: Within = "",
    ) -> Response[Any]:
        doing = contents.add_tag(caller, project, NewTag(data.name))
        where = (request, frame, caller, projects, project, within, ("tags", None))
        return await _saved(where, data, doing, mark("The tag is added"))

    @get("/tags/{item:int}")
    async def tag(
        self,
        frame: Shell,
        caller: Doer,
        projects: Rules,
        contents: Parts,
        project: Number,
        item: Number,
        within: Within = "",
    ) -> Template:
        name = _named(await contents.tags(caller, project), item)
        return await _form(frame, caller, projects, project, within, ("tags", item), _renamed(name, "tag"))

    @post("/tags/{item:int}")
    async def rename_tag(
        self,
        request: Asked,
        frame: Shell,
        caller: Doer,
        projects: Rules,
        contents: Parts,
        project: Number,
        item: Number,
        data: URLEncodedBody[NameForm],
        within: Within = "",
    ) -> Response[Any]:
        doing = contents.rename_tag(caller, project, item, TagChange(data.name, data.was))
        where = (request, frame, caller, projects, project, within, ("tags", item))
        return await _saved(where, data, doing, mark("Saved"), lambda: contents.tags(caller, project))

    @post("/tags/{item:int}/remove")
    async def remove_tag(
        self, frame: Shell, caller: Doer, contents: Parts, project: Number, item: Number, within: Within = ""
    ) -> Response[Any]:
        await contents.remove_tag(caller, project, item)
        said = frame.texts.gettext(mark("The tag is removed"))
        return moved(_back(project, within, "tags"), Toast(said), htmx=False)


class SettingsPages(Controller):
    path = "/settings"
    guards = (signed_in,)
    include_in_schema = False

    @get("/")
    async def all_fields(self, frame: Shell, caller: Doer, projects: Rules, contents: Parts, place: Here) -> Template:
        if place is None:
            return page(frame, "sections/choose.html", section="settings")
        return await _fields(frame, caller, projects, contents, place.project, SETTINGS)

    @get("/tags")
    async def all_tags(self, frame: Shell, caller: Doer, projects: Rules, contents: Parts, place: Here) -> Template:
        if place is None:
            return page(frame, "sections/choose.html", section="settings")
        return await _tags(frame, caller, projects, contents, place.project, SETTINGS)

    @get("/integrations")
    async def integrations(self, frame: Shell, caller: Doer, projects: Rules, place: Here) -> Template:
        if place is None:
            return page(frame, "sections/choose.html", section="settings")
        it = await projects.get(caller, place.project)
        return project_page(frame, caller, it, "projects/integrations.html", within=SETTINGS)


async def _fields(
    frame: Frame, caller: Caller, projects: Projects, contents: Contents, project: int, within: str = ""
) -> Template:
    it, rows = await projects.get(caller, project), await contents.fields(caller, project)
    t = Table("fields", FIELDS, Page(rows), frame.path, sizes=())
    return project_page(frame, caller, it, "projects/fields.html", t=t, within=within)


async def _tags(
    frame: Frame, caller: Caller, projects: Projects, contents: Contents, project: int, within: str = ""
) -> Template:
    it, rows = await projects.get(caller, project), await contents.tags(caller, project)
    t = Table("tags", TAGS, Page(rows), frame.path, sizes=())
    return project_page(frame, caller, it, "projects/tags.html", t=t, within=within)


async def _form(
    frame: Frame,
    caller: Caller,
    projects: Projects,
    project: int,
    within: str,
    what: tuple[str, int | None],
    f: Form,
    status: int = 200,
    newer: str = "",
) -> Template:
    """``what``: fields or tags, and which one; None: a new one. ``newer``: the name that somebody has given it meanwhile."""
    it, (kind, item) = await projects.get(caller, project), what
    if not it.access.covers(Access.EDIT):
        raise Forbidden
    action = f"/projects/{project}/{kind}/{item or 'new'}" + (f"?within={SETTINGS}" if within == SETTINGS else "")
    context = {
        "f": f,
        "kind": kind,
        "item": item,
        "action": action,
        "back": _back(project, within, kind),
        "newer": newer,
    }
    types = [(each.value, frame.texts.gettext(each.label)) for each in FieldType]
    template = "projects/content_form.html"
    return project_page(frame, caller, it, template, status=status, types=types, within=within, **context)


async def _saved(
    where: tuple[Asked, Frame, Caller, Projects, int, str, tuple[str, int | None]],
    data: msgspec.Struct,
    doing: Awaitable[object],
    said: str,
    now: Callable[[], Awaitable[Sequence[Field | Tag]]] | None = None,
) -> Response[Any]:
    """Done, and back to the list; or the form again. ``now``: all there are, of which one was renamed."""
    request, frame, caller, projects, project, within, what = where
    try:
        await doing
    except Outdated as error:
        assert now is not None and what[1] is not None
        newer = _named(await now(), what[1])
        f = failed(frame.texts, msgspec.structs.replace(data, was=newer), error, what[0].removesuffix("s"))
        return await _form(frame, caller, projects, project, within, what, f, 412, newer)
    except (Invalid, Refused) as error:
        if isinstance(error, NotFound | Forbidden):
            raise
        f = failed(frame.texts, data, error, what[0].removesuffix("s"))
        return await _form(frame, caller, projects, project, within, what, f, 422)
    return moved(_back(project, within, what[0]), Toast(frame.texts.gettext(said)), htmx=htmx(request))


def _back(project: int, within: str, kind: str) -> str:
    if within == SETTINGS:
        return "/settings" if kind == "fields" else f"/settings/{kind}"
    return f"/projects/{project}/{kind}"


def _renamed(name: str, kind: str) -> Form:
    return Form({"name": name, "was": name}, id=kind)


def _named(items: Sequence[Field | Tag], wanted: int) -> str:
    """Raises NotFound."""
    for item in items:
        if item.id == wanted:
            return str(item.name)
    raise NotFound
