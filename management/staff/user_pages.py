"""``/staff/users``."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, URLEncodedBody
from litestar.response import Stream, Template

from engine.domain.text import mark
from management import filters
from management.access.caller import Caller, Right, Role
from management.access.identity import staff
from management.cabinet.forms import Form, errors
from management.cabinet.lists import shown
from management.cabinet.pages import Frame, moved, page
from management.cabinet.toasts import Toast, Tone
from management.errors import Conflict, Invalid, told
from management.settings import Settings
from management.staff.listings import USERS
from management.staff.schemas import InviteForm, RoleForm, UserState
from management.staff.users import Users

Asked = Request[Any, Any, Any]
Number = Annotated[int, PathParameter(ge=1, le=2**63 - 1)]
Doer = NamedDependency[Caller]
Shell = NamedDependency[Frame]
People = NamedDependency[Users]
_SEE, _BLOCK, _ROLES = [staff(Right.SEE_USERS)], [staff(Right.BLOCK_USERS)], [staff(Right.GIVE_ROLES)]


class UserPages(Controller):
    path = "/staff/users"
    include_in_schema = False

    @get("/", guards=_SEE)
    async def all(self, request: Asked, frame: Shell, users: People) -> Template | Stream:
        query = request.query_params
        role, state = filters.choice(query, "role", Role), filters.choice(query, "state", UserState)
        who = filters.text(query, "who")
        t = await shown(USERS, frame, request, lambda wanted: users.list(wanted, who, role, state))
        if isinstance(t, Stream):
            return t
        f = Form(dict(query), id="users-filter")
        states = [(each.value, frame.texts.gettext(each.label)) for each in UserState]
        return page(
            frame,
            "staff/users.html",
            t=t,
            f=f,
            roles=_roles(frame),
            states=states,
            filtered=filters.filtered(query),
            right=Right,
        )

    @get("/new", guards=_ROLES)
    async def new(self, frame: Shell, settings: NamedDependency[Settings]) -> Template:
        return _new(frame, settings, Form(id="invite"))

    @post("/new", guards=_ROLES)
    async def invite(
        self,
        request: Asked,
        frame: Shell,
        caller: Doer,
        users: People,
        settings: NamedDependency[Settings],
        data: URLEncodedBody[InviteForm],
    ) -> Response[Any]:
        try:
            email = await users.invite(caller, data)
        except Invalid as error:
            values = {"email": data.email, "role": data.role}
            return _new(frame, settings, Form(values, errors(frame.texts, error.fields), "invite"), status=422)
        said = frame.texts.gettext(mark("The invitation to {email} is on its way")).format(email=email)
        return moved("/staff/users", Toast(said), htmx="HX-Request" in request.headers)

    @get("/{user:int}", guards=_SEE)
    async def one(self, frame: Shell, users: People, user: Number) -> Template:
        return await _user(frame, users, user, Form(id="role"))

    @post("/{user:int}/role", guards=_ROLES)
    async def set_role(
        self, frame: Shell, caller: Doer, users: People, user: Number, data: URLEncodedBody[RoleForm]
    ) -> Response[Any]:
        try:
            return await _done(frame, user, users.set_role(caller, user, data), mark("The role of {email} is changed"))
        except Invalid as error:
            f = Form({"role": data.role}, errors(frame.texts, error.fields), "role")
            return await _user(frame, users, user, f, status=422)

    @post("/{user:int}/block", guards=_BLOCK)
    async def block(self, frame: Shell, caller: Doer, users: People, user: Number) -> Response[Any]:
        return await _done(frame, user, users.block(caller, user), mark("{email} is blocked and signed out everywhere"))

    @post("/{user:int}/unblock", guards=_BLOCK)
    async def unblock(self, frame: Shell, caller: Doer, users: People, user: Number) -> Response[Any]:
        return await _done(frame, user, users.unblock(caller, user), mark("{email} may sign in again"))

    @post("/{user:int}/sign-out", guards=_BLOCK)
    async def sign_out(self, frame: Shell, caller: Doer, users: People, user: Number) -> Response[Any]:
        return await _done(frame, user, users.sign_out(caller, user), mark("{email} is signed out everywhere"))


async def _user(frame: Frame, users: Users, user: int, f: Form, status: int = 200) -> Template:
    it = await users.get(user)
    shown_form = Form({"role": it.role.value, **f.values}, f.errors, f.id)
    return page(frame, "staff/user.html", status=status, it=it, f=shown_form, roles=_roles(frame), right=Right)


def _new(frame: Frame, settings: Settings, f: Form, status: int = 200) -> Template:
    roles = [pair for pair in _roles(frame) if pair[0] != Role.CUSTOMER]
    return page(frame, "staff/new_user.html", status=status, f=f, roles=roles, mailed=settings.smtp is not None)


async def _done(frame: Frame, user: int, doing: Awaitable[str], said: str) -> Response[None]:
    """``said``: with the place ``email``. A refusal is told where the button was."""
    try:
        toast = Toast(frame.texts.gettext(said).format(email=await doing))
    except Conflict as error:
        toast = Toast(told(error, frame.texts.gettext), Tone.DANGER)
    return moved(f"/staff/users/{user}", toast, htmx=False)


def _roles(frame: Frame) -> list[tuple[str, str]]:
    return [(role.value, frame.texts.gettext(role.label)) for role in Role]
