"""Who may do what: every page and every operation of the API with what each kind of caller must be answered. This table is written
by hand, and not taken from the application's own one, so that a slip there shows here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Who(StrEnum):
    """On pages by a session, on the API by a key."""

    VISITOR = "visitor"
    """Nobody knows him."""
    OWNER = "owner"
    """A customer; everything that is called is his."""
    VIEWER = "viewer"
    RUNNER = "runner"
    EDITOR = "editor"
    """With whom he shares the project."""
    STRANGER = "stranger"
    """Another account's customer."""
    MIXER = "mixer"
    """The stranger, with a project of his own and the owner's things in it."""
    SUPPORT = "support"
    MODERATOR = "moderator"
    FINANCE = "finance"
    ADMIN = "admin"
    NARROW = "narrow"
    """The owner, by a key that has every scope but the one that is needed."""
    COOKIE = "cookie"
    """The owner's session where a key is needed."""


class Answer(StrEnum):
    IN = "let in"
    """He may. What he gets then (a page, a mistake in the form, a conflict) is for other tests."""
    SIGN_IN = "sign in"
    NO = "forbidden"
    NOTHING = "not found"


Kind = Mapping[Who, Answer]
MEMBERS = (Who.VIEWER, Who.RUNNER, Who.EDITOR)
STAFF = (Who.SUPPORT, Who.MODERATOR, Who.FINANCE, Who.ADMIN)
PAGE = (Who.VISITOR, Who.OWNER, *MEMBERS, Who.STRANGER, *STAFF)
API = (Who.VISITOR, Who.OWNER, *MEMBERS, Who.STRANGER, Who.ADMIN, Who.COOKIE)
SEES_ALL = (Who.SUPPORT, Who.MODERATOR, Who.ADMIN)
"""Every customer's projects, without changing any."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``body``: what is sent; ``{email}`` is the invited one's. ``streams``: an answer without an end is not waited for.
    ``leads_out``: who is let in is led to the sign-in page."""

    answers: Kind
    body: Mapping[str, object] = field(default_factory=dict)
    streams: bool = False
    leads_out: bool = False


def everybody(body: Mapping[str, object] | None = None, *, leads_out: bool = False) -> Rule:
    return Rule(dict.fromkeys(PAGE, Answer.IN), body or {}, leads_out=leads_out)


def signed_in(body: Mapping[str, object] | None = None, *, streams: bool = False) -> Rule:
    return Rule({**dict.fromkeys(PAGE, Answer.IN), Who.VISITOR: Answer.SIGN_IN}, body or {}, streams)


def his_own() -> Rule:
    """A thing of one user, which nobody else may know of, whatever his role."""
    return Rule({**dict.fromkeys(PAGE, Answer.NOTHING), Who.VISITOR: Answer.SIGN_IN, Who.OWNER: Answer.IN})


def picture() -> Rule:
    """Of himself, of those he shares a project with; the staff see all."""
    return Rule({**dict.fromkeys(PAGE, Answer.IN), Who.VISITOR: Answer.SIGN_IN, Who.STRANGER: Answer.NOTHING})


def staff(*roles: Who) -> Rule:
    """Others are not told that it exists."""
    found = {who: Answer.IN if who in roles else Answer.NOTHING for who in PAGE}
    return Rule({**found, Who.VISITOR: Answer.SIGN_IN})


def staff_with(body: Mapping[str, object], *roles: Who) -> Rule:
    return Rule(staff(*roles).answers, body)


def project(needed: str, body: Mapping[str, object] | None = None, *, nested: bool = False) -> Rule:
    """``needed``: view, edit, or own. ``nested``: it names a thing within the project as well."""
    answers = _of_project(needed)
    for who in STAFF:
        seen = Answer.IN if needed == "view" else Answer.NO
        answers[who] = seen if who in SEES_ALL else Answer.NOTHING
    return Rule(answers | ({Who.MIXER: Answer.NOTHING} if nested else {}), body or {})


def people() -> Rule:
    """Whom a project is shared with: for its owner, and for those who see all."""
    return Rule({**project("own").answers, **dict.fromkeys(SEES_ALL, Answer.IN)})


def api(needed: str, body: Mapping[str, object] | None = None, *, nested: bool = False, scoped: bool = True) -> Rule:
    """As ``project``; a key gives no employee more than any customer. ``needed`` "": of the caller himself."""
    answers = _of_project(needed) if needed else dict.fromkeys((Who.OWNER, *MEMBERS, Who.STRANGER), Answer.IN)
    answers |= {Who.VISITOR: Answer.SIGN_IN, Who.COOKIE: Answer.SIGN_IN, Who.ADMIN: answers[Who.STRANGER]}
    if scoped:
        answers[Who.NARROW] = Answer.NO
    return Rule(answers | ({Who.MIXER: Answer.NOTHING} if nested else {}), body or {})


