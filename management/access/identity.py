"""Puts the caller into each request's scope, and refuses what comes from another site.

Pages know him by a cookie, the API by a key: ``Authorization: Bearer dzv_…``. The API takes no cookie, so no other site's
page can make a browser use it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Guard, Receive, Scope, Send

from engine.domain.errors import Unavailable
from management.access.caller import Caller, Right
from management.access.caller import Scope as KeyScope
from management.access.callers import SESSION_S, Callers
from management.errors import Forbidden, NotFound, NotSignedIn

API = "/api/"
_OPEN = ("/static/", "/health")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
AUTOMATIC = "dozvon-automatic"
"""A header by which pages say that they ask by themselves, and nobody need be there."""
_CALLER = "dozvon_caller"
_BEARER = "bearer "
Still = Callable[[], Awaitable[bool]]


class Identity(ASGIMiddleware):
    """``secure``: the cabinet is served over https, so cookies are for it alone."""

    scopes = (ScopeType.HTTP,)
    should_bypass_for_scope = staticmethod(lambda scope: scope["path"].startswith(_OPEN))

    def __init__(self, callers: Callers, *, secure: bool) -> None:
        self._callers = callers
        self._cookie = cookie_name(secure=secure)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if scope["path"].startswith(API):
            caller = await self._by_key(scope)
        else:
            request: Request[Any, Any, Any] = Request(scope)
            if request.method not in _SAFE:
                refuse_other_sites(request)
            token = request.cookies.get(self._cookie)
            used = AUTOMATIC not in request.headers
            caller = await self._callers.of_session(token, address(request), used=used) if token else None
        scope["state"][_CALLER] = caller
        await next_app(scope, receive, send)

    async def _by_key(self, scope: Scope) -> Caller | None:
        given = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"), "")
        if given[: len(_BEARER)].lower() != _BEARER:
            return None
        return await self._callers.of_key(given[len(_BEARER) :].strip(), _address(scope["client"]))


def refuse_other_sites(request: Request[Any, Any, Any]) -> None:
    """Beside the CSRF token: browsers say where a request comes from (Fetch Metadata), or at least its origin."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        raise Forbidden
    origin = request.headers.get("origin")
    if site is None and origin is not None and origin.partition("://")[2] != request.headers.get("host"):
        raise Forbidden


def address(request: Request[Any, Any, Any]) -> str:
    """The caller's IP address; '' where the server was not told (a Unix socket). Behind a proxy uvicorn puts the one that
    the proxy names, if the proxy is trusted (``--forwarded-allow-ips``)."""
    return _address(request.scope["client"])


def _address(client: tuple[str, int] | None) -> str:
    return _ip(client[0]) if client else ""


@lru_cache(maxsize=10_000)
def _ip(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError:
        return ""


def caller_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Caller | None:
    found = connection.scope["state"].get(_CALLER)
    return found if isinstance(found, Caller) else None


async def provide_caller(request: Request[Any, Any, Any]) -> Caller:
    """The dependency ``caller``. Raises NotSignedIn."""
    caller = caller_of(request)
    if caller is None:
        raise NotSignedIn
    return caller


async def provide_visitor(request: Request[Any, Any, Any]) -> Caller | None:
    """The dependency ``visitor``: whoever it is, None for a stranger."""
    return caller_of(request)


def still_provider(callers: Callers, *, secure: bool) -> Callable[[Request[Any, Any, Any]], Still]:
    """The dependency ``still``: asks whether who made the request is still signed in. For answers that go on for hours."""
    cookie = cookie_name(secure=secure)

    def provide(request: Request[Any, Any, Any]) -> Still:
        token, ip = request.cookies.get(cookie, ""), address(request)

        async def still() -> bool:
            try:
                return await callers.of_session(token, ip, used=False) is not None
            except Unavailable:
                return True  # nobody knows now; the next look will tell

        return still

    return provide


async def signed_in(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard of pages: whoever he is, he must be known."""
    if caller_of(connection) is None:
        raise NotSignedIn


def needs(*scopes: KeyScope) -> Guard:
    """A guard of the API: the key must have these scopes."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        caller = caller_of(connection)
        if caller is None:
            raise NotSignedIn
        if not caller.scopes.issuperset(scopes):
            raise Forbidden

    return guard


def staff(right: Right) -> Guard:
    """A guard of pages for the operator's people. Others are not told that the page exists."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        caller = caller_of(connection)
        if caller is None:
            raise NotSignedIn
        if not caller.may(right):
            raise NotFound

    return guard


def session_cookie(token: str, *, secure: bool) -> Cookie:
    """Lax: a link from a letter finds him signed in; a form of another site does not."""
    return Cookie(
        key=cookie_name(secure=secure),
        value=token,
        max_age=SESSION_S if token else 0,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def cookie_name(*, secure: bool) -> str:
    """The prefix makes browsers refuse one that was set by a sub-domain or without https."""
    return "__Host-dozvon" if secure else "dozvon"
