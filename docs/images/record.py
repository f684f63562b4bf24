"""Records the demo's screen: start ``./dozvon demo --exit`` in one terminal and, while it runs, in another one

    PYTHONPATH=. .dozvon/venv/bin/python docs/images/record.py docs/images/demo.svg

It waits for the demo's campaign in the database, draws what ``engine/demo/screen.py`` shows at that moment, and writes all
frames into one SVG that plays by itself: no script, no font from elsewhere.
"""

from __future__ import annotations

import asyncio
import io
import os
import re
import sys
import time
from pathlib import Path

from rich.console import Console, RenderableType
from rich.terminal_theme import TerminalTheme

from engine.demo.screen import screen
from engine.domain.campaign import Campaign
from engine.host.postgres import EmbeddedPostgres
from engine.settings import state_from
from engine.storage.campaigns import Campaigns
from engine.storage.database import ensure_database, migrate, open_database

EVERY_S = 5.0
FRAME_S = 0.9
LAST_FRAME_S = 5.0
COLUMNS = 78
WIDTH, HEIGHT = 980, 380
THEME = TerminalTheme(
    (24, 26, 31),
    (214, 218, 224),
    [(24, 26, 31), (224, 108, 117), (126, 190, 112), (229, 192, 123), (97, 175, 239), (198, 120, 221), (86, 182, 194),
     (171, 178, 191)],
)  # fmt: skip
FRAME = "<style>{styles}</style>{matrix}"
PAGE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-size="20" line-height="24.4">
<title>./dozvon demo: a campaign of 81 contacts on two Asterisks</title>
<style>text {{ font-family: "DejaVu Sans Mono", "Liberation Mono", Menlo, Consolas, monospace; white-space: pre; }}
{motion}</style>
<rect width="{width}" height="{height}" rx="10" fill="#181a1f"/>
<circle cx="26" cy="24" r="7" fill="#e06c75"/><circle cx="48" cy="24" r="7" fill="#e5c07b"/><circle cx="70" cy="24" r="7" fill="#7ebe70"/>
<text x="96" y="31" fill="#8a919e">$ ./dozvon demo</text>
<g transform="translate(14, 46)">
{frames}
</g></svg>
"""


def drawn(frame: RenderableType, name: str) -> str:
    """One frame as SVG elements; its class names begin with ``name``."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="standard")
    console.print(frame)
    svg = console.export_svg(theme=THEME, code_format=FRAME, unique_id=name)
    return re.sub(r' clip-path="[^"]*"', "", svg)  # nothing is wider than its line; halves the file


def played(frames: list[str]) -> str:
    """All frames in one picture, shown in turn. Where nothing moves, the last one is seen."""
    total = FRAME_S * (len(frames) - 1) + LAST_FRAME_S
    motion = ["@media (prefers-reduced-motion: no-preference) {"]
    for number in range(len(frames)):
        begins, ends = number * FRAME_S / total * 100, (number + 1) * FRAME_S / total * 100
        if number == len(frames) - 1:
            ends = 100.0
        shown = f"0% {{visibility: hidden}} {begins:.2f}% {{visibility: visible}} {ends:.2f}% {{visibility: hidden}}"
        motion.append(f"@keyframes k{number} {{{shown}}}")
        motion.append(f".f{number} {{animation: k{number} {total:.1f}s step-end infinite}}")
    groups = [
        f'<g class="f{number}" visibility="{"visible" if number == len(frames) - 1 else "hidden"}">{frame}</g>'
        for number, frame in enumerate(frames)
    ]
    return PAGE.format(width=WIDTH, height=HEIGHT, motion="\n".join([*motion, "}"]), frames="\n".join(groups))


async def record(server: EmbeddedPostgres) -> list[str]:
    """From the campaign's start to its end."""
    async with open_database(await ensure_database(server.start(), "demo"), size=1) as database:
        await migrate(database)
        campaigns = Campaigns(database)
        found: list[Campaign] = []
        while not found:
            await asyncio.sleep(0.2)
            found = await campaigns.running()
        campaign, began = found[0], time.monotonic()
        frames: list[str] = []
        while True:
            progress, outcomes = await campaigns.progress(campaign.id), await campaigns.outcomes(campaign.id)
            seconds = time.monotonic() - began
            frame = screen(campaign.name, "http://127.0.0.1:8080/", progress, outcomes, seconds)
            frames.append(drawn(frame, f"f{len(frames)}"))
            if progress["state"] != "running" and progress["open"] == 0:
                return frames
            await asyncio.sleep(EVERY_S)


def main(target: Path) -> None:
    server = EmbeddedPostgres(state_from(os.environ).pg)
    try:
        target.write_text(played(asyncio.run(record(server))), encoding="utf-8")
    finally:
        server.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
