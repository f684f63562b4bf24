"""From a request to the frame of its page, and from an error to the page that tells it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response
from litestar.datastructures import Cookie, MutableScopeHeaders
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.response import Template
from litestar.status_codes import HTTP_204_NO_CONTENT, HTTP_303_SEE_OTHER
from litestar.template.base import csrf_token
from litestar.types import Message, Scope

from engine.domain.errors import DozvonError
from engine.storage.database import Database
from management.access.caller import Caller
from management.access.identity import caller_of
from management.access.places import Place
from management.cabinet.pages import THEME_COOKIE, Frame, page, theme_from
from management.cabinet.toasts import FLASH_COOKIE, read_flash
from management.errors import NotSignedIn, TooMany, status_of
from management.language import LANGUAGES, Texts, negotiate, texts

LANGUAGE_COOKIE = "lang"
_YEAR_S = 31_536_000
_BALANCE = "select balance from ledger_accounts where account_id = $1"
AnyRequest = Request[Any, Any, Any]


def texts_of(request: AnyRequest) -> Texts:
    """The language that the address names, else the one chosen last, else the caller's, else the browser's."""
    caller = caller_of(request)
    choices = (
        request.query_params.get("lang"),
        request.cookies.get(LANGUAGE_COOKIE),
        caller.language if caller else None,
    )
    wanted = next((choice for choice in choices if choice in LANGUAGES), None)
    return texts(negotiate(wanted, request.headers.get("accept-language", "")))


async def remember_language(message: Message, scope: Scope) -> None:
    """A ``before_send`` hook: ``?lang=`` holds from now on."""
    if message["type"] != "http.response.start" or b"lang=" not in scope["query_string"]:
        return
    chosen = Request[Any, Any, Any](scope).query_params.get("lang")
    if chosen in LANGUAGES:
        MutableScopeHeaders.from_message(message).add("set-cookie", language_cookie(chosen).to_header(header=""))


def language_cookie(language: str) -> Cookie:
    return Cookie(LANGUAGE_COOKIE, value=language, max_age=_YEAR_S, path="/", httponly=True, samesite="lax")


def bare_frame(request: AnyRequest) -> Frame:
    """Asks no database."""
    return Frame(
        texts_of(request),
        path=request.url.path,
        query=request.url.query,
        theme=theme_from(request.cookies.get(THEME_COOKIE)),
        csrf=csrf_token({"request": request}),
        caller=caller_of(request),
        toasts=read_flash(request.cookies.get(FLASH_COOKIE)),
    )


def frame_provider(database: Callable[[], Database]) -> Callable[..., Any]:
    """The dependency ``frame``."""

    async def provide(request: AnyRequest, place: NamedDependency[Place | None]) -> Frame:
        frame = bare_frame(request)
        # With htmx only a part of the page is exchanged, and the bar at the top is not in it.
        if frame.caller is None or "hx-request" in request.headers:
            return frame
        balance = await _balance(database(), frame.caller, frame.texts)
        return frame.within(balance, place.name if place else None)

    return provide


async def _balance(database: Database, caller: Caller, texts: Texts) -> str | None:
    held = None if caller.role.staff else await database.fetchval(_BALANCE, caller.account)
    return None if held is None else texts.roubles(held)


def answer_page(request: AnyRequest, error: Exception) -> Response[Any] | Template:
    """What a browser is shown instead of the page."""
    if isinstance(error, NotSignedIn):
        return _to_sign_in(request)
    status = 500
    if isinstance(error, DozvonError):
        status = status_of(error)
    elif isinstance(error, HTTPException):
        status = error.status_code
    shown = page(bare_frame(request), "error.html", status=status, wait_s=_wait(error))
    if isinstance(error, TooMany):
        shown.headers["Retry-After"] = str(error.retry_after_s)
    return shown


def _wait(error: Exception) -> int | None:
    return error.retry_after_s if isinstance(error, TooMany) else None


def _to_sign_in(request: AnyRequest) -> Response[None]:
    """And back to the page afterwards; a form that was sent is not sent again."""
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    address = "/login" + (f"?{urlencode({'next': back})}" if request.method == "GET" and back != "/" else "")
    if "hx-request" in request.headers:
        return Response(None, status_code=HTTP_204_NO_CONTENT, headers={"HX-Redirect": "/login"})
    return Response(None, status_code=HTTP_303_SEE_OTHER, headers={"location": address})
