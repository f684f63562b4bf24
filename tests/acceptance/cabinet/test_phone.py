"""The phone is confirmed by a real call: the engine dials a virtual subscriber, the carrier records what the robot says, and whoever
listens to the recording types the code.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from engine.host.asterisk import AsteriskInstance
from tests.acceptance.cabinet.conftest import Site
from tests.support.dictation import digits_of
from tests.support.world import phone, until

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="session")]
SILENT = phone("04", 77)
"""Picks up and listens."""
TALK_MS = 45_000


async def test_a_phone_is_confirmed_by_a_call(site: Site, tmp_path: Path) -> None:
    roman = await site.signed_in("roman@example.com")
    page = roman.page
    await roman.go("/profile")
    await page.get_by_role("link", name="Подтвердить телефон").click()
    await roman.fill(phone="+7 900 123")
    await roman.press("Получить код")
    await expect(page.get_by_role("alert")).to_be_visible()
    await roman.check()

    await roman.fill(phone=SILENT)
    await page.get_by_label("Звонком").check()
    await roman.press("Получить код")
    recording = tmp_path / "heard.wav"
    channel = await _picked_up(site.carrier)
    await asyncio.to_thread(site.carrier.command, f"mixmonitor start {channel} {recording}")
    await expect(page.get_by_text("Введите код, который услышали")).to_be_visible(timeout=TALK_MS)
    await roman.check()

    code = _twice(await digits_of(recording, site.clips))
    await roman.fill(code=f"{(int(code) + 1) % 1_000_000:06d}")
    await roman.press("Подтвердить телефон")
    await expect(page.get_by_role("alert")).to_be_visible()
    await roman.fill(code=code)
    await roman.press("Подтвердить телефон")
    await expect(page.get_by_text(re.compile("Телефон .* подтверждён"))).to_be_visible()
    await expect(page.get_by_role("link", name="Сменить телефон")).to_be_visible()
    await roman.check()
    left = await site.database.fetchval("select count(*) from contacts where fields::text like '%code%'")
    assert left == 0, "the code is kept nowhere"


async def _picked_up(carrier: AsteriskInstance) -> str:
    """The carrier's channel of the call, once there is one."""
    found: list[str] = []

    async def ringing() -> bool:
        lines = (await asyncio.to_thread(carrier.command, "core show channels concise")).splitlines()
        found[:] = [line.partition("!")[0] for line in lines if line.startswith("PJSIP/")]
        return bool(found)

    await until(ringing, 30)
    return found[0]


def _twice(said: str) -> str:
    """The robot says the code and repeats it."""
    assert len(said) == 12 and said[:6] == said[6:], said
    return said[:6]
