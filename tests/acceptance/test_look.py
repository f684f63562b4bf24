"""The components in a real browser: what axe says of them, and that dialogs, menus and tables do what they should."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from tests.support.browser import LOOKS, Look, chromium, complaints, findings, opened, served
from tests.support.gallery.app import gallery

pytestmark = pytest.mark.acceptance


@pytest.fixture
async def address() -> AsyncIterator[str]:
    async with served(gallery()) as address:
        yield address


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
async def test_axe_finds_nothing_serious_and_nothing_overflows(address: str, browser: Browser, look: Look) -> None:
    page = await opened(browser, look)
    said = complaints(page)
    for path in ("/", "/empty", "/entry", "/projects/new", "/failed/429"):
        await page.goto(address + path)
        assert await findings(page) == [], path
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert await page.locator("html").get_attribute("lang") == look.language
    assert [line for line in said if "429" not in line] == []


async def test_a_dialog_keeps_mistakes_and_gives_the_focus_back(address: str, browser: Browser) -> None:
    page = await opened(browser, Look())
    await page.goto(address)
    opener = page.get_by_role("link", name="Создать")
    await opener.click()
    dialog = page.get_by_role("dialog", name="Создать проект")
    await expect(dialog).to_be_visible()
    assert await findings(page) == []
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(opener).to_be_focused()
    await opener.click()
    await dialog.get_by_role("button", name="Создать").click()
    await expect(dialog.get_by_role("alert")).to_be_focused()
    await expect(dialog.get_by_label("Название")).to_have_attribute("aria-invalid", "true")
    await dialog.get_by_label("Название").fill("Весна")
    await dialog.get_by_role("button", name="Создать").click()
    await expect(page.get_by_text("Проект «Весна» создан")).to_be_visible()
    assert page.url == f"{address}/"


async def test_a_destructive_action_is_asked_about(address: str, browser: Browser) -> None:
    page = await opened(browser, Look())
    await page.goto(address)
    question = page.get_by_role("dialog", name="Удалить проект «Осень»?")
    await page.get_by_role("button", name="Удалить", exact=True).click()
    await question.get_by_role("button", name="Отмена").click()
    await expect(question).to_be_hidden()
    await expect(page.locator(".toast-card")).to_have_count(0)
    await page.get_by_role("button", name="Удалить", exact=True).click()
    await question.get_by_role("button", name="Удалить").click()
    await expect(page.get_by_text("Проект в архиве")).to_be_visible()


async def test_a_table_is_exchanged_without_leaving_the_page(address: str, browser: Browser) -> None:
    page = await opened(browser, Look())
    await page.goto(address)
    await page.evaluate("window.stayed = true")
    await page.get_by_role("link", name="Название", exact=True).click()
    await expect(page.get_by_role("columnheader", name="Название")).to_have_attribute("aria-sort", "ascending")
    await page.get_by_label("Показать по").select_option("25")
    await expect(page.locator("tbody tr").filter(has=page.locator("td[data-label=ID]"))).to_have_count(23)
    assert page.url == f"{address}/?sort=name&size=25"
    assert await page.evaluate("window.stayed")
    await page.get_by_role("button", name="Ещё").first.click()
    await expect(page.get_by_role("link", name="Поделиться").first).to_be_visible()


async def test_the_theme_is_remembered(address: str, browser: Browser) -> None:
    page = await opened(browser, Look(theme="dark"))
    await page.goto(address)
    await expect(page.locator("body")).to_have_css("background-color", "rgb(14, 19, 28)")
    await page.get_by_role("button", name="Светлое").click()
    await expect(page.locator("body")).to_have_css("background-color", "rgb(244, 246, 251)")
    await page.reload()
    await expect(page.locator("body")).to_have_css("background-color", "rgb(244, 246, 251)")
    await page.get_by_role("button", name="Как в системе").click()
    await page.reload()
    await expect(page.locator("body")).to_have_css("background-color", "rgb(14, 19, 28)")


async def test_small_controls(address: str, browser: Browser) -> None:
    page = await opened(browser, Look())
    await page.goto(address)
    await page.get_by_label("Пароль", exact=True).fill("secret words")
    await page.get_by_role("button", name="Показать пароль").click()
    await expect(page.get_by_label("Пароль", exact=True)).to_have_attribute("type", "text")
    await page.get_by_role("button", name="Отмена: Импорт клиентов.csv").click()
    await expect(page.get_by_text("Отменено, токен a-token")).to_be_visible()
    await page.get_by_role("button", name="Копировать").click()
    await expect(page.get_by_text("Скопировано")).to_be_visible()
    await expect(page.locator("[data-chart] canvas")).to_be_visible()
    await expect(page.get_by_text("Связь есть")).to_be_visible()


async def test_the_menu_of_a_phone(address: str, browser: Browser) -> None:
    page = await opened(browser, Look(phone=True))
    await page.goto(f"{address}/empty")
    sections = page.get_by_role("navigation", name="Разделы")
    await expect(sections).to_be_hidden()
    await page.get_by_role("button", name="Меню", exact=True).click()
    await expect(sections.get_by_role("link", name="Рассылки")).to_be_visible()
    assert await findings(page) == []
    await page.keyboard.press("Escape")
    await expect(sections).to_be_hidden()


async def test_all_of_it_works_without_scripts(address: str, browser: Browser) -> None:
    page = await opened(browser, Look(scripts=False))
    await page.goto(address)
    await page.get_by_role("link", name="Название", exact=True).click()
    await expect(page.get_by_role("columnheader", name="Название")).to_have_attribute("aria-sort", "ascending")
    await page.get_by_role("link", name="Создать").click()
    await page.get_by_role("button", name="Создать").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.get_by_label("Название").fill("Весна")
    await page.get_by_role("button", name="Создать").click()
    await expect(page.get_by_text("Проект «Весна» создан")).to_be_visible()
