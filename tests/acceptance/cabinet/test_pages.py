"""Every page over a database as an installation has it after some weeks: its looks, and the files that its lists can be taken home as."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.conftest import fresh_database
from tests.support.browser import Look, opened, wrong_in_any_look
from tests.support.pictures import SHOTS, Exhibition, exhibited, signed_in, visited

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shown(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exhibition]:
    async with fresh_database(postgres) as dsn, exhibited(dsn, tmp_path_factory.mktemp("media")) as shown:
        yield shown


@pytest.mark.parametrize("who", sorted({each.who for each in SHOTS}))
async def test_every_page_is_good_in_every_look(shown: Exhibition, browser: Browser, who: str) -> None:
    page = await opened(browser, Look())
    if who:
        await signed_in(page, shown, who)
    wrong = {}
    for number, each in enumerate(each for each in SHOTS if each.who == who):
        language = ("ru", "en")[number % 2]
        found = [*await visited(page, shown, each, language), *await wrong_in_any_look(page)]
        if await page.get_by_role("heading", level=1).count() != 1:
            found.append("not one heading of the first level")
        if found:
            wrong[each.name] = found
    await page.context.close()
    assert wrong == {}


@pytest_asyncio.fixture(loop_scope="session")
async def calls(shown: Exhibition, browser: Browser) -> AsyncIterator[Page]:
    """The list of calls, filtered by a click: goals only."""
    page = await opened(browser, Look())
    await signed_in(page, shown, "customer")
    await page.goto(f"{shown.address}/calls")
    await page.get_by_label("Результат").select_option("lead")
    await expect(page).to_have_url(re.compile("result=lead"))
    await expect(page.get_by_role("cell", name="Автоответчик")).to_have_count(0)
    yield page
    await page.context.close()


async def test_a_filtered_list_as_csv(shown: Exhibition, calls: Page) -> None:
    file = await _downloaded(calls, "CSV")
    rows = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig")), delimiter=";"))
    assert rows[0][:2] == ["Дата", "Номер телефона"]
    assert len(rows) - 1 == await _leads(shown)
    assert {row[rows[0].index("Результат")] for row in rows[1:]} == {"Лид"}
    assert all(re.fullmatch(r"\+7\d{10}", row[1]) for row in rows[1:])


async def test_a_filtered_list_as_xlsx(shown: Exhibition, calls: Page) -> None:
    with zipfile.ZipFile(await _downloaded(calls, "XLSX")) as book:
        assert book.testzip() is None
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") - 1 == await _leads(shown)
    assert sheet.count(">Лид<") == await _leads(shown)


async def test_the_next_page_of_a_list(calls: Page) -> None:
    await expect(calls.locator("tbody tr")).to_have_count(25)
    first = await calls.locator("tbody tr").first.inner_text()
    await calls.get_by_role("link", name="Далее").click()
    await expect(calls.locator("tbody tr").first).not_to_have_text(first)
    await calls.get_by_role("link", name="Назад").click()
    await expect(calls.locator("tbody tr").first).to_have_text(re.compile(re.escape(first.split("\t")[1])))


async def _downloaded(page: Page, form: str) -> Path:
    async with page.expect_download() as download:
        await page.get_by_role("link", name=form).click()
    return await (await download.value).path()


async def _leads(shown: Exhibition) -> int:
    return int(await shown.database.fetchval("select count(*) from calls where result = 'lead'"))
