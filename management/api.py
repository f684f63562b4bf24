"""What all of ``/api/v1`` shares: OpenAPI's head, answers of errors, headers of limits and versions."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from litestar.datastructures import MutableScopeHeaders
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import Message, Scope

from engine.domain.errors import DozvonError
from engine.domain.text import mark
from management.access.identity import caller_of
from management.access.throttle import Bucket, Left
from management.errors import PROBLEM_JSON, Problem, ProblemField, TooMany, invalid, problem_of
from management.language import Texts

BASE = "/api/v1"
_LEFT = "dozvon_left"


def problem(description: str) -> ResponseSpec:
    return ResponseSpec(data_container=Problem, description=description, media_type=PROBLEM_JSON)


PROBLEMS = {
    400: problem("The request cannot be read"),
    401: problem("No key, or one that is not valid"),
    403: problem("The key's scopes or the user's rights do not allow it"),
    404: problem("There is no such thing, or you have no access to it"),
    422: problem("Fields that cannot be taken; `errors` names each"),
    429: problem("Too many requests; `Retry-After` says when to come again"),
    503: problem("The database is away; try again"),
}
"""What any operation may answer (each handler's ``responses``). Those that change something add CHANGES."""
CHANGES = {
    409: problem("The thing's state forbids it"),
    412: problem("It was changed meanwhile: `If-Match` fits no more"),
}


def openapi(version: str) -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Dozvon API",
        version=version,
        description=(
            "Authenticate with `Authorization: Bearer KEY`; keys are made in the cabinet, Profile → API keys. "
            "Lists take `limit`, `cursor` and `sort` (a minus sign: descending) and answer `items` and `next`. "
            "Errors are problems as RFC 9457 has them. POSTs take `Idempotency-Key`; changes take `If-Match`."
        ),
        path="/api",
        render_plugins=[JsonRenderPlugin(path="/v1/openapi.json")],
        components=Components(
            security_schemes={"key": SecurityScheme(type="http", scheme="bearer", description="An API key: `dzv_…`")}
        ),
        security=[{"key": []}],
        use_handler_docstrings=True,
    )


def limit_requests(bucket: Bucket) -> Any:
    """A ``before_request`` hook of the API."""

    async def hook(request: Request[Any, Any, Any]) -> None:
        caller = caller_of(request)
        if caller is not None:
            request.scope["state"][_LEFT] = bucket.take(int(caller.user))

    return hook


async def tell_limit(message: Message, scope: Scope) -> None:
    """A ``before_send`` hook: headers of draft-ietf-httpapi-ratelimit-headers-07, which clients know."""
    left = scope["state"].get(_LEFT)
    if message["type"] == "http.response.start" and isinstance(left, Left):
        headers = MutableScopeHeaders.from_message(message)
        headers["RateLimit-Limit"] = str(left.limit)
        headers["RateLimit-Remaining"] = str(left.remaining)
        headers["RateLimit-Reset"] = str(left.reset_s)


def answer(error: Exception, texts: Texts) -> Response[Problem]:
    """The problem that ``error`` is."""
    if isinstance(error, DozvonError):
        told = problem_of(error, texts.gettext)
    elif isinstance(error, HTTPException):
        told = _of_http(error, texts)
    else:
        told = Problem(texts.gettext(mark("Something broke here; it has been noted")), 500, "internal")
    headers = {"content-language": texts.language}
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.retry_after_s)
    if told.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, HTTPException) and error.headers and "Allow" in error.headers:
        headers["Allow"] = error.headers["Allow"]
    return Response(told, status_code=told.status, media_type=PROBLEM_JSON, headers=headers)


def _of_http(error: HTTPException, texts: Texts) -> Problem:
    if not isinstance(error, ValidationException):
        return Problem(texts.gettext(error.detail), error.status_code, f"http_{error.status_code}")
    extra = error.extra if isinstance(error.extra, list) else []
    errors = [ProblemField(str(each.get("key", "")), "invalid", str(each.get("message", ""))) for each in extra]
    return Problem(texts.gettext(mark("The request cannot be read")), 400, "bad_request", errors=errors)


def etag(version: int) -> str:
    return f'"{version}"'


def version_of(if_match: str | None) -> int | None:
    """The version that a change was made from; None when the client does not care (``*`` or no header)."""
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise invalid("If-Match", "etag", mark("An ETag as the API gave it is needed"))
    return int(text)
