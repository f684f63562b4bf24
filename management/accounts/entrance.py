"""What the pages of this feature share: who comes, where he wanted to go, the cookie he leaves with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from litestar import Request, Response

from management.access.identity import address, cookie_name, session_cookie
from management.accounts.holders import Visit
from management.accounts.recovery import Recovery
from management.accounts.registration import Registration
from management.accounts.signing_in import SignIn
from management.accounts.two_factor import TwoFactor
from management.cabinet.frames import texts_of
from management.cabinet.pages import moved
from management.cabinet.toasts import Toast
from management.settings import Settings

AnyRequest = Request[Any, Any, Any]
LONGEST_NEXT = 2000
_SAFE = "/?&=%:@!$'()*+,;~#[]-._"


@dataclass(frozen=True, slots=True)
class Accounts:
    """The dependency ``accounts``: the services of this feature."""

    registration: Registration
    sign_in: SignIn
    recovery: Recovery
    two_factor: TwoFactor


def visit_of(request: AnyRequest) -> Visit:
    return Visit(address(request), request.headers.get("user-agent", ""), texts_of(request).language)


def local(target: str, otherwise: str = "/") -> str:
    """``target`` if it is a path of ours, else ``otherwise``: a link to the sign-in page must not lead to another site. Browsers
    take ``//host`` and ``/\\host`` for hosts and pass over tabs and line feeds."""
    if not target.startswith("/") or target.startswith("//") or len(target) > LONGEST_NEXT:
        return otherwise
    if "\\" in target or any(ord(letter) <= 0x20 or ord(letter) == 0x7F for letter in target):
        return otherwise
    try:
        parts = urlsplit(target)
    except ValueError:
        return otherwise
    if parts.scheme or parts.netloc or parts.path.rstrip("/") in ("/login", "/login/code", "/logout"):
        return otherwise
    return quote(target, safe=_SAFE)


def cookie_of(request: AnyRequest, settings: Settings) -> str:
    return request.cookies.get(cookie_name(secure=settings.secure), "")


def led(request: AnyRequest, settings: Settings, to: str, cookie: str | None, *toasts: Toast) -> Response[None]:
    """To another page with a new session's cookie; '' takes it away, None leaves it."""
    response = moved(to, *toasts, htmx="HX-Request" in request.headers)
    if cookie is not None:
        response.set_cookie(session_cookie(cookie, secure=settings.secure))
    return response
