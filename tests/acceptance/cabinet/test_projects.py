"""A project as two people have it, each at his own browser: made, shared, used with each right, taken back, archived, restored."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.acceptance.cabinet.conftest import PASSWORD, Site, Visitor

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="session")]


async def test_a_project_is_made_filled_and_archived(site: Site) -> None:
    dina = await site.signed_in("dina@example.com")
    page = dina.page
    await page.get_by_role("link", name="Создать проект").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Создать").click()
    await expect(dialog.get_by_role("alert")).to_be_focused()
    await dina.check()
    await dialog.get_by_label("Название").fill("Весна <b>2027</b>")
    await dialog.get_by_role("button", name="Создать").click()
    await expect(page.get_by_text("Проект «Весна <b>2027</b>» создан")).to_be_visible()
    await page.get_by_label("Название").fill("Весна")
    await page.get_by_label("Описание").fill("Звоним гостям")
    await dina.press("Сохранить")
    await expect(page.get_by_text("Сохранено")).to_be_visible()
    await expect(page.get_by_role("heading", name="Весна", level=1)).to_be_visible()

    await page.get_by_role("link", name="Поля").click()
    await _in_dialog(dina, "Создать", {"Название": "Город", "Переменная": "city"}, "Сохранить")
    await expect(page.get_by_text("{{city}}")).to_be_visible()
    await page.get_by_role("link", name="Теги").click()
    await _in_dialog(dina, "Создать", {"Название": "придёт"}, "Сохранить")
    await _in_dialog(dina, "Редактировать: придёт", {"Название": "точно придёт"}, "Сохранить")
    await page.get_by_role("button", name="Удалить: точно придёт").click()
    await page.get_by_role("dialog").get_by_role("button", name="Удалить").click()
    await expect(page.get_by_text("Тегов пока нет")).to_be_visible()
    await dina.check()

    await dina.go("/projects")
    await page.get_by_role("button", name="В архив: Весна").click()
    question = page.get_by_role("dialog", name="Отправить проект «Весна» в архив?")
    await expect(question).to_be_visible()
    await dina.check()
    await question.get_by_role("button", name="Отмена").click()
    await expect(page.get_by_role("main").get_by_role("link", name="Весна", exact=True)).to_be_visible()
    await page.get_by_role("button", name="В архив: Весна").click()
    await question.get_by_role("button", name="В архив").click()
    await expect(page.get_by_text("Проект «Весна» отправлен в архив")).to_be_visible()
    await page.get_by_role("link", name="Архив").click()
    await page.get_by_role("main").get_by_role("link", name="Весна", exact=True).click()
    await expect(page.get_by_text("Проект в архиве с")).to_be_visible()
    await dina.check()
    await dina.press("Восстановить")
    await expect(page.get_by_text("Проект «Весна» восстановлен")).to_be_visible()
    await expect(page.get_by_label("Описание")).to_have_value("Звоним гостям")


async def test_a_project_is_shared_with_each_right_and_taken_back(site: Site) -> None:
    egor, fyodor = await site.signed_in("egor@example.com"), await site.signed_in("fyodor@example.com")
    await egor.go("/projects/new")
    await egor.fill(name="Лето", description="Общее дело")
    await egor.press("Создать")
    await expect(egor.page.get_by_text("Проект «Лето» создан")).to_be_visible()
    home = egor.page.url
    await egor.page.get_by_role("link", name="Пользователи").click()
    await expect(egor.page).to_have_url(f"{home}/users")
    await egor.check()
    await _in_dialog(egor, "Поделиться", {"Email": "egor@example.com"}, "Поделиться", wrong=True)
    await egor.page.get_by_role("dialog").get_by_label("Email").fill("fyodor@example.com")
    await egor.page.get_by_role("dialog").get_by_role("button", name="Поделиться").click()
    await expect(egor.page.get_by_text("Доступ открыт: fyodor@example.com")).to_be_visible()
    await egor.check()

    await fyodor.go(await site.link("fyodor@example.com", "Лето"))
    assert fyodor.page.url == home
    for right, may_edit in (("Просмотр", False), ("Запуск", False), ("Редактировать", True)):
        if right != "Просмотр":
            await egor.page.get_by_role("link", name="Изменить право: fyodor@example.com").click()
            await egor.page.get_by_role("dialog").get_by_label(right).check()
            await egor.page.get_by_role("dialog").get_by_role("button", name="Сохранить").click()
            await expect(egor.page.get_by_role("cell", name=right)).to_be_visible()
        await fyodor.go("/projects/shared")
        await expect(fyodor.page.get_by_role("cell", name=right)).to_be_visible()
        await fyodor.page.get_by_role("main").get_by_role("link", name="Лето").click()
        await expect(fyodor.page.get_by_role("button", name="Покинуть проект")).to_be_visible()
        await expect(fyodor.page.get_by_role("button", name="Сохранить")).to_have_count(int(may_edit))
        await expect(fyodor.page.get_by_role("link", name="Пользователи")).to_have_count(0)
        await fyodor.check()
    await fyodor.fill(description="Дописал Фёдор")
    await fyodor.press("Сохранить")
    await expect(fyodor.page.get_by_text("Сохранено")).to_be_visible()

    await egor.page.get_by_role("button", name="Отозвать доступ: fyodor@example.com").click()
    await egor.page.get_by_role("dialog").get_by_role("button", name="Отозвать").click()
    await expect(egor.page.get_by_text("Доступ отозван")).to_be_visible()
    await fyodor.go("/projects/shared")
    await expect(fyodor.page.get_by_text("С вами пока не поделились")).to_be_visible()
    fyodor.said.clear()
    await fyodor.go(home)
    await expect(fyodor.page.get_by_role("heading", name="Такой страницы нет")).to_be_visible()


async def test_somebody_without_an_account_is_invited(site: Site) -> None:
    inna = await site.signed_in("inna@example.com")
    await inna.go("/projects/new")
    await inna.fill(name="Осень")
    await inna.press("Создать")
    await inna.page.get_by_role("link", name="Пользователи").click()
    await _in_dialog(inna, "Поделиться", {"Email": "klim@example.com"}, "Поделиться")
    await expect(inna.page.get_by_text("Приглашение отправлено: klim@example.com")).to_be_visible()
    await expect(inna.page.get_by_text("приглашён", exact=True)).to_be_visible()

    klim = await site.visitor()
    await klim.go(await site.link("klim@example.com", "Осень"))
    await expect(klim.page.get_by_label("Email")).to_have_value("klim@example.com")
    await klim.fill(password=PASSWORD)
    for consent in ("Принимаю условия оферты", "Согласен на обработку"):
        await klim.page.get_by_label(consent).check()
    await klim.press("Зарегистрироваться")
    await klim.go(await site.link("klim@example.com", "Подтвердите адрес"))
    await klim.press("Подтвердить и войти")
    await expect(klim.page.get_by_text("Добро пожаловать")).to_be_visible()
    await klim.go("/projects/shared")
    await expect(klim.page.get_by_role("main").get_by_role("link", name="Осень")).to_be_visible()
    await inna.page.reload()
    await expect(inna.page.get_by_text("приглашён", exact=True)).to_have_count(0)


async def test_two_tabs_change_a_project_and_nothing_is_lost(site: Site) -> None:
    lena = await site.signed_in("lena@example.com")
    await lena.go("/projects/new")
    await lena.fill(name="Зима")
    await lena.press("Создать")
    await expect(lena.page.get_by_text("Проект «Зима» создан")).to_be_visible()
    second = await lena.page.context.new_page()
    await second.goto(lena.page.url)
    await lena.fill(description="Из первой вкладки")
    await lena.press("Сохранить")
    await expect(lena.page.get_by_text("Сохранено")).to_be_visible()
    await second.get_by_label("Описание").fill("Из второй вкладки")
    await second.get_by_role("button", name="Сохранить").click()
    await expect(second.get_by_role("alert")).to_contain_text("Тем временем это изменили")
    await expect(second.get_by_text("Из первой вкладки")).to_be_visible()
    await expect(second.get_by_label("Описание")).to_have_value("Из второй вкладки")
    await second.get_by_role("button", name="Сохранить").click()
    await expect(second.get_by_text("Сохранено")).to_be_visible()
    await lena.page.reload()
    await expect(lena.page.get_by_label("Описание")).to_have_value("Из второй вкладки")


async def _in_dialog(
    visitor: Visitor, opener: str, fields: dict[str, str], submit: str, *, wrong: bool = False
) -> None:
    """``wrong``: the dialog stays, with what is wrong."""
    await visitor.page.get_by_role("link", name=opener).first.click()
    dialog = visitor.page.get_by_role("dialog")
    for label, value in fields.items():
        await dialog.get_by_label(label).fill(value)
    await dialog.get_by_role("button", name=re.compile(f"^{submit}$")).click()
    await expect(dialog.get_by_role("alert")).to_have_count(int(wrong))
    if not wrong:
        await expect(dialog).to_be_hidden()
