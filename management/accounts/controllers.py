"""Registration, confirmation, recovery, and the documents that one agrees to."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter, URLEncodedBody
from litestar.response import Template
from litestar.status_codes import HTTP_410_GONE, HTTP_422_UNPROCESSABLE_ENTITY

from management.access.caller import Caller
from management.accounts.documents import CONSENTS, Document, Documents
from management.accounts.entrance import Accounts, AnyRequest, cookie_of, led, visit_of
from management.accounts.schemas import EmailForm, PasswordForm, RegistrationForm
from management.cabinet.forms import Form, errors
from management.cabinet.pages import Frame, moved, page
from management.cabinet.toasts import Toast, Tone
from management.errors import Invalid, NotFound
from management.settings import Settings

Shown = Response[Any] | Template
_WRONG = HTTP_422_UNPROCESSABLE_ENTITY


class RegistrationController(Controller):
    """GETs only show: programs that look through mail open every link in it."""

    @get("/registration")
    async def form(
        self,
        visitor: NamedDependency[Caller | None],
        frame: NamedDependency[Frame],
        documents: NamedDependency[Documents],
        email: Annotated[str, QueryParameter(max_length=320)] = "",
    ) -> Shown:
        """``email``: of a letter's link, which invites this very address."""
        return moved("/", htmx=False) if visitor else _registration(frame, documents, Form({"email": email}))

    @post("/registration")
    async def register(
        self,
        request: AnyRequest,
        data: URLEncodedBody[RegistrationForm],
        frame: NamedDependency[Frame],
        accounts: NamedDependency[Accounts],
        documents: NamedDependency[Documents],
    ) -> Shown:
        try:
            await accounts.registration.register(data, visit_of(request))
        except Invalid as error:
            form = Form(data.shown(), errors(frame.texts, error.fields))
            return _registration(frame, documents, form, status=_WRONG)
        return moved("/confirm/sent", htmx="HX-Request" in request.headers)

    @get("/documents/{name:str}")
    async def document(
        self, name: FromPath[str], frame: NamedDependency[Frame], documents: NamedDependency[Documents]
    ) -> Template:
        if name not in tuple(Document):
            raise NotFound
        return page(frame, "accounts/document.html", text=documents.read(Document(name), frame.texts.language))

    @get(["/confirm/sent", "/recovery/sent"])
    async def sent(self, frame: NamedDependency[Frame], settings: NamedDependency[Settings]) -> Template:
        """Tells no address: what stands here must not depend on who is known."""
        recovery = frame.path.startswith("/recovery")
        return page(frame, "accounts/sent.html", recovery=recovery, mailed=settings.smtp is not None)

    @get("/confirm/again")
    async def again(self, frame: NamedDependency[Frame]) -> Template:
        return page(frame, "accounts/again.html", form_=Form())

    @post("/confirm/again")
    async def send_again(
        self,
        request: AnyRequest,
        data: URLEncodedBody[EmailForm],
        frame: NamedDependency[Frame],
        accounts: NamedDependency[Accounts],
    ) -> Shown:
        try:
            await accounts.registration.send_again(data.email, visit_of(request))
        except Invalid as error:
            form = Form({"email": data.email}, errors(frame.texts, error.fields))
            return page(frame, "accounts/again.html", status=_WRONG, form_=form)
        return moved("/confirm/sent", htmx="HX-Request" in request.headers)

    @get("/confirm/{secret:str}")
    async def link(
        self, secret: FromPath[str], frame: NamedDependency[Frame], accounts: NamedDependency[Accounts]
    ) -> Template:
        if not await accounts.registration.awaits(secret):
            return _gone(frame, "confirm")
        return page(frame, "accounts/confirm.html", form_=Form())

    @post("/confirm/{secret:str}")
    async def confirm(
        self,
        request: AnyRequest,
        secret: FromPath[str],
        frame: NamedDependency[Frame],
        accounts: NamedDependency[Accounts],
        settings: NamedDependency[Settings],
        visitor: NamedDependency[Caller | None],
    ) -> Shown:
        confirmed = await accounts.registration.confirm(secret, visit_of(request))
        if confirmed is None:
            return _gone(frame, "confirm")
        await accounts.sign_in.sign_out(cookie_of(request, settings), visitor)
        said = [Toast(frame.texts.gettext("Your address is confirmed. Welcome!"))]
        if confirmed.bonus is not None:
            text = frame.texts.gettext("The promo code has brought you {bonus}")
            said.append(Toast(text.format(bonus=frame.texts.roubles(confirmed.bonus)), Tone.INFO))
        return led(request, settings, "/profile", confirmed.cookie, *said)


class RecoveryController(Controller):
    path = "/recovery"

    @get("/")
    async def form(self, frame: NamedDependency[Frame]) -> Template:
        return page(frame, "accounts/recovery.html", form_=Form())

    @post("/")
    async def ask(
        self,
        request: AnyRequest,
        data: URLEncodedBody[EmailForm],
        frame: NamedDependency[Frame],
        accounts: NamedDependency[Accounts],
    ) -> Shown:
        try:
            await accounts.recovery.ask(data.email, visit_of(request))
        except Invalid as error:
            form = Form({"email": data.email}, errors(frame.texts, error.fields))
            return page(frame, "accounts/recovery.html", status=_WRONG, form_=form)
        return moved("/recovery/sent", htmx="HX-Request" in request.headers)

    @get("/{secret:str}")
    async def link(
        self, secret: FromPath[str], frame: NamedDependency[Frame], accounts: NamedDependency[Accounts]
    ) -> Template:
        if not await accounts.recovery.link_works(secret):
            return _gone(frame, "recovery")
        return page(frame, "accounts/new_password.html", form_=Form())

    @post("/{secret:str}")
    async def renew(
        self,
        request: AnyRequest,
        secret: FromPath[str],
        data: URLEncodedBody[PasswordForm],
        frame: NamedDependency[Frame],
        accounts: NamedDependency[Accounts],
        settings: NamedDependency[Settings],
    ) -> Shown:
        try:
            done = await accounts.recovery.renew(secret, data.password, visit_of(request))
        except Invalid as error:
            form = Form({}, errors(frame.texts, error.fields))
            return page(frame, "accounts/new_password.html", status=_WRONG, form_=form)
        if not done:
            return _gone(frame, "recovery")
        said = frame.texts.gettext("The password is changed and all sessions are ended. Sign in with the new one.")
        return led(request, settings, "/login", "", Toast(said))


def _registration(frame: Frame, documents: Documents, form: Form, status: int = 200) -> Template:
    consents = [(edition, CONSENTS[edition.document]) for edition in documents.all(frame.texts.language)]
    return page(frame, "accounts/registration.html", status=status, form_=form, consents=consents)


def _gone(frame: Frame, what: str) -> Template:
    """Forged, used and expired links look alike."""
    return page(frame, "accounts/gone.html", status=HTTP_410_GONE, what=what, form_=Form())
