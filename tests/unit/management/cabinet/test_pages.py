from __future__ import annotations

from pathlib import Path

import pytest

from management.access.identity import AUTOMATIC
from management.cabinet import pages
from management.cabinet.icons import icon
from management.cabinet.pages import Frame, moved, page, template_engine, theme_from
from management.cabinet.toasts import FLASH_COOKIE, Toast, read_flash
from management.language import texts


@pytest.mark.parametrize(
    ("cookie", "theme"), [(None, "auto"), ("dark", "dark"), ("light", "light"), ("auto", "auto"), ('"><b>', "auto")]
)
def test_the_theme_of_a_cookie(cookie: str | None, theme: str) -> None:
    assert theme_from(cookie) == theme


def test_toasts_are_shown_once() -> None:
    shown = page(Frame(texts("ru"), toasts=[Toast("x")]), "error.html", status=404)
    assert [(cookie.key, cookie.max_age) for cookie in shown.cookies] == [(FLASH_COOKIE, 0)]
    assert shown.context["status"] == shown.status_code == 404
    assert page(Frame(texts("ru")), "error.html").cookies == []


@pytest.mark.parametrize(("htmx", "status", "header"), [(True, 204, "HX-Redirect"), (False, 303, "location")])
def test_after_an_action(htmx: bool, status: int, header: str) -> None:
    answer = moved("/projects", Toast("Готово"), htmx=htmx)
    assert answer.status_code == status
    assert answer.headers[header] == "/projects"
    assert read_flash(answer.cookies[0].value) == (Toast("Готово"),)


def test_texts_with_places_are_filled_and_escaped_once() -> None:
    template = template_engine().engine.from_string(
        '{{ _("Edit: %(name)s", name=name) }}|{{ _("Owner") }}|{% trans name=name %}Owner: {{ name }}{% endtrans %}'
    )
    shown = template.render(Frame(texts("en")).context() | {"name": "<b>50 %</b>"})
    assert shown == "Edit: &lt;b&gt;50 %&lt;/b&gt;|Owner|Owner: &lt;b&gt;50 %&lt;/b&gt;"


def test_an_unknown_icon_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        icon("no-such-picture")


def test_what_a_page_asks_by_itself_says_so() -> None:
    folder = Path(pages.__file__).parent
    polling = [
        line
        for file in folder.rglob("*.html")
        for line in file.read_text().splitlines()
        if "every " in line and "hx-trigger" in line
    ]
    assert polling and all(f'"{AUTOMATIC}": "1"' in line for line in polling)
    assert f'"{AUTOMATIC}": "1"' in (folder / "static/live.js").read_text()
