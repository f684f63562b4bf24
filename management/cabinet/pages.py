"""Rendering: the Jinja environment, and what every template has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar.datastructures import Cookie
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Response, Template
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT, HTTP_303_SEE_OTHER

from management.access.caller import Caller
from management.cabinet.addresses import with_params
from management.cabinet.assets import FOLDER, asset
from management.cabinet.icons import icon
from management.cabinet.navigation import navigation
from management.cabinet.toasts import FLASH_COOKIE, Toast, flash
from management.language import LANGUAGES, Texts, percent

CSRF_FIELD = "_csrf_token"
CSRF_HEADER = "x-csrftoken"
"""The names that Litestar's CSRF middleware reads."""
THEME_COOKIE = "theme"
"""Written by ``app.js``: it concerns nothing but the looks."""
THEMES = ("auto", "light", "dark")
DEFAULT_ZONE = "Europe/Moscow"


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page is given, whatever it shows; made once for each request.

    ``path``, ``query``: of the request. ``theme``: see ``theme_from``. ``csrf``: the token that forms and htmx send back.
    ``balance``: of the account, written out. ``project``: name of the chosen one. ``toasts``: handed over by the
    request before.
    """

    texts: Texts
    path: str = "/"
    query: str = ""
    theme: str = "auto"
    csrf: str = ""
    caller: Caller | None = None
    balance: str | None = None
    project: str | None = None
    toasts: Sequence[Toast] = ()

    @property
    def zone(self) -> str:
        """IANA, in which times are shown."""
        return self.caller.zone if self.caller else DEFAULT_ZONE

    def within(self, balance: str | None, project: str | None) -> Frame:
        return replace(self, balance=balance, project=project)

    def _say(self, message: str, **values: object) -> str:
        """``_("Edit: %(name)s", name=…)``. Plain text: what stands in the places is escaped with the rest, where it is shown."""
        said = self.texts.gettext(message)
        return said % values if values else said

    def context(self) -> dict[str, object]:
        return {
            "texts": self.texts,
            "gettext": self._say,
            "ngettext": self.texts.ngettext,
            "path": self.path,
            "query": self.query,
            "theme": self.theme,
            "csrf": self.csrf,
            "caller": self.caller,
            "zone": self.zone,
            "balance": self.balance,
            "project": self.project,
            "toasts": self.toasts,
            "nav": navigation(self.caller),
        }


def theme_from(cookie: str | None) -> str:
    """One of THEMES; "auto" follows the system."""
    return cookie if cookie in THEMES else "auto"


def template_engine(*more: Path) -> JinjaTemplateEngine:
    """Everything is escaped; a variable that a page was not given is an error, not an empty place.

    ``more``: folders of further templates.
    """
    environment = Environment(
        loader=FileSystemLoader([FOLDER / "templates", *more]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.globals.update(
        asset=asset,
        icon=icon,
        languages=LANGUAGES,
        percent=percent,
        with_params=with_params,
        csrf_field=CSRF_FIELD,
        csrf_header=CSRF_HEADER,
    )
    return JinjaTemplateEngine.from_environment(environment)


def page(frame: Frame, template: str, *, status: int = HTTP_200_OK, **context: object) -> Template:
    """``{% trans %}`` and ``_()`` of the template speak the language of the frame; its formats are in ``texts`` too."""
    shown = [Cookie(FLASH_COOKIE, value="", max_age=0, path="/")] if frame.toasts else []
    return Template(
        template,
        context=frame.context() | {"status": status} | context,
        headers={"content-language": frame.texts.language},
        cookies=shown,
        status_code=status,
    )


def moved(address: str, *toasts: Toast, htmx: bool) -> Response[None]:
    """To another page after a successful action. ``htmx``: the request had ``HX-Request``, and would follow a 303 itself."""
    cookies = (
        [Cookie(FLASH_COOKIE, value=flash(*toasts), path="/", httponly=True, samesite="lax", max_age=60)]
        if toasts
        else []
    )
    if htmx:
        return Response(None, status_code=HTTP_204_NO_CONTENT, headers={"HX-Redirect": address}, cookies=cookies)
    return Response(None, status_code=HTTP_303_SEE_OTHER, headers={"location": address}, cookies=cookies)
