"""A real browser for tests and pictures: Debian's chromium through Playwright, and axe-core against its pages.

async with served(app) as address, chromium() as browser:
    page = await opened(browser, Look(theme="dark", phone=True))
    await page.goto(address)
    assert await findings(page) == []
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from litestar import Litestar
from playwright.async_api import Browser, Page, ViewportSize, async_playwright, expect

CHROMIUM = "/usr/bin/chromium"
AXE = Path(__file__).parents[1] / "data" / "browser" / "axe.min.js"
SERIOUS = ("serious", "critical")
DESKTOP: ViewportSize = {"width": 1366, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
SETTLED = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  await frame();
  for (const each of document.getAnimations()) if (each.effect.getComputedTiming().endTime < Infinity) each.finish();
  await frame();
}"""
"""Another theme, a dialog and a menu come by transitions, short ones, which a busy machine draws late."""
# Playwright's own 5 s are too short where a password's hash waits for its turn.
expect.set_options(timeout=30_000)
FITS = "document.documentElement.scrollWidth <= innerWidth"
# Chromium calls its maker's servers on its own: updates, translations, reports.
_QUIET = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
_QUIET += ["--disable-component-update", "--disable-sync", "--no-first-run", "--disable-features=Translate"]


@dataclass(frozen=True, slots=True)
class Look:
    """How a reader has set up his browser."""

    theme: str = "light"
    phone: bool = False
    language: str = "ru"
    scripts: bool = True

    @property
    def name(self) -> str:
        return f"{self.language}-{self.theme}-{'phone' if self.phone else 'desktop'}"


LOOKS = tuple(
    Look(theme, phone, language) for language in ("ru", "en") for theme in ("light", "dark") for phone in (False, True)
)


@asynccontextmanager
async def served(app: Litestar) -> AsyncIterator[str]:
    """The application on a free port of 127.0.0.1; yields its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="on"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listener.close()


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=_QUIET)
        try:
            yield browser
        finally:
            await browser.close()


async def opened(browser: Browser, look: Look) -> Page:
    """A page of a browser without cookies, that is, of a new visitor."""
    context = await browser.new_context(
        viewport=PHONE if look.phone else DESKTOP,
        device_scale_factor=2 if look.phone else 1,
        has_touch=look.phone,
        color_scheme="dark" if look.theme == "dark" else "light",
        locale="ru-RU" if look.language == "ru" else "en-GB",
        java_script_enabled=look.scripts,
        reduced_motion="reduce",
    )
    return await context.new_page()


def complaints(page: Page) -> list[str]:
    """Fills with what the browser complains of from now on: errors of scripts, and what the policy forbids."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    return found


async def findings(page: Page) -> list[str]:
    """What axe finds serious or critical, one a line: rule, element, explanation; once the page is whole and nothing in it moves."""
    await page.wait_for_load_state()
    await page.evaluate(SETTLED)
    if not await page.evaluate("typeof axe === 'object'"):
        await page.evaluate(AXE.read_text(encoding="utf-8"))
    violations = await page.evaluate("axe.run({resultTypes: ['violations']}).then(result => result.violations)")
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in violations
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]


async def wrong_in_any_look(page: Page) -> list[str]:
    """What axe finds, and what is wider than the window, without loading anew: light on a desktop and dark on a phone. What a theme
    changes (colours) and what a width changes (the layout) do not depend on each other."""
    found = []
    for theme, phone in (("light", False), ("dark", True)):
        await page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        await page.set_viewport_size(PHONE if phone else DESKTOP)
        look = Look(theme, phone).name.partition("-")[2]
        found += [f"{look}: {line}" for line in await findings(page)]
        if not await page.evaluate(FITS):
            found.append(f"{look}: wider than the window")
    return found


async def pictured(page: Page, file: Path) -> None:
    """A picture of the whole page."""
    await page.evaluate("scrollTo(0, 0)")
    file.parent.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=file, full_page=True)
