"""The live screen of a campaign in the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from engine.domain.text import mark, translate
from engine.domain.titles import OUTCOMES, STATES

_WIDTH = 46


def screen(
    name: str, address: str, progress: Mapping[str, Any], outcomes: Sequence[Mapping[str, Any]], seconds: float
) -> RenderableType:
    """One frame."""
    done, contacts = progress["done"], progress["contacts"]
    head = Text.assemble(
        (name, "bold"), "   ", translate(STATES[progress["state"]]), "   ", (address, "cyan underline")
    )
    bar = Table.grid(padding=(0, 1))
    bar.add_row(ProgressBar(total=max(contacts, 1), completed=done, width=_WIDTH), f"{done}/{contacts}")
    return Panel(Group(head, bar, _numbers(progress, seconds), _results(outcomes)), border_style="blue", width=78)


def _numbers(progress: Mapping[str, Any], seconds: float) -> Table:
    speed = round(progress["attempts"] * 3600 / seconds) if seconds else 0
    table = Table.grid(padding=(0, 3))
    table.add_row(
        f"{translate(mark('Calls up'))}: [bold]{progress['open']}[/] ({translate(mark('talking'))} {progress['talking']})",
        f"{translate(mark('Attempts'))}: [bold]{progress['attempts']}[/]",
        f"{translate(mark('Calls per hour'))}: [bold]{speed}[/]",
    )
    table.add_row(
        f"{translate(mark('Leads'))}: [bold green]{progress['lead_contacts']}[/]",
        f"{translate(mark('Spent'))}: [bold]{progress['spent']:.2f} ₽[/]",
        f"{translate(mark('Balance'))}: {progress['balance']:.2f} ₽",
    )
    return table


def _results(outcomes: Sequence[Mapping[str, Any]]) -> Table:
    counts: Counter[str] = Counter()
    for row in outcomes:
        counts[row["outcome"]] += row["n"]
    table = Table.grid(padding=(0, 1))
    most = max(counts.values(), default=1)
    for outcome, title in OUTCOMES.items():
        if counts[outcome]:
            bar = ProgressBar(total=most, completed=counts[outcome], width=30, complete_style="green")
            table.add_row(translate(title), bar, str(counts[outcome]))
    return table


def line(progress: Mapping[str, Any], seconds: float) -> str:
    """The same for a log without a terminal."""
    return translate(
        mark(
            "{seconds:>4.0f} s  {done}/{contacts} done, {open} calls up, {attempts} attempts, {leads} leads, {spent:.2f} ₽"
        )
    ).format(
        seconds=seconds,
        done=progress["done"],
        contacts=progress["contacts"],
        open=progress["open"],
        attempts=progress["attempts"],
        leads=progress["lead_contacts"],
        spent=progress["spent"],
    )
