"""The project that somebody works in: its sections of the cabinet show it. A cookie names it, and each use asks whether it is
still his to see, so that the cookie gives no right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litestar import Request
from litestar.datastructures import Cookie

from engine.storage.database import Database
from engine.storage.queries import load
from management.access.caller import Caller
from management.access.identity import caller_of

_SQL = load(Path(__file__).parent / "queries.sql")
PLACE_COOKIE = "project"
_YEAR_S = 31_536_000
_MOST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Place:
    """``access``: view, run, edit or own. An archived project is a place too: its past can be looked at."""

    project: int
    name: str
    access: str
    archived: bool


async def place_of(database: Database, caller: Caller, text: str) -> Place | None:
    """``text``: of the cookie."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    if not 0 < number <= _MOST:
        return None
    row = await database.fetchrow(_SQL["place"], number, caller.account, caller.user, caller.sees_all)
    return None if row is None else Place(row["id"], row["name"], row["access"], row["archived"])


async def places_of(database: Database, caller: Caller) -> list[int]:
    """His own projects and those shared with him."""
    return [row["id"] for row in await database.fetch(_SQL["places"], caller.account, caller.user)]


def place_provider(database: Callable[[], Database]) -> Callable[[Request[Any, Any, Any]], Any]:
    """The dependency ``place``: None when no project is chosen."""

    async def provide(request: Request[Any, Any, Any]) -> Place | None:
        caller, text = caller_of(request), request.cookies.get(PLACE_COOKIE)
        return None if caller is None or not text else await place_of(database(), caller, text)

    return provide


def place_cookie(project: int) -> Cookie:
    """Sent with a page of the project: who opens it works in it."""
    return Cookie(PLACE_COOKIE, value=str(project), max_age=_YEAR_S, path="/", httponly=True, samesite="lax")
