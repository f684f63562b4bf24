"""Every virtual subscriber of the carrier in one campaign: what the engine makes of each."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.world import Row, World, ask, node, phone, sound

pytestmark = pytest.mark.acceptance

SCENARIO = ask(
    ("1", node("lead", play=sound(), goal=True)),
    ("2", node("no_calls", play=sound(), blacklist=True)),
    on_silence=node("silent", play=sound()),
)
SILENT = ("answered", None, "robot", "", ["ask", "ask:silence", "silent"])
ANSWERED: dict[str, tuple[Any, ...]] = {
    # outcome, result, hung_up_by, dtmf, path
    **dict.fromkeys("00 01 04 05 07 20 21 22 23 24 25 30 31 32 40 77".split(), SILENT),
    "02": ("answered", "lead", "robot", "1", ["ask", "ask:1", "lead"]),
    "03": ("answered", "blacklist", "robot", "2", ["ask", "ask:2", "no_calls"]),
    "06": ("answered", None, "customer", "", ["ask"]),
}
"""Nobody hears speech yet: who only speaks has pressed nothing. 77 is not listed and behaves like 00."""
REFUSED: dict[str, tuple[Any, ...]] = {
    # outcome, hung_up_by, SIP, Q.850, cause
    "10": ("busy", "network", 486, 17, "486 Busy Here / 17 user busy"),
    "11": ("no_answer", "robot", 0, 16, "answer_timeout"),
    "12": ("invalid_number", "network", 404, 1, "404 Not Found / 1 unallocated number"),
    "13": ("congestion", "network", 503, 34, "503 Service Unavailable / 34 no circuit available"),
    "14": ("declined", "network", 603, 21, "603 Decline / 21 call rejected"),
    "15": ("unreachable", "network", 480, 19, "480 Temporarily Unavailable / 19 no answer"),
    "16": ("busy", "network", 486, 17, "486 Busy Here / 17 user busy"),
    "41": ("busy", "network", 486, 17, "486 Busy Here / 17 user busy"),
}
RINGS = {"11", "14"}
"""Of those who refuse only 11 and 14 ring before; 15's early media is no ringing. (07 answers without ringing.)"""


async def test_every_subscriber(world: World) -> None:
    people = [phone(persona) for persona in (*ANSWERED, *REFUSED)]
    rows = {number[-2:]: row for number, row in (await world.run(people, SCENARIO, answer_timeout_s=7)).items()}

    assert {who: _talk(rows[who]) for who in ANSWERED} == ANSWERED
    assert {who: _refusal(rows[who]) for who in REFUSED} == REFUSED
    for who in ANSWERED:
        row = rows[who]
        assert row["started_at"] < row["answered_at"] < row["ended_at"]
        assert (row["q850"], row["cost"]) == (16, Decimal("2.40"))
    for who in REFUSED:
        row = rows[who]
        assert (row["answered_at"], row["duration"], row["cost"], row["path"]) == (None, 0, 0, [])
    rang = await world.database.fetch("select phone from calls where ringing_at is not null")
    assert {row["phone"][-2:] for row in rang} == {*ANSWERED, *RINGS} - {"07"}
    progress = await world.database.fetchrow("select spent, leads, state::text from campaigns")
    assert progress is not None
    assert tuple(progress.values()) == (Decimal("2.40") * len(ANSWERED), 1, "finished")
    assert await world.catalogue.balance(world.account) == 10_000 - progress["spent"]


def _talk(row: Row) -> tuple[Any, ...]:
    return (row["outcome"], row["result"], row["hung_up_by"], row["dtmf"], row["path"])


def _refusal(row: Row) -> tuple[Any, ...]:
    return (row["outcome"], row["hung_up_by"], row["sip"], row["q850"], row["cause"])
