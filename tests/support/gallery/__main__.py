"""``python -m tests.support.gallery FOLDER``: pictures of all components in every look, and what axe finds."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.support.browser import LOOKS, chromium, findings, opened, pictured, served
from tests.support.gallery.app import gallery

PAGES = {"components": "/", "empty": "/empty", "entry": "/entry", "missing": "/failed/404", "dialog": "/projects/new"}


async def main(folder: Path) -> None:
    async with served(gallery()) as address, chromium() as browser:
        for look in LOOKS:
            page = await opened(browser, look)
            for name, path in PAGES.items():
                await page.goto(address + path)
                await pictured(page, folder / f"{name}-{look.name}.png")
                print(name, look.name, await findings(page))
            await page.context.close()


asyncio.run(main(Path(sys.argv[1])))
