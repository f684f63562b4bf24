"""``/profile/email`` and ``/profile/phone``: addresses at which one can be reached, confirmed anew when they change."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Template

from engine.domain.text import mark
from management.access.caller import Caller
from management.access.identity import address, signed_in
from management.cabinet.forms import Form
from management.cabinet.pages import Frame, moved, page
from management.cabinet.toasts import Toast
from management.errors import Conflict, Invalid, TooMany, status_of
from management.profile.answers import wrong
from management.profile.mail import Emails
from management.profile.phone import Phones
from management.profile.schemas import CodeForm, EmailForm, PhoneForm, Way
from management.profile.service import Profiles

AnyRequest = Request[Any, Any, Any]


class EmailController(Controller):
    """Links of letters are opened by whoever has them, on any device: those two need no session."""

    path = "/profile/email"
    include_in_schema = False

    @get("/", guards=[signed_in])
    async def form(self, frame: NamedDependency[Frame]) -> Template:
        return page(frame, "profile/email.html", f=Form(id="email"), sent="")

    @post("/", guards=[signed_in], status_code=200)
    async def ask(
        self,
        caller: NamedDependency[Caller],
        frame: NamedDependency[Frame],
        emails: NamedDependency[Emails],
        data: URLEncodedBody[EmailForm],
    ) -> Template:
        try:
            sent = await emails.ask(caller, data)
        except (Invalid, TooMany) as error:
            form = Form({"email": data.email}, wrong(frame, error), id="email")
            return page(frame, "profile/email.html", status=status_of(error), f=form, sent="")
        return page(frame, "profile/email.html", f=Form(id="email"), sent=sent)

    @get("/confirm/{secret:str}")
    async def asked(
        self, frame: NamedDependency[Frame], emails: NamedDependency[Emails], secret: FromPath[str]
    ) -> Template:
        """Only asks: programs that look at letters follow links, too."""
        return page(frame, "profile/confirm_email.html", email=await emails.asked(secret), secret=secret)

    @post("/confirm/{secret:str}")
    async def confirm(
        self,
        request: AnyRequest,
        frame: NamedDependency[Frame],
        emails: NamedDependency[Emails],
        secret: FromPath[str],
    ) -> Response[None]:
        email = await emails.confirm(secret, address(request))
        told = frame.texts.gettext(mark("Your address is {email} now")).format(email=email)
        return moved("/profile", Toast(told), htmx="HX-Request" in request.headers)


class PhoneController(Controller):
    path = "/profile/phone"
    guards = (signed_in,)
    include_in_schema = False

    @get("/")
    async def form(
        self,
        caller: NamedDependency[Caller],
        frame: NamedDependency[Frame],
        phones: NamedDependency[Phones],
        profiles: NamedDependency[Profiles],
    ) -> Template:
        profile = await profiles.get(caller.user)
        asked = {"phone": profile.phone} if profile.phone and not profile.phone_confirmed_at else {}
        return await _phone_page(frame, caller, phones, Form(asked, id="phone"))

    @post("/")
    async def ask(
        self,
        request: AnyRequest,
        caller: NamedDependency[Caller],
        frame: NamedDependency[Frame],
        phones: NamedDependency[Phones],
        data: URLEncodedBody[PhoneForm],
    ) -> Template | Response[None]:
        try:
            await phones.ask(caller, data)
        except (Invalid, TooMany, Conflict) as error:
            form = Form({"phone": data.phone, "way": data.way}, wrong(frame, error), id="phone")
            return await _phone_page(frame, caller, phones, form, status=status_of(error))
        return moved("/profile/phone", htmx="HX-Request" in request.headers)

    @get("/progress")
    async def progress(
        self, caller: NamedDependency[Caller], frame: NamedDependency[Frame], phones: NamedDependency[Phones]
    ) -> Template:
        """The part of the page that is asked for again while the call goes on."""
        return page(frame, "profile/_call.html", pending=await phones.pending(caller))

    @post("/code")
    async def confirm(
        self,
        request: AnyRequest,
        caller: NamedDependency[Caller],
        frame: NamedDependency[Frame],
        phones: NamedDependency[Phones],
        data: URLEncodedBody[CodeForm],
    ) -> Template | Response[None]:
        try:
            phone = await phones.confirm(caller, data)
        except Invalid as error:
            refused = Form({}, wrong(frame, error), id="code")
            return await _phone_page(frame, caller, phones, Form(id="phone"), refused, status=422)
        told = frame.texts.gettext(mark("The phone {phone} is confirmed")).format(phone=phone)
        return moved("/profile", Toast(told), htmx="HX-Request" in request.headers)


async def _phone_page(
    frame: Frame, caller: Caller, phones: Phones, form: Form, code: Form | None = None, status: int = 200
) -> Template:
    pending, ways = await phones.pending(caller), await phones.ways()
    values = {"phone": pending.phone if pending else "", **form.values}
    values["way"] = values.get("way") or (Way.CALL if ways.call else Way.SMS).value
    return page(
        frame,
        "profile/phone.html",
        status=status,
        f=Form(values, form.errors, id="phone"),
        code=code or Form(id="code"),
        pending=pending,
        ways=ways,
    )
