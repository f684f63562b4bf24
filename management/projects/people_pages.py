"""Pages of a project's people: sharing by e-mail, rights, invitations that wait, leaving."""

from __future__ import annotations

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
from management.cabinet.forms import Form
from management.cabinet.pages import Frame, moved
from management.cabinet.tables import Column, Kind, Page, Table
from management.cabinet.toasts import Toast
from management.errors import Forbidden, Invalid, NotFound
from management.projects.contents import Contents
from management.projects.schemas import Access, Member, Share, SharedRight
from management.projects.service import Projects
from management.projects.views import Number, failed, htmx, project_page

Asked = Request[Any, Any, Any]
Doer = NamedDependency[Caller]
Shell = NamedDependency[Frame]
Rules = NamedDependency[Projects]
Parts = NamedDependency[Contents]
PEOPLE = (
    Column("email", mark("E-mail")),
    Column("name", mark("Full name")),
    Column("right", mark("Right")),
    Column("created_at", mark("Since"), Kind.MOMENT),
    Column("actions", mark("Actions"), Kind.ACTIONS),
)


class ShareForm(msgspec.Struct, frozen=True):
    email: str = ""
    right: SharedRight = SharedRight.VIEW


class RightForm(msgspec.Struct, frozen=True):
    right: SharedRight = SharedRight.VIEW


class EmailForm(msgspec.Struct, frozen=True):
    email: str = ""


class PeoplePages(Controller):
    path = "/projects/{project:int}"
    guards = (signed_in,)
    include_in_schema = False

    @get("/users")
    async def people(self, frame: Shell, caller: Doer, projects: Rules, contents: Parts, project: Number) -> Template:
        it, rows = await projects.get(caller, project), await contents.members(caller, project)
        t = Table("users", PEOPLE, Page(rows), frame.path, sizes=())
        return project_page(frame, caller, it, "projects/users.html", t=t)

    @get("/users/new")
    async def invite(self, frame: Shell, caller: Doer, projects: Rules, project: Number) -> Template:
        return await _form(frame, caller, projects, project, Form({"right": "view"}, id="share"))

    @post("/users/new")
    async def share(
        self,
        request: Asked,
        frame: Shell,
        caller: Doer,
        projects: Rules,
        contents: Parts,
        project: Number,
        data: URLEncodedBody[ShareForm],
    ) -> Response[Any]:
        try:
            member = await contents.share(caller, project, Share(data.email, data.right))
        except (Invalid, Refused) as error:
            if isinstance(error, NotFound | Forbidden):
                raise
            return await _form(frame, caller, projects, project, failed(frame.texts, data, error, "share"), status=422)
        said = mark("{email} is invited by a letter") if member.user is None else mark("Shared with {email}")
        toast = Toast(frame.texts.gettext(said).format(email=member.email))
        return moved(f"/projects/{project}/users", toast, htmx=htmx(request))

    @get("/users/{user:int}")
    async def right(
        self, frame: Shell, caller: Doer, projects: Rules, contents: Parts, project: Number, user: Number
    ) -> Template:
        member = _member(await contents.members(caller, project), user)
        return await _form(frame, caller, projects, project, Form({"right": member.right}, id="right"), member)

    @post("/users/{user:int}")
    async def change_right(
        self,
        request: Asked,
        frame: Shell,
        caller: Doer,
        contents: Parts,
        project: Number,
        user: Number,
        data: URLEncodedBody[RightForm],
    ) -> Response[Any]:
        await contents.change_right(caller, project, user, data.right)
        toast = Toast(frame.texts.gettext(mark("Saved")))
        return moved(f"/projects/{project}/users", toast, htmx=htmx(request))

    @post("/users/{user:int}/revoke")
    async def revoke(self, frame: Shell, caller: Doer, contents: Parts, project: Number, user: Number) -> Response[Any]:
        await contents.revoke(caller, project, user)
        left = user == caller.user
        said = mark("You have left the project") if left else mark("Access is revoked")
        back = "/projects/shared" if left else f"/projects/{project}/users"
        return moved(back, Toast(frame.texts.gettext(said)), htmx=False)

    @post("/invitations/withdraw")
    async def uninvite(
        self, frame: Shell, caller: Doer, contents: Parts, project: Number, data: URLEncodedBody[EmailForm]
    ) -> Response[Any]:
        await contents.uninvite(caller, project, data.email)
        toast = Toast(frame.texts.gettext(mark("The invitation is withdrawn")))
        return moved(f"/projects/{project}/users", toast, htmx=False)


async def _form(
    frame: Frame,
    caller: Caller,
    projects: Projects,
    project: int,
    f: Form,
    member: Member | None = None,
    status: int = 200,
) -> Template:
    """For a new member, or the right of one. Raises Forbidden for all but the owner."""
    it = await projects.get(caller, project)
    if it.access is not Access.OWN:
        raise Forbidden
    rights = [(each.value, frame.texts.gettext(each.label)) for each in SharedRight]
    context = {"f": f, "member": member, "rights": rights}
    return project_page(frame, caller, it, "projects/people_form.html", status=status, **context)


def _member(members: list[Member], user: int) -> Member:
    """Raises NotFound."""
    for member in members:
        if member.user == user:
            return member
    raise NotFound
