"""Runs the demo campaign on a stack that is up, and watches it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from engine.audience.reading import Import
from engine.children import last_line
from engine.demo.report import totals, write_csv
from engine.demo.screen import line, screen
from engine.demo.seed import Given, Planted, Wishes, plant
from engine.domain.campaign import CampaignState
from engine.domain.errors import Unavailable
from engine.domain.text import mark, translate
from engine.stack import Stack
from engine.storage.calls import Calls
from engine.storage.campaigns import Campaigns
from engine.storage.catalogue import Catalogue
from engine.storage.database import open_database

REFRESH_S = 0.5
LINE_EVERY_S = 5.0
PROBLEMS_SHOWN = 10
CONVERT_S = 20.0
OVER = frozenset({CampaignState.FINISHED, CampaignState.STOPPED, CampaignState.PAUSED})


@dataclass(frozen=True, slots=True)
class Watch:
    campaigns: Campaigns
    console: Console
    address: str
    stack: Stack
    name: str


async def run_demo(stack: Stack, wishes: Wishes, given: Given, console: Console) -> dict[str, Any]:
    """Plant, start, watch to the end; returns the report as a JSON value."""
    stack.require_trunk(wishes.trunk)
    address = f"http://127.0.0.1:{stack.ports.cabinet}/"
    async with open_database(stack.dsn, size=3) as database:
        await _end_former(Campaigns(database))
        planted = await plant(Catalogue(database), wishes, given)
        _tell_problems(given.imported, console)
        people = await asyncio.to_thread(stack.people, planted.account)
        _tell_links(people, console)
        if stack.carrier:
            stack.carrier.command("database deltree persona16")  # its first call of this run is refused again
        campaigns = Campaigns(database)
        began = time.monotonic()
        await campaigns.start(planted.campaign)
        await _watch(Watch(campaigns, console, address, stack, given.scenario.name), planted, began)
        seconds = round(time.monotonic() - began, 1)
        await _recordings(stack.media / "recordings")
        rows = await Calls(database).report(planted.campaign)
        state, reason, text = await campaigns.state(planted.campaign)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    file = stack.state.root / "reports" / f"demo-{stamp}.csv"
    write_csv(file, rows)
    return {
        **totals(rows, len(given.imported.rows)),
        "rejected": given.imported.total - len(given.imported.rows),
        "seconds": seconds,
        "state": state.value,
        "reason": text or reason,
        "report": str(file),
        "cabinet": address,
        "sign_in": {person["role"]: person["link"] for person in people},
    }


async def _end_former(campaigns: Campaigns) -> None:
    """A demo that was interrupted must not go on beside this one."""
    for former in await campaigns.running():
        await campaigns.stop(former.id)


async def _watch(watch: Watch, planted: Planted, began: float) -> None:
    with Live(console=watch.console, auto_refresh=False, transient=False) as live:
        told = 0.0
        while True:
            progress = await watch.campaigns.progress(planted.campaign)
            seconds = time.monotonic() - began
            if watch.console.is_terminal:
                outcomes = await watch.campaigns.outcomes(planted.campaign)
                live.update(screen(watch.name, watch.address, progress, outcomes, seconds), refresh=True)
            elif seconds - told >= LINE_EVERY_S:
                told = seconds
                watch.console.print(line(progress, seconds), highlight=False)
            if CampaignState(progress["state"]) in OVER and progress["open"] == 0:
                return
            _look_after(watch.stack)
            await asyncio.sleep(REFRESH_S)


async def _recordings(folder: Path) -> None:
    """The report names the files: give the last calls' recordings time to be converted."""
    for _ in range(int(CONVERT_S / REFRESH_S)):
        if not await asyncio.to_thread(lambda: any(folder.glob("*.raw"))):
            return
        await asyncio.sleep(REFRESH_S)


def _look_after(stack: Stack) -> None:
    if stack.engine is not None and stack.engine.poll() is not None:
        log = stack.log_folder / f"{stack.name}-engine.log"
        raise Unavailable("engine_died", mark("The engine ended: {why}. See {log}"), why=last_line(log), log=log)


def _tell_problems(imported: Import, console: Console) -> None:
    """What a line of the contacts' file suffers from; the rest of the file is called."""
    for problem in imported.problems[:PROBLEMS_SHOWN]:
        text = translate(mark("line {line}: {value}: {text}")).format(
            line=problem.line, value=problem.value or "—", text=problem.text
        )
        console.print(text, style="yellow", highlight=False, markup=False)
    more = sum(imported.counts.values()) - PROBLEMS_SHOWN
    if more > 0:
        console.print(translate(mark("… and {more} more lines with problems")).format(more=more), style="yellow")


def _tell_links(people: list[dict[str, str]], console: Console) -> None:
    """Each link serves once, so a link that a browser has opened is worth nothing to who reads the screen later."""
    titles = {"customer": mark("Sign in as the customer"), "admin": mark("Sign in as the operator")}
    for person in people:
        console.print(
            f"{translate(titles[person['role']])}: {person['link']}", highlight=False, markup=False, soft_wrap=True
        )


def show_report(report: dict[str, Any], console: Console) -> None:
    """The totals as a table for people."""
    titles = {
        "contacts": mark("Contacts"),
        "attempts": mark("Attempts"),
        "answered": mark("Answered"),
        "not_answered": mark("Not answered"),
        "busy": mark("Busy"),
        "failed": mark("Not reached"),
        "machines": mark("Answering machines"),
        "leads": mark("Leads"),
        "blacklisted": mark("Blacklisted"),
        "transferred": mark("Transferred"),
        "spent": mark("Spent, ₽"),
        "seconds": mark("Seconds"),
        "report": mark("Report, a row for each attempt"),
        "cabinet": mark("Cabinet"),
    }
    table = Table(title=translate(mark("Report")), show_header=False, title_style="bold")
    table.add_column()
    table.add_column(overflow="fold")
    for key, title in titles.items():
        table.add_row(translate(title), str(report[key]))
    console.print(table)
    if report["state"] != "finished":
        console.print(
            translate(mark("The campaign is not finished: {reason}")).format(reason=report["reason"]), style="red"
        )
