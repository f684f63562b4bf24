"""The tab of the profile where the second factor is set up."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody
from litestar.response import Template
from litestar.status_codes import HTTP_422_UNPROCESSABLE_ENTITY

from management.access.caller import Caller
from management.access.identity import signed_in
from management.accounts.entrance import Accounts, AnyRequest
from management.accounts.schemas import FactorForm
from management.accounts.two_factor import TwoFactor, picture
from management.cabinet.forms import Form, errors
from management.cabinet.pages import Frame, moved, page
from management.cabinet.toasts import Toast
from management.errors import Invalid

Shown = Response[Any] | Template
_HOME = "/profile/security"


class SecurityController(Controller):
    path = _HOME
    guards = [signed_in]  # noqa: RUF012 - Litestar's own attribute

    @get("/")
    async def overview(
        self, caller: NamedDependency[Caller], frame: NamedDependency[Frame], accounts: NamedDependency[Accounts]
    ) -> Template:
        return await _overview(frame, caller, accounts.two_factor)

    @post("/begin")
    async def begin(
        self, request: AnyRequest, caller: NamedDependency[Caller], accounts: NamedDependency[Accounts]
    ) -> Response[None]:
        await accounts.two_factor.begin(caller)
        return moved(_HOME, htmx="HX-Request" in request.headers)

    @post("/leave")
    async def leave(
        self, request: AnyRequest, caller: NamedDependency[Caller], accounts: NamedDependency[Accounts]
    ) -> Response[None]:
        await accounts.two_factor.leave(caller)
        return moved(_HOME, htmx="HX-Request" in request.headers)

    @post("/enable")
    async def enable(
        self,
        data: URLEncodedBody[FactorForm],
        caller: NamedDependency[Caller],
        frame: NamedDependency[Frame],
        accounts: NamedDependency[Accounts],
    ) -> Shown:
        try:
            codes = await accounts.two_factor.enable(caller, data.password, data.code)
        except Invalid as error:
            return await _overview(frame, caller, accounts.two_factor, enable=_form(frame, error, "enable"))
        return _codes(frame, codes)

    @post("/codes")
    async def renew(
        self,
        data: URLEncodedBody[FactorForm],
        caller: NamedDependency[Caller],
        frame: NamedDependency[Frame],
        accounts: NamedDependency[Accounts],
    ) -> Shown:
        try:
            codes = await accounts.two_factor.renew_codes(caller, data.password, data.code)
        except Invalid as error:
            return await _overview(frame, caller, accounts.two_factor, renew=_form(frame, error, "renew"))
        return _codes(frame, codes)

    @post("/disable")
    async def disable(
        self,
        request: AnyRequest,
        data: URLEncodedBody[FactorForm],
        caller: NamedDependency[Caller],
        frame: NamedDependency[Frame],
        accounts: NamedDependency[Accounts],
    ) -> Shown:
        try:
            await accounts.two_factor.disable(caller, data.password, data.code)
        except Invalid as error:
            return await _overview(frame, caller, accounts.two_factor, disable=_form(frame, error, "disable"))
        said = frame.texts.gettext("Two-factor sign-in is off")
        return moved(_HOME, Toast(said), htmx="HX-Request" in request.headers)


async def _overview(frame: Frame, caller: Caller, two_factor: TwoFactor, **failed: Form) -> Template:
    """``failed``: the form that could not be taken, by its name."""
    factor = await two_factor.of(caller)
    forms = {name: failed.get(name, Form(id=name)) for name in ("enable", "renew", "disable")}
    address, code = picture(caller.email, factor.secret) if factor.secret else ("", "")
    status = HTTP_422_UNPROCESSABLE_ENTITY if failed else 200
    return page(
        frame, "accounts/security.html", status=status, factor=factor, forms=forms, address=address, code=code
    )  # fmt: skip


def _form(frame: Frame, error: Invalid, name: str) -> Form:
    return Form({}, errors(frame.texts, error.fields), name)


def _codes(frame: Frame, codes: list[str]) -> Template:
    """The one time that they are seen."""
    file = "data:text/plain;charset=utf-8," + quote("\r\n".join(codes) + "\r\n")
    return page(frame, "accounts/codes.html", codes=codes, file=file)
