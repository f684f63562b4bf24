"""Rendering: the Jinja environment, the variables every template has, addresses of static files."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Template

from management.language import LANGUAGES, Texts, percent

_FOLDER = Path(__file__).parent
STATIC = _FOLDER / "static"
STATIC_PATH = "/static"


def template_engine() -> JinjaTemplateEngine:
    """Everything is escaped; a variable that a page was not given is an error, not an empty place."""
    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.globals.update(asset=asset, languages=LANGUAGES, percent=percent)
    return JinjaTemplateEngine.from_environment(environment)


def page(texts: Texts, template: str, **context: object) -> Template:
    """``{% trans %}`` and ``_()`` of the template speak the language of ``texts``; its formats are in ``texts`` too."""
    return Template(
        template,
        context={"texts": texts, "gettext": texts.gettext, "ngettext": texts.ngettext, **context},
        headers={"content-language": texts.language},
    )


@cache
def asset(name: str) -> str:
    """The address of a static file; it changes with the content, so that browsers may keep the file for ever."""
    digest = sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"{STATIC_PATH}/{name}?v={digest}"
