"""The phone is confirmed by a real call: the engine dials a virtual subscriber, the carrier records what the robot says, and whoever
listens to the recording types the code.
"""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from engine.host.asterisk import AsteriskInstance
from tests.acceptance.cabinet.conftest import Site
from tests.support.dictation import digits_of
from tests.support.world import phone

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="session")]
MACHINE = "98"
"""No other subscriber ends so."""
TALK_MS = 45_000


async def test_a_phone_is_confirmed_by_a_call(site: Site) -> None:
    roman = await site.signed_in("roman@example.com")
    page = roman.page
    await roman.go("/profile")
    await page.get_by_role("link", name="Подтвердить телефон").click()
    await roman.fill(phone="+7 900 123")
    await roman.press("Получить код")
    await expect(page.get_by_role("alert")).to_be_visible()
    await roman.check()

    await _machine(site.carrier)
    recordings = site.carrier.folder / "spool" / "voicemail"
    former = set(recordings.glob("*.wav"))
    await roman.fill(phone=phone(MACHINE))
    await page.get_by_label("Звонком").check()
    await roman.press("Получить код")
    await expect(page.get_by_text("Введите код, который услышали")).to_be_visible(timeout=TALK_MS)
    await roman.check()

    (recording,) = set(recordings.glob("*.wav")) - former
    code = _twice(await digits_of(recording, site.clips))
    await roman.fill(code=f"{(int(code) + 1) % 1_000_000:06d}")
    await roman.press("Подтвердить телефон")
    await expect(page.get_by_role("alert")).to_be_visible()
    await roman.fill(code=code)
    await roman.press("Подтвердить телефон")
    await expect(page.get_by_text(re.compile("Телефон .* подтверждён"))).to_be_visible()
    await expect(page.get_by_role("link", name="Сменить телефон")).to_be_visible()
    await roman.check()
    await page.get_by_role("link", name="Сменить телефон").click()
    await expect(page.get_by_label("Телефон")).to_have_value("")
    left = await site.database.fetchval("select count(*) from contacts where fields::text like '%code%'")
    assert left == 0, "the code is kept nowhere"


async def _machine(carrier: AsteriskInstance) -> None:
    """One more subscriber of the carrier: an answering machine without a greeting."""
    steps = ("Answer()", "Playtones(0/1000)", "Goto(take-message,s,1)")
    for number, step in enumerate(steps, 1):
        line = f"dialplan add extension {MACHINE},{number},{step} into subscriber replace"
        assert f"{MACHINE}@subscriber" in await asyncio.to_thread(carrier.command, line)


def _twice(said: str) -> str:
    """The robot says the code and repeats it."""
    assert len(said) == 12 and said[:6] == said[6:], said
    return said[:6]
