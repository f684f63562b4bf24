"""``/profile/password``, ``/profile/sessions``, ``/profile/data``."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, PathParameter, URLEncodedBody
from litestar.response import Template

from engine.domain.text import mark
from management.access.caller import Caller
from management.access.identity import session_cookie, signed_in
from management.cabinet.forms import Form
from management.cabinet.pages import Frame, moved, page
from management.cabinet.toasts import Toast, Tone
from management.errors import Conflict, Invalid, TooMany, status_of, told
from management.profile.answers import wrong
from management.profile.data import OwnData
from management.profile.safety import Safety
from management.profile.schemas import DeletionForm, PasswordForm
from management.settings import Settings

AnyRequest = Request[Any, Any, Any]
Number = Annotated[int, PathParameter(ge=1, le=2**63 - 1)]


class PasswordController(Controller):
    path = "/profile/password"
    guards = (signed_in,)
    include_in_schema = False

    @get("/")
    async def form(self, frame: NamedDependency[Frame]) -> Template:
        return page(frame, "profile/password.html", f=Form(id="password"))

    @post("/")
    async def change(
        self,
        request: AnyRequest,
        caller: NamedDependency[Caller],
        frame: NamedDependency[Frame],
        safety: NamedDependency[Safety],
        data: URLEncodedBody[PasswordForm],
    ) -> Template | Response[None]:
        try:
            await safety.change_password(caller, data)
        except (Invalid, TooMany) as error:
            form = Form({}, wrong(frame, error), id="password")
            return page(frame, "profile/password.html", status=status_of(error), f=form)
        done = Toast(frame.texts.gettext(mark("The password is changed; your other sessions have ended")))
        return moved("/profile/password", done, htmx="HX-Request" in request.headers)


class SessionsController(Controller):
    path = "/profile/sessions"
    guards = (signed_in,)
    include_in_schema = False

    @get("/")
    async def all(
        self, caller: NamedDependency[Caller], frame: NamedDependency[Frame], safety: NamedDependency[Safety]
    ) -> Template:
        return page(frame, "profile/sessions.html", sessions=await safety.sessions(caller))

    @post("/{session:int}/end")
    async def end(
        self,
        request: AnyRequest,
        caller: NamedDependency[Caller],
        frame: NamedDependency[Frame],
        safety: NamedDependency[Safety],
        session: Number,
    ) -> Response[None]:
        await safety.end_session(caller, session)
        own = session == caller.session
        done = Toast(frame.texts.gettext(mark("The session has ended")))
        return moved("/login" if own else "/profile/sessions", done, htmx="HX-Request" in request.headers)

    @post("/end-others")
    async def end_others(
        self,
        request: AnyRequest,
        caller: NamedDependency[Caller],
        frame: NamedDependency[Frame],
        safety: NamedDependency[Safety],
    ) -> Response[None]:
        await safety.end_others(caller)
        done = Toast(frame.texts.gettext(mark("All other sessions have ended")))
        return moved("/profile/sessions", done, htmx="HX-Request" in request.headers)


class DataController(Controller):
    path = "/profile/data"
    guards = (signed_in,)
    include_in_schema = False

    @get("/")
    async def all(
        self, caller: NamedDependency[Caller], frame: NamedDependency[Frame], own_data: NamedDependency[OwnData]
    ) -> Template:
        return await _data_page(frame, caller, own_data, Form(id="deletion"))

    @get("/exports")
    async def exports(
        self, caller: NamedDependency[Caller], frame: NamedDependency[Frame], own_data: NamedDependency[OwnData]
    ) -> Template:
        """The part of the page that is asked for again while one is being made."""
        return page(frame, "profile/_exports.html", exports=await own_data.exports(caller))

    @post("/exports")
    async def export(
        self,
        request: AnyRequest,
        caller: NamedDependency[Caller],
        frame: NamedDependency[Frame],
        own_data: NamedDependency[OwnData],
    ) -> Response[None]:
        try:
            await own_data.export(caller, frame.texts)
            done = Toast(frame.texts.gettext(mark("Your data are being gathered")), Tone.INFO)
        except (Conflict, TooMany) as error:
            done = Toast(told(error, frame.texts.gettext), Tone.WARNING)
        return moved("/profile/data", done, htmx="HX-Request" in request.headers)

    @get("/exports/{task:uuid}")
    async def download(
        self, caller: NamedDependency[Caller], own_data: NamedDependency[OwnData], task: FromPath[UUID]
    ) -> Response[None]:
        return moved(await own_data.download(caller, task), htmx=False)

    @post("/delete")
    async def delete(
        self,
        request: AnyRequest,
        caller: NamedDependency[Caller],
        frame: NamedDependency[Frame],
        settings: NamedDependency[Settings],
        own_data: NamedDependency[OwnData],
        data: URLEncodedBody[DeletionForm],
    ) -> Template | Response[None]:
        try:
            await own_data.delete(caller, data)
        except (Invalid, TooMany, Conflict) as error:
            form = Form({"sure": data.sure}, wrong(frame, error), id="deletion")
            return await _data_page(frame, caller, own_data, form, status=status_of(error))
        done = Toast(frame.texts.gettext(mark("Your account and your data are deleted")))
        answer = moved("/login", done, htmx="HX-Request" in request.headers)
        answer.cookies.append(session_cookie("", secure=settings.secure))
        return answer


async def _data_page(frame: Frame, caller: Caller, own_data: OwnData, form: Form, status: int = 200) -> Template:
    exports, busy = await own_data.exports(caller), await own_data.busy(caller)
    return page(frame, "profile/data.html", status=status, exports=exports, busy=busy, f=form)
