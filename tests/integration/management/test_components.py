"""Each component renders what it is given, escaped, with the attributes that readers and scripts rely on."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from management.cabinet.toasts import FLASH_COOKIE, Toast, Tone, flash
from tests.support.gallery.app import gallery

pytestmark = pytest.mark.integration
Client = AsyncTestClient[Litestar]


@pytest.fixture
async def shown() -> AsyncIterator[Client]:
    async with AsyncTestClient(gallery()) as client:
        yield client


@pytest.fixture
async def page(shown: Client) -> str:
    return (await shown.get("/")).text


def tag(page: str, pattern: str) -> str:
    found = re.search(rf"<[^>]*{pattern}[^>]*>", page)
    assert found, pattern
    return found[0]


@pytest.mark.parametrize("address", ["/", "/empty", "/entry", "/projects/new", "/failed/404", "/failed/429"])
async def test_pages_hold_nothing_that_the_policy_forbids(shown: Client, address: str) -> None:
    page = (await shown.get(address)).text
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|hx-on", page)
    assert all('src="/static/' in script for script in re.findall(r"<script[^>]*>", page))
    for file in re.findall(r'(?:src|href)="(/static/[^"#]+)', page):
        assert (await shown.get(file)).status_code == 200, file
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


async def test_the_frame(page: str) -> None:
    assert tag(page, "hx-headers").count('hx-headers=\'{"x-csrftoken": "a-token"}\'') == 1
    assert 'aria-current="page"' in tag(page, 'href="/" aria-current')
    assert page.count('action="/logout"') == 1
    assert '<html lang="ru">' in page


async def test_the_theme_is_that_of_the_cookie(shown: Client) -> None:
    shown.cookies.set("theme", "dark")
    assert '<html lang="ru" data-bs-theme="dark">' in (await shown.get("/")).text
    shown.cookies.set("theme", '"><script>')
    assert '<html lang="ru">' in (await shown.get("/")).text


async def test_a_form_tells_what_is_wrong_where_it_is(page: str) -> None:
    wrong = tag(page, 'id="bad-email"')
    assert 'aria-invalid="true"' in wrong
    assert 'aria-describedby="bad-email-error"' in wrong
    assert 'value="anna@"' in wrong
    assert "Это не похоже на адрес почты." in page.split('id="bad-email-error"')[1][:200]
    assert '<a href="#bad-email">Это не похоже на адрес почты.</a>' in page
    assert "Проверьте 2 поля:" in page
    right = tag(page, 'id="good-name"')
    assert "aria-invalid" not in right
    assert 'aria-describedby="good-name-hint"' in right
    assert 'maxlength="80"' in right


async def test_inputs_show_the_values(page: str) -> None:
    assert '<option value="number" selected>' in page
    assert 'value="f" checked' in page
    assert "checked" in tag(page, 'id="good-agree"')
    assert "checked" not in tag(page, 'id="good-notify"')
    assert 'autocomplete="new-password"' in tag(page, 'id="good-password"')
    assert page.count('name="_csrf_token" value="a-token"') == len(re.findall(r'<form[^>]*method="post"', page))


async def test_a_table_sorts_pages_and_exports_by_links(shown: Client, page: str) -> None:
    assert 'aria-sort="ascending"' in tag(page, 'class="kind-number" aria-sort')
    assert 'href="/?sort=-id"' in page
    assert 'href="/?cursor=10"' in page
    second = (await shown.get("/?sort=-id&size=10&cursor=10&x=о")).text
    assert re.findall(r'<td class="kind-number" data-label="ID">(\d+)', second)[0] == "113"
    assert 'href="/projects/export?sort=-id&amp;x=%D0%BE&amp;format=csv"' in second
    assert '<input type="hidden" name="sort" value="-id">' in second
    assert "<option selected>10</option>" in second


async def test_what_users_wrote_is_escaped(shown: Client) -> None:
    nasty = '"><script>alert(1)</script>'
    page = (await shown.get("/", params={"name": nasty, "sort": nasty, "lang": nasty})).text
    assert "<script>alert" not in page
    again = (await shown.post("/projects/new", data={"name": "", "about": f"</textarea>{nasty}"})).text
    assert "<script>alert" not in again
    assert "&lt;/textarea&gt;" in again


async def test_toasts_of_the_page_before_are_shown_once(shown: Client) -> None:
    shown.cookies.set(FLASH_COOKIE, flash(Toast("<b>Готово</b>", Tone.WARNING)))
    answer = await shown.get("/empty")
    assert '<div class="toast-card tone-warning"><p>&lt;b&gt;Готово&lt;/b&gt;</p></div>' in answer.text
    assert "Max-Age=0" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    ("code", "told"),
    [(403, "Нет доступа"), (404, "Такой страницы нет"), (429, "через 42 секунды"), (500, "У нас что-то сломалось")],
)
async def test_an_error_page_says_what_to_do(shown: Client, code: int, told: str) -> None:
    answer = await shown.get(f"/failed/{code}")
    assert answer.status_code == code
    assert told in answer.text
    assert "На рабочий стол" in answer.text


async def test_static_files_are_compressed_and_pages_are_not(shown: Client, page: str) -> None:
    style = tag(page, "tabler.min.css").split('href="')[1].split('"')[0]
    answer = await shown.get(style, headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert len(answer.text) > 600_000
    assert "content-encoding" not in (await shown.get("/", headers={"accept-encoding": "gzip"})).headers
