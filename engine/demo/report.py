"""The report of a campaign: a CSV row for each attempt, and the totals."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.domain.outcome import Outcome

COLUMNS = (
    "call_id phone attempt outcome result cause started answered ended duration dtmf path recording "
    "caller_id carousel sip q850 machine blacklisted tags transferred_to hung_up_by cost early transcript"
).split()


def write_csv(file: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """UTF-8 with BOM and semicolons, which is what Excel in Russian opens by a double click."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(COLUMNS)
        writer.writerows([_cell(row, column) for column in COLUMNS] for row in rows)


def _cell(row: Mapping[str, Any], column: str) -> object:
    names = {"call_id": "id", "started": "started_at", "answered": "answered_at", "ended": "ended_at"}
    value = row[names.get(column, column)]
    if column == "transcript":
        return " | ".join(short(turn) for turn in value or ())
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, list):
        return ">".join(value)
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, bool):
        return int(value)
    return "" if value is None else value


def short(turn: Mapping[str, Any]) -> str:
    """A turn in the report: ``4.2 < да``, ``0.1 > Здравствуйте! …`` where a prompt was cut off, ``6.0 # 1`` for keys."""
    sign = {"heard": "<", "keys": "#"}.get(turn["kind"], ">")
    return f"{turn['start_s']:.1f} {sign} {turn['text']}{' …' if turn['interrupted'] else ''}"


def totals(rows: Sequence[Mapping[str, Any]], contacts: int) -> dict[str, Any]:
    """Numbers of contacts by how their last attempt went, of attempts, and the money.

    ``answered``, ``not_answered``, ``busy`` and ``failed`` add up to the contacts that were called; ``outcomes`` counts
    attempts.
    """
    last = {row["phone"]: row for row in rows}
    by_last = Counter(Outcome(row["outcome"]) for row in last.values() if row["outcome"])
    known = by_last[Outcome.ANSWERED] + by_last[Outcome.NO_ANSWER] + by_last[Outcome.BUSY]
    return {
        "contacts": contacts,
        "attempts": len(rows),
        "answered": by_last[Outcome.ANSWERED],
        "not_answered": by_last[Outcome.NO_ANSWER],
        "busy": by_last[Outcome.BUSY],
        "failed": by_last.total() - known,
        "machines": sum(row["result"] == "machine" for row in last.values()),
        "leads": len({row["phone"] for row in rows if row["result"] == "lead"}),
        "blacklisted": len({row["phone"] for row in rows if row["blacklisted"]}),
        "transferred": sum(row["transferred_to"] is not None for row in rows),
        "spent": str(sum((row["cost"] for row in rows), Decimal(0))),
        "outcomes": dict(sorted(Counter(str(row["outcome"]) for row in rows).items())),
    }