def _of_project(needed: str) -> dict[Who, Answer]:
    order = ("view", "run", "edit", "own")
    held = dict(zip(MEMBERS, order, strict=False))
    allowed = {
        who: Answer.IN if order.index(right) >= order.index(needed) else Answer.NO for who, right in held.items()
    }
    return {**allowed, Who.VISITOR: Answer.SIGN_IN, Who.OWNER: Answer.IN, Who.STRANGER: Answer.NOTHING}


_NAME = {"name": "Новое имя"}
_SHARE = {"email": "somebody@example.com", "right": "view"}
_RIGHT = {"right": "edit"}
_FIELD = {"name": "Город", "variable": "city", "type": "text"}
_INVITED = {"email": "{email}"}

TABLE: dict[str, Rule] = {
    # Open to all.
    "GET /health": everybody(),
    "GET /static/{file_path:path}": everybody(),
    "HEAD /static/{file_path:path}": everybody(),
    "GET /files/{token:str}": everybody(),
    "GET /documents/{name:str}": everybody(),
    "GET /registration": everybody(),
    "POST /registration": everybody(),
    "GET /confirm/sent": everybody(),
    "GET /confirm/again": everybody(),
    "POST /confirm/again": everybody({"email": "somebody@example.com"}),
    "GET /confirm/{secret:str}": everybody(),
    "POST /confirm/{secret:str}": everybody(),
    "GET /recovery": everybody(),
    "POST /recovery": everybody({"email": "somebody@example.com"}),
    "GET /recovery/sent": everybody(),
    "GET /recovery/{secret:str}": everybody(),
    "POST /recovery/{secret:str}": everybody(),
    "GET /login": everybody(),
    "POST /login": everybody(),
    "GET /login/code": everybody(leads_out=True),
    "POST /login/code": everybody(leads_out=True),
    "GET /sign-in/{secret:str}": everybody(),
    "POST /sign-in/{secret:str}": everybody(),
    "POST /logout": everybody(leads_out=True),
    "GET /profile/email/confirm/{secret:str}": everybody(),
    "POST /profile/email/confirm/{secret:str}": everybody(),
    "GET /api": everybody(),
    "GET /api/{path:str}": everybody(),
    "GET /api/openapi.json": everybody(),
    "GET /api/v1/openapi.json": everybody(),
    # Whoever is signed in; what is shown is his own, or of the project that he works in.
    "GET /": signed_in(),
    "GET /live": signed_in(streams=True),
    "GET /campaigns": signed_in(),
    "GET /calls": signed_in(),
    "GET /segments": signed_in(),
    "GET /scenarios": signed_in(),
    "GET /statistics": signed_in(),
    "GET /materials": signed_in(),
    "GET /tracker": signed_in(),
    "GET /support": signed_in(),
    "GET /telephony": signed_in(),
    "GET /finance": signed_in(),
    "GET /finance/top-ups": signed_in(),
    "GET /settings": signed_in(),
    "GET /settings/tags": signed_in(),
    "GET /settings/integrations": signed_in(),
    "GET /projects": signed_in(),
    "GET /projects/shared": signed_in(),
    "GET /projects/archive": signed_in(),
    "GET /projects/new": signed_in(),
    "POST /projects/new": signed_in(_NAME),
    "GET /profile": signed_in(),
    "POST /profile": signed_in(),
    "POST /profile/avatar": signed_in(),
    "POST /profile/avatar/remove": signed_in(),
    "GET /profile/avatar/{user:int}": picture(),
    "GET /profile/email": signed_in(),
    "POST /profile/email": signed_in(),
    "GET /profile/phone": signed_in(),
    "POST /profile/phone": signed_in(),
    "GET /profile/phone/progress": signed_in(),
    "POST /profile/phone/code": signed_in(),
    "GET /profile/password": signed_in(),
    "POST /profile/password": signed_in(),
    "GET /profile/security": signed_in(),
    "POST /profile/security/begin": signed_in(),
    "POST /profile/security/leave": signed_in(),
    "POST /profile/security/enable": signed_in(),
    "POST /profile/security/codes": signed_in(),
    "POST /profile/security/disable": signed_in(),
    "GET /profile/sessions": signed_in(),
    "POST /profile/sessions/end-others": signed_in(),
    "POST /profile/sessions/{session:int}/end": his_own(),
    "GET /profile/keys": signed_in(),
    "GET /profile/keys/new": signed_in(),
    "POST /profile/keys/new": signed_in(),
    "POST /profile/keys/{key:int}/revoke": his_own(),
    "GET /profile/journal": signed_in(),
    "GET /profile/data": signed_in(),
    "GET /profile/data/exports": signed_in(),
    "POST /profile/data/exports": signed_in(),
    "GET /profile/data/exports/{task:uuid}": his_own(),
    "POST /profile/data/delete": signed_in(),
    # A project's pages.
    "GET /projects/{project:int}": project("view"),
    "POST /projects/{project:int}": project("edit", _NAME),
    "POST /projects/{project:int}/archive": project("own"),
    "POST /projects/{project:int}/restore": project("own"),
    "GET /projects/{project:int}/fields": project("view"),
    "GET /projects/{project:int}/fields/new": project("edit"),
    "POST /projects/{project:int}/fields/new": project("edit", _FIELD),
    "GET /projects/{project:int}/fields/{item:int}": project("edit", nested=True),
    "POST /projects/{project:int}/fields/{item:int}": project("edit", _NAME, nested=True),
    "POST /projects/{project:int}/fields/{item:int}/remove": project("edit", nested=True),
    "GET /projects/{project:int}/tags": project("view"),
    "GET /projects/{project:int}/tags/new": project("edit"),
    "POST /projects/{project:int}/tags/new": project("edit", _NAME),
    "GET /projects/{project:int}/tags/{item:int}": project("edit", nested=True),
    "POST /projects/{project:int}/tags/{item:int}": project("edit", _NAME, nested=True),
    "POST /projects/{project:int}/tags/{item:int}/remove": project("edit", nested=True),
    "GET /projects/{project:int}/users": people(),
    "GET /projects/{project:int}/users/new": project("own"),
    "POST /projects/{project:int}/users/new": project("own", _SHARE),
    "GET /projects/{project:int}/users/{user:int}": project("own", nested=True),
    "POST /projects/{project:int}/users/{user:int}": project("own", _RIGHT, nested=True),
    "POST /projects/{project:int}/users/{user:int}/revoke": project("own", nested=True),
    "POST /projects/{project:int}/invitations/withdraw": project("own", _INVITED, nested=True),
    # The operator's people.
    "GET /system": staff(*STAFF),
    "GET /system/live": staff(*STAFF),
    "GET /staff/users": staff(*STAFF),
    "GET /staff/users/{user:int}": staff(*STAFF),
    "GET /staff/users/new": staff(Who.ADMIN),
    "POST /staff/users/new": staff_with({"email": "new@example.com", "role": "support"}, Who.ADMIN),
    "POST /staff/users/{user:int}/role": staff_with({"role": "support"}, Who.ADMIN),
    "POST /staff/users/{user:int}/block": staff(Who.ADMIN),
    "POST /staff/users/{user:int}/unblock": staff(Who.ADMIN),
    "POST /staff/users/{user:int}/sign-out": staff(Who.ADMIN),
    "GET /staff/journal": staff(Who.SUPPORT, Who.ADMIN),
    "GET /staff/jobs": staff(Who.SUPPORT, Who.ADMIN),
    "GET /staff/jobs/{job:int}": staff(Who.SUPPORT, Who.ADMIN),
    "POST /staff/jobs/{job:int}/retry": staff(Who.ADMIN),
    "POST /staff/jobs/{job:int}/discard": staff(Who.ADMIN),
    "GET /staff/outbox": staff(Who.ADMIN),
    "GET /staff/outbox/{message:uuid}": staff(Who.ADMIN),
    "GET /staff/outbox/{message:uuid}/html": staff(Who.ADMIN),
    "POST /staff/outbox/{message:uuid}/again": staff(Who.ADMIN),
    # The API.
    "GET /api/v1/me": api("", scoped=False),
    "GET /api/v1/projects": api(""),
    "POST /api/v1/projects": api("", _NAME),
    "GET /api/v1/projects/{project:int}": api("view"),
    "PATCH /api/v1/projects/{project:int}": api("edit", _NAME),
    "POST /api/v1/projects/{project:int}/archive": api("own"),
    "POST /api/v1/projects/{project:int}/restore": api("own"),
    "GET /api/v1/projects/{project:int}/fields": api("view"),
    "POST /api/v1/projects/{project:int}/fields": api("edit", _FIELD),
    "PATCH /api/v1/projects/{project:int}/fields/{field:int}": api("edit", _NAME, nested=True),
    "DELETE /api/v1/projects/{project:int}/fields/{field:int}": api("edit", nested=True),
    "GET /api/v1/projects/{project:int}/tags": api("view"),
    "POST /api/v1/projects/{project:int}/tags": api("edit", _NAME),
    "PATCH /api/v1/projects/{project:int}/tags/{tag:int}": api("edit", _NAME, nested=True),
    "DELETE /api/v1/projects/{project:int}/tags/{tag:int}": api("edit", nested=True),
    "GET /api/v1/projects/{project:int}/members": api("own"),
    "POST /api/v1/projects/{project:int}/members": api("own", _SHARE),
    "PATCH /api/v1/projects/{project:int}/members/{user:int}": api("own", _RIGHT, nested=True),
    "DELETE /api/v1/projects/{project:int}/members/{user:int}": api("own", nested=True),
    "DELETE /api/v1/projects/{project:int}/invitations/{email:str}": api("own", nested=True),
    "GET /api/v1/campaigns": api(""),
    "GET /api/v1/campaigns/{campaign:int}": api("view"),
    "GET /api/v1/calls": api(""),
    "GET /api/v1/calls/{call:uuid}": api("view"),
}
SCOPES = {"GET": "read", "POST": "write", "PATCH": "write", "DELETE": "write"}
"""What a key needs for an operation of the API."""
