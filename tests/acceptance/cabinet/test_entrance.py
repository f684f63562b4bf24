"""Getting in, as a new user does: registration, the letter, the second factor, the lost password."""

from __future__ import annotations

import re
import time

import pyotp
import pytest
from playwright.async_api import expect

from tests.acceptance.cabinet.conftest import OTHER, PASSWORD, Site

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="session")]


async def test_a_new_user_registers_and_confirms_by_the_letter(site: Site) -> None:
    olga = await site.visitor()
    page = olga.page
    await olga.go("/")
    await expect(page.get_by_role("heading", name="Авторизация")).to_be_visible()
    await olga.check()
    await page.get_by_role("link", name="Зарегистрироваться").click()
    await olga.fill(email="olga", password="12345")
    await olga.press("Зарегистрироваться")
    wrong = page.get_by_role("alert")
    await expect(wrong).to_be_focused()
    await expect(wrong.get_by_role("link")).to_have_count(4)
    for label in ("Email", "Пароль"):
        await expect(page.get_by_label(label, exact=True)).to_have_attribute("aria-invalid", "true")
    await olga.check()

    await olga.fill(email="olga@example.com", password=PASSWORD)
    for consent in ("Принимаю условия оферты", "Согласен на обработку"):
        await page.get_by_label(consent).check()
    await olga.press("Зарегистрироваться")
    await expect(page.get_by_role("heading", name="Мы отправили письмо")).to_be_visible()
    await olga.check()
    await olga.sign_in("olga@example.com")
    await expect(page.get_by_role("heading", name="Подтвердите адрес")).to_be_visible()
    await olga.check()

    link = await site.link("olga@example.com", "Подтвердите адрес")
    await olga.go(link)
    await olga.check()
    await olga.press("Подтвердить и войти")
    await expect(page.get_by_text("Добро пожаловать")).to_be_visible()
    await expect(page.get_by_role("heading", name="Профиль")).to_be_visible()
    await olga.go(link)
    await expect(page.get_by_role("heading", name="Ссылка больше не действует")).to_be_visible()
    await olga.check()


async def test_a_lost_password_is_recovered_by_a_letter(site: Site) -> None:
    pyotr = await site.signed_in("pyotr@example.com")
    page = pyotr.page
    await page.get_by_role("button", name="Ваше меню").click()
    await pyotr.press("Выйти")
    await page.get_by_role("link", name="Забыли пароль?").click()
    await expect(page.get_by_role("heading", name="Восстановление пароля")).to_be_visible()
    await pyotr.check()
    await pyotr.fill(email="pyotr@example.com")
    await pyotr.press("Отправить ссылку")
    await expect(page.get_by_role("heading", name="Мы отправили письмо")).to_be_visible()
    await pyotr.go(await site.link("pyotr@example.com", "Новый пароль"))
    await pyotr.fill(password="short")
    await pyotr.press("Сохранить пароль")
    await expect(page.get_by_role("alert")).to_be_visible()
    await pyotr.check()
    await pyotr.fill(password=OTHER)
    await pyotr.press("Сохранить пароль")
    await expect(page.get_by_text("Войдите с новым паролем")).to_be_visible()
    await pyotr.sign_in("pyotr@example.com", PASSWORD)
    await expect(page.get_by_role("alert")).to_contain_text("Неверный Email или пароль")
    await pyotr.sign_in("pyotr@example.com", OTHER)
    await expect(page.get_by_role("heading", name="Рабочий стол")).to_be_visible()


async def test_two_factor_sign_in(site: Site) -> None:
    vera = await site.signed_in("vera@example.com")
    page = vera.page
    await vera.go("/profile/security")
    await vera.press("Настроить")
    await expect(page.get_by_label("Ключ", exact=True)).to_be_visible()
    await vera.check()
    application = pyotp.TOTP(await page.get_by_label("Ключ", exact=True).input_value())
    await vera.fill(password=PASSWORD, code="000000")
    await vera.press("Включить")
    await expect(page.get_by_role("alert")).to_be_visible()
    await vera.fill(password=PASSWORD, code=application.now())
    await vera.press("Включить")
    await expect(page.get_by_role("heading", name="Резервные коды")).to_be_visible()
    await vera.check()
    codes = await page.locator(".codes li").all_inner_texts()
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Скачать").click()
    assert (await (await download.value).path()).read_text().split() == codes
    await page.get_by_role("link", name="Коды сохранены").click()
    await expect(page.get_by_text("Двухфакторный вход включён")).to_be_visible()
    await vera.check()

    for code in (application.at(time.time() + 30), codes[0]):
        again = await site.visitor()
        await again.sign_in("vera@example.com")
        await expect(again.page.get_by_role("heading", name="Код подтверждения")).to_be_visible()
        await again.check()
        await again.fill(code=code)
        await again.press("Войти")
        await expect(again.page.get_by_role("heading", name="Рабочий стол")).to_be_visible()
    await page.reload()
    await expect(page.get_by_text(re.compile("Осталось 9 кодов"))).to_be_visible()
