"""Signing in and out."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Template
from litestar.status_codes import HTTP_410_GONE, HTTP_422_UNPROCESSABLE_ENTITY

from management.access.caller import Caller
from management.accounts.entrance import Accounts, AnyRequest, cookie_of, led, local, visit_of
from management.accounts.schemas import CodeForm, SignInForm
from management.accounts.signing_in import Outcome, Step
from management.accounts.two_factor import wrong_code
from management.cabinet.addresses import with_params
from management.cabinet.forms import Form, errors
from management.cabinet.pages import Frame, moved, page
from management.settings import Settings

Shown = Response[Any] | Template
_WRONG = HTTP_422_UNPROCESSABLE_ENTITY


class SignInController(Controller):
    @get("/login")
    async def form(
        self,
        visitor: NamedDependency[Caller | None],
        frame: NamedDependency[Frame],
        next: FromQuery[str] = "",  # noqa: A002
    ) -> Shown:
        if visitor:
            return moved(local(next), htmx=False)
        return page(frame, "accounts/login.html", form_=Form(), next=local(next, ""))

    @post("/login")
    async def enter(
        self,
        request: AnyRequest,
        data: URLEncodedBody[SignInForm],
        frame: NamedDependency[Frame],
        accounts: NamedDependency[Accounts],
        settings: NamedDependency[Settings],
        visitor: NamedDependency[Caller | None],
    ) -> Shown:
        outcome = await accounts.sign_in.by_password(data.email, data.password, visit_of(request))
        if outcome.step is Step.WRONG:
            told = {"": frame.texts.gettext("The e-mail address or the password is wrong")}
            form, back = Form({"email": data.email}, told), local(data.next, "")
            return page(frame, "accounts/login.html", status=_WRONG, form_=form, next=back)
        if outcome.step is Step.UNCONFIRMED:
            return page(frame, "accounts/unconfirmed.html", status=_WRONG, form_=Form({"email": data.email}))
        await accounts.sign_in.sign_out(cookie_of(request, settings), visitor)
        return _on(request, settings, outcome, data.next)

    @get("/login/code")
    async def code(
        self,
        request: AnyRequest,
        frame: NamedDependency[Frame],
        accounts: NamedDependency[Accounts],
        settings: NamedDependency[Settings],
        next: FromQuery[str] = "",  # noqa: A002
    ) -> Shown:
        if not await accounts.sign_in.half_way(cookie_of(request, settings)):
            return moved("/login", htmx=False)
        return page(frame, "accounts/code.html", form_=Form(), next=local(next, ""))

    @post("/login/code")
    async def second_step(
        self,
        request: AnyRequest,
        data: URLEncodedBody[CodeForm],
        frame: NamedDependency[Frame],
        accounts: NamedDependency[Accounts],
        settings: NamedDependency[Settings],
    ) -> Shown:
        outcome = await accounts.sign_in.by_code(cookie_of(request, settings), data.code, visit_of(request))
        if outcome is None:
            return moved("/login", htmx="HX-Request" in request.headers)
        if outcome.step is Step.WRONG:
            form = Form({}, errors(frame.texts, wrong_code().fields))
            return page(frame, "accounts/code.html", status=_WRONG, form_=form, next=local(data.next, ""))
        return _on(request, settings, outcome, data.next)

    @get("/sign-in/{secret:str}")
    async def link(
        self, secret: FromPath[str], frame: NamedDependency[Frame], accounts: NamedDependency[Accounts]
    ) -> Template:
        if not await accounts.sign_in.link_works(secret):
            return _gone(frame)
        return page(frame, "accounts/sign_in.html", form_=Form())

    @post("/sign-in/{secret:str}")
    async def by_link(
        self,
        request: AnyRequest,
        secret: FromPath[str],
        frame: NamedDependency[Frame],
        accounts: NamedDependency[Accounts],
        settings: NamedDependency[Settings],
        visitor: NamedDependency[Caller | None],
    ) -> Shown:
        outcome = await accounts.sign_in.by_link(secret, visit_of(request))
        if outcome.step is Step.WRONG:
            return _gone(frame)
        await accounts.sign_in.sign_out(cookie_of(request, settings), visitor)
        return _on(request, settings, outcome, "")

    @post("/logout")
    async def leave(
        self,
        request: AnyRequest,
        accounts: NamedDependency[Accounts],
        settings: NamedDependency[Settings],
        visitor: NamedDependency[Caller | None],
    ) -> Response[None]:
        await accounts.sign_in.sign_out(cookie_of(request, settings), visitor)
        return led(request, settings, "/login", "")


def _on(request: AnyRequest, settings: Settings, outcome: Outcome, target: str) -> Response[None]:
    to = local(target)
    if outcome.step is Step.CODE:
        to = "/login/code" + (with_params("", next=to) if to != "/" else "")
    return led(request, settings, to, outcome.cookie)


def _gone(frame: Frame) -> Template:
    return page(frame, "accounts/gone.html", status=HTTP_410_GONE, what="sign_in", form_=Form())
