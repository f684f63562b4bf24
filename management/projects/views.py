"""What the pages of a project share."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request
from litestar.params import PathParameter, QueryParameter
from litestar.response import Template

from engine.domain.errors import Refused
from management.access.caller import Caller
from management.access.places import place_cookie
from management.cabinet.forms import Form, errors
from management.cabinet.pages import Frame, page
from management.errors import Invalid, told
from management.language import Texts
from management.projects.schemas import Access, Project

Number = Annotated[int, PathParameter(ge=1, le=2**63 - 1)]
Within = Annotated[str, QueryParameter(max_length=20)]
SETTINGS = "settings"
"""``?within=settings``: the reader came from the section «Settings» and goes back there."""


class NameForm(msgspec.Struct, frozen=True):
    """``was``: the name that the form was filled with."""

    name: str = ""
    was: str = ""


def project_page(
    frame: Frame, caller: Caller, project: Project, template: str, *, status: int = 200, **context: object
) -> Template:
    """Who opens a project works in it from then on. In templates the project is ``it``."""
    shown = page(
        frame.within(frame.balance, project.name),
        template,
        status=status,
        **{
            "it": project,
            "owns": project.access is Access.OWN,
            "edits": project.access.covers(Access.EDIT) and project.archived_at is None,
            "sees_people": project.access is Access.OWN or caller.sees_all,
            "within": "",
            **context,
        },
    )
    shown.set_cookie(place_cookie(project.id))
    return shown


def failed(texts: Texts, values: msgspec.Struct, error: Invalid | Refused, form: str = "form") -> Form:
    """The form as it was filled in, with what is wrong."""
    wrong = errors(texts, error.fields) if isinstance(error, Invalid) else {"": told(error, texts.gettext)}
    return Form(msgspec.structs.asdict(values), wrong, form)


def htmx(request: Request[Any, Any, Any]) -> bool:
    return "hx-request" in request.headers
