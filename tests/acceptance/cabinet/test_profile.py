"""The profile: name and picture, password, sessions; and two tabs that change it at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Page, expect

from tests.acceptance.cabinet.conftest import OTHER, PASSWORD, Site

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="session")]


async def test_name_and_picture(site: Site, tmp_path: Path) -> None:
    anna = await site.signed_in("anna@example.com")
    page = anna.page
    await page.get_by_role("button", name="Ваше меню").click()
    await page.get_by_role("link", name="Профиль").click()
    await anna.fill(surname="", name="")
    await anna.press("Сохранить")
    await expect(page.get_by_role("alert").get_by_role("link")).to_have_count(2)
    await anna.check()
    await anna.fill(surname="Зернова", name="Анна", patronymic="Ильинична")
    await page.get_by_label("Женский").check()
    await page.get_by_label("Часовой пояс").select_option("Asia/Novosibirsk")
    await anna.press("Сохранить")
    await expect(page.get_by_text("Сохранено")).to_be_visible()
    await expect(page.get_by_label("Отчество")).to_have_value("Ильинична")
    await expect(page.get_by_label("Женский")).to_be_checked()

    (tmp_path / "not.png").write_text("This is no picture")
    await page.get_by_label("Новое изображение").set_input_files(tmp_path / "not.png")
    await anna.press("Загрузить")
    await expect(page.get_by_role("alert")).to_be_visible()
    Image.new("RGB", (640, 480), "teal").save(tmp_path / "me.png")
    await page.get_by_label("Новое изображение").set_input_files(tmp_path / "me.png")
    await anna.press("Загрузить")
    await expect(page.get_by_text("Изображение сохранено")).to_be_visible()
    picture = page.get_by_alt_text("Ваше изображение")
    assert await picture.evaluate("image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])") == [
        256,
        256,
    ]
    await anna.check()


async def test_two_tabs_change_the_profile_and_nothing_is_lost(site: Site) -> None:
    gleb = await site.signed_in("gleb@example.com")
    second = await gleb.page.context.new_page()
    for tab in (gleb.page, second):
        await tab.goto(f"{site.address}/profile")
    await gleb.fill(surname="Первый", name="Глеб")
    await gleb.press("Сохранить")
    await expect(gleb.page.get_by_text("Сохранено")).to_be_visible()
    await second.get_by_label("Фамилия").fill("Второй")
    await second.get_by_label("Имя", exact=True).fill("Глеб")
    await second.get_by_role("button", name="Сохранить").click()
    await expect(second.get_by_role("alert")).to_contain_text("Тем временем это изменили")
    await expect(second.get_by_text("Первый", exact=True)).to_be_visible()
    await expect(second.get_by_label("Фамилия")).to_have_value("Второй")
    await second.get_by_role("button", name="Сохранить").click()
    await expect(second.get_by_text("Сохранено")).to_be_visible()
    await expect(second.get_by_label("Фамилия")).to_have_value("Второй")


async def test_password_and_sessions(site: Site) -> None:
    zoya = await site.signed_in("zoya@example.com")
    phones = [await site.visitor() for _ in range(2)]
    for phone in phones:
        await phone.sign_in("zoya@example.com")
        await expect(phone.page.get_by_role("heading", name="Рабочий стол")).to_be_visible()
    page = zoya.page
    await zoya.go("/profile/sessions")
    others = page.get_by_role("button", name="Завершить сеанс")
    await expect(others).to_have_count(2)
    await expect(page.get_by_text("Chrome").first).to_be_visible()
    await zoya.check()
    await others.first.click()
    await expect(page.get_by_text("Сеанс завершён")).to_be_visible()
    await expect(others).to_have_count(1)
    ended = [phone for phone in phones if await _is_out(phone.page, site.address)]
    assert len(ended) == 1

    await zoya.go("/profile/password")
    await zoya.fill(old=OTHER, new="short")
    await zoya.press("Сохранить")
    await expect(page.get_by_role("alert")).to_be_visible()
    await zoya.check()
    await zoya.fill(old=PASSWORD, new=OTHER)
    await zoya.press("Сохранить")
    await expect(page.get_by_text("Пароль изменён")).to_be_visible()
    assert [await _is_out(phone.page, site.address) for phone in phones] == [True, True]
    await page.reload()
    await expect(page.get_by_role("heading", name="Профиль")).to_be_visible()
    # The letter's button leads to where a thief's victim gets his account back.
    stranger = await site.visitor()
    await stranger.go(await site.link("zoya@example.com", "Ваш пароль изменён"))
    await expect(stranger.page.get_by_role("heading", name="Восстановление пароля")).to_be_visible()


async def _is_out(page: Page, address: str) -> bool:
    await page.goto(address + "/profile")
    return "/login" in page.url
