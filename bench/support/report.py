"""How a benchmark tells what it found: a table for people on stderr, one line of JSON on stdout."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

console = Console(stderr=True, width=None if sys.stderr.isatty() else 130)


def machine(**versions: str) -> dict[str, object]:
    """What the figures were measured on. ``versions``: of the servers that took part."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": cpu_model(Path("/proc/cpuinfo").read_text()),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load": [round(each, 2) for each in os.getloadavg()],
        **versions,
    }


def cpu_model(cpuinfo: str) -> str:
    """The processor's name; some architectures give none."""
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def say(text: str) -> None:
    """Progress."""
    console.print(text, style="dim", highlight=False, markup=False)


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], notes: Sequence[str] = ()) -> None:
    table = Table(title=title, title_style="bold", title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*(cell(value) for value in row))
    console.print(table)
    for note in notes:
        console.print(note, highlight=False, markup=False)


def cell(value: object) -> str:
    """A value as people read it: three significant digits are what such a measurement carries."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)


def finish(name: str, result: Mapping[str, object], *, as_json: bool) -> int:
    """Print the JSON line if wanted; the exit status: 0, or 1 when the run is void."""
    whole = {"bench": name, **result}
    if not result["valid"]:
        console.print("VOID: a validity counter is not 0; the figures do not count.", style="bold red")
    if as_json:
        print(json.dumps(rounded(whole), ensure_ascii=False))
        sys.stdout.flush()
    return 0 if result["valid"] else 1


def rounded(value: object) -> object:
    """Floats to four decimals, in depth."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, Mapping):
        return {str(key): rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(each) for each in value]
    return value
