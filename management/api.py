"""What all of ``/api/v1`` shares: OpenAPI's head, answers of errors, headers of limits and versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from litestar import Request, Response
from litestar.datastructures import ResponseHeader
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import (
    Components,
    Example,
    OpenAPIType,
    Operation,
    Parameter,
    Schema,
    SecurityScheme,
    Server,
    Tag,
)
from litestar.params import HeaderParameter, PathParameter, QueryParameter
from litestar.types import Message, Scope

from engine.domain.errors import DozvonError, Unavailable
from engine.domain.text import mark
from management.access.idempotency import LONGEST, PRINTABLE
from management.access.identity import caller_of
from management.access.throttle import Bucket, Left
from management.cabinet.frames import texts_of
from management.errors import PROBLEM_JSON, Problem, ProblemField, TooMany, invalid, problem_of
from management.language import Texts
from management.openapi import Document
from management.paging import MOST

BASE = "/api/v1"
_LEFT = "dozvon_left"


def problem(status: int, code: str, title: str, description: str, *errors: ProblemField) -> ResponseSpec:
    example = Example(summary=description, value=Problem(title, status, code, errors=list(errors)))
    return ResponseSpec(Problem, False, description, PROBLEM_JSON, [example])


_EMPTY = ProblemField("name", "required", "This field must be filled in")
PROBLEMS = {
    400: problem(400, "bad_request", "The request cannot be read", "The request cannot be read"),
    401: problem(401, "not_signed_in", "Sign in first", "No key, or one that is not valid"),
    403: problem(403, "forbidden", "Your rights do not allow this", "The key's scopes or your rights do not allow it"),
    404: problem(404, "not_found", "There is nothing at this address, or you have no access to it",
                 "There is no such thing, or you have no access to it"),
    422: problem(422, "invalid", "Some fields are filled in wrongly",
                 "Fields that cannot be taken; `errors` names each", _EMPTY),
    429: problem(429, "too_many", "Too many attempts. Try again in 3 s",
                 "Too many requests; `Retry-After` says when to come again"),
    503: problem(503, "postgres_unreachable", "The service is away for a moment: try again",
                 "The database is away; try again"),
}  # fmt: skip
"""What any operation may answer (each handler's ``responses``). Those that change something add CHANGES."""
CHANGES = {
    409: problem(409, "archived", "The project is in the archive: restore it first", "The thing's state forbids it"),
    413: problem(413, "http_413", "Request Entity Too Large", "The body is larger than 1 MB"),
}
VERSIONED = {
    412: problem(412, "outdated", "It has been changed meanwhile. Look at the new state and try again",
                 "It was changed meanwhile: `If-Match` fits no more"),
}  # fmt: skip
"""Of operations that take IfMatch."""

IfMatch = Annotated[
    str,
    HeaderParameter(
        name="If-Match",
        description="The ETag that the change was made from: it is refused (412) if somebody was faster",
        examples=[Example(value='"1"')],
    ),
]
Number = Annotated[int, PathParameter(ge=1, le=2**63 - 1)]
Limit = Annotated[int, QueryParameter(ge=1, le=MOST, description="Items of one page")]
Cursor = Annotated[str, QueryParameter(description="`next` or `previous` of another page of the same list and order")]
ETAG = ResponseHeader(name="ETag", documentation_only=True, description='Version of the answer, for `If-Match`: `"1"`')
LOCATION = ResponseHeader(name="Location", documentation_only=True, description="Address of what was created")
LIMITS = [
    ResponseHeader(name="RateLimit-Limit", documentation_only=True, description="Requests a minute"),
    ResponseHeader(name="RateLimit-Remaining", documentation_only=True, description="What is left of them"),
    ResponseHeader(name="RateLimit-Reset", documentation_only=True, description="Seconds until all are there again"),
]
_IDEMPOTENCY_KEY = Parameter(
    name="Idempotency-Key",
    param_in="header",
    description="Any text of yours; the same request with the same key has its effect once, for a day",
    schema=Schema(type=OpenAPIType.STRING, min_length=1, max_length=LONGEST, pattern=f"^{PRINTABLE.pattern}$"),
    examples={"order": Example(value="order-1")},
)


@dataclass
class Post(Operation):
    """The ``operation_class`` of every POST."""

    def __post_init__(self) -> None:
        self.parameters = [*(self.parameters or ()), _IDEMPOTENCY_KEY]


def example(*examples: object, about: str | None = None, most: int | None = None) -> msgspec.Meta:
    """What the schema says of a field. ``most``: characters, after surplus spaces are taken out; the service checks it, and
    tells more of it than a decoder can."""
    limits = {"extra": {"max_length": most}} if most else {}
    return msgspec.Meta(description=about, examples=list(examples), extra_json_schema=limits)


def sorted_by(*keys: str) -> Any:
    """The parameter ``sort`` of a list."""
    values = [sign + key for key in keys for sign in ("", "-")]
    return QueryParameter(
        description="Order; with a minus sign descending",
        schema_extra={"enum": values},
        examples=[Example(value=values[1])],
    )


def openapi(version: str, site: str) -> OpenAPIConfig:
    """``site``: the cabinet's address."""
    return OpenAPIConfig(
        title="Dozvon API",
        version=version,
        description=(
            "Authenticate with `Authorization: Bearer KEY`; keys are made in the cabinet, Profile → API keys. "
            "Lists take `limit`, `cursor` and `sort` (a minus sign: descending) and answer `items`, `next` and `previous`. "
            "Errors are problems as RFC 9457 has them. POSTs take `Idempotency-Key`; changes take `If-Match`."
        ),
        path="/api",
        servers=[Server(url=site)],
        render_plugins=[Document(path="/v1/openapi.json")],
        components=Components(
            security_schemes={"key": SecurityScheme(type="http", scheme="bearer", description="An API key: `dzv_…`")}
        ),
        security=[{"key": []}],
        tags=[
            Tag(name="Profile", description="Whose key this is"),
            Tag(name="Projects", description="Projects, their contacts' fields, tags, and people they are shared with"),
            Tag(name="Campaigns", description="Campaigns and how far they are"),
            Tag(name="Calls", description="Calls that have ended"),
        ],
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
        told = (
            (b"ratelimit-limit", left.limit),
            (b"ratelimit-remaining", left.remaining),
            (b"ratelimit-reset", left.reset_s),
        )
        message["headers"] = [*message["headers"], *((name, b"%d" % value) for name, value in told)]


def answer(error: Exception, texts: Texts) -> Response[Problem]:
    """The problem that ``error`` is."""
    if isinstance(error, Unavailable):
        # Drivers' words name hosts and ports: they are for the log, and strangers read this.
        told = Problem(texts.gettext(mark("The service is away for a moment: try again")), 503, error.code)
    elif isinstance(error, DozvonError):
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


UNREADABLE = (UnicodeDecodeError, RecursionError)
"""What msgspec lets through where a body is not UTF-8, or nested without end."""


def unreadable(request: Request[Any, Any, Any], _: Exception) -> Response[Problem]:
    return answer(ValidationException(), texts_of(request))


def _of_http(error: HTTPException, texts: Texts) -> Problem:
    if not isinstance(error, ValidationException):
        return Problem(texts.gettext(error.detail), error.status_code, f"http_{error.status_code}")
    extra = error.extra if isinstance(error.extra, list) else []
    errors = [ProblemField(str(each.get("key", "")), "invalid", str(each.get("message", ""))) for each in extra]
    return Problem(texts.gettext(mark("The request cannot be read")), 400, "bad_request", errors=errors)


def etag(version: int) -> str:
    return f'"{version}"'


def version_of(if_match: str) -> int | None:
    """The version that a change was made from; None when the client does not care (``*`` or no header)."""
    given = if_match.strip()
    if given in ("", "*"):
        return None
    text = given.removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise invalid("If-Match", "etag", mark("An ETag as the API gave it is needed"))
    return int(text)
