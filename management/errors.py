"""The cabinet's errors, and what each becomes: a problem (RFC 9457) for the API, a page or a form with notes for people.

They continue the engine's tree (engine.domain.errors): a stable code, an English text, parameters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import msgspec

from engine.domain.errors import BadInput, DozvonError, Refused, Unavailable
from engine.domain.text import mark

PROBLEM_JSON = "application/problem+json"


@dataclass(frozen=True, slots=True)
class FieldError:
    """``path``: the field as the request names it, nested ones with dots and indexes: ``members.0.email``."""

    path: str
    code: str
    message: str
    params: dict[str, object] = field(default_factory=dict)


class Invalid(BadInput):
    """Fields of a request that cannot be taken."""

    def __init__(self, *fields: FieldError) -> None:
        super().__init__("invalid", mark("Some fields are filled in wrongly"))
        self.fields: Sequence[FieldError] = fields


def invalid(path: str, code: str, message: str, **params: object) -> Invalid:
    """Invalid with one field."""
    return Invalid(FieldError(path, code, message, params))


class NotFound(Refused):
    """There is no such thing, or the caller may not know of it."""

    def __init__(self) -> None:
        super().__init__("not_found", mark("There is nothing at this address, or you have no access to it"))


class Forbidden(Refused):
    """The caller may see it, but not do this."""

    def __init__(self) -> None:
        super().__init__("forbidden", mark("Your rights do not allow this"))


class NotSignedIn(Refused):
    def __init__(self) -> None:
        super().__init__("not_signed_in", mark("Sign in first"))


class Conflict(Refused):
    """Somebody else was faster, or the thing's state forbids it."""


class Outdated(Conflict):
    """What the caller changed is no longer what he saw."""

    def __init__(self) -> None:
        super().__init__("outdated", mark("It has been changed meanwhile. Look at the new state and try again"))


class TooMany(Refused):
    """``retry_after_s``: when the next attempt has a chance."""

    def __init__(
        self, retry_after_s: float, message: str = mark("Too many attempts. Try again in {seconds} s"), **params: object
    ) -> None:
        """``message`` may name the time until then: ``seconds``, or ``hours`` and ``minutes`` of a longer one."""
        self.retry_after_s = max(1, math.ceil(retry_after_s))
        hours, minutes = divmod(math.ceil(self.retry_after_s / 60), 60)
        super().__init__("too_many", message, seconds=self.retry_after_s, hours=hours, minutes=minutes, **params)


class ProblemField(msgspec.Struct, frozen=True):
    """One field of a problem."""

    field: Annotated[str, msgspec.Meta(examples=["name"], description="As the request names it, nested ones with dots")]
    code: Annotated[str, msgspec.Meta(examples=["required"])]
    message: Annotated[str, msgspec.Meta(examples=["This field must be filled in"])]


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """A problem as RFC 9457 has it, with our ``code`` and ``errors``."""

    title: Annotated[str, msgspec.Meta(examples=["Some fields are filled in wrongly"], description="For people")]
    status: Annotated[int, msgspec.Meta(examples=[422])]
    code: Annotated[str, msgspec.Meta(examples=["invalid"], description="Stable, for programs")]
    type: str = "about:blank"
    detail: str = ""
    errors: list[ProblemField] = []


def status_of(error: DozvonError) -> int:
    """The HTTP status of an error."""
    match error:
        case NotSignedIn():
            return 401
        case NotFound():
            return 404
        case TooMany():
            return 429
        case Outdated():
            return 412
        case Forbidden():
            return 403
        case Refused():
            return 409
        case Unavailable():
            return 503
    return 422 if isinstance(error, Invalid) else 400


def problem_of(error: DozvonError, gettext: Callable[[str], str]) -> Problem:
    """In the language of ``gettext``."""
    fields = error.fields if isinstance(error, Invalid) else ()
    return Problem(
        title=told(error, gettext),
        status=status_of(error),
        code=error.code,
        errors=[ProblemField(each.path, each.code, said(each, gettext)) for each in fields],
    )


def told(error: DozvonError, gettext: Callable[[str], str]) -> str:
    return gettext(error.message).format(**error.params)


def said(error: FieldError, gettext: Callable[[str], str]) -> str:
    return gettext(error.message).format(**error.params)
