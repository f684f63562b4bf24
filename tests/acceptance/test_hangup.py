"""The person hangs up at every place of a scenario: the record says so, marks stay, nothing is left on Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
import soundfile

from engine.ari.client import Ari
from engine.ari.phone import AriPhone
from engine.stack import CARRIER
from tests.support.world import Row, World, ask, channels, file_of, node, phone, sound, speech, until

pytestmark = pytest.mark.acceptance

LONG = speech("Это долгая речь, которую никто не дослушает до конца. Раз, два, три, четыре, пять, шесть, семь, восемь.")
OPERATOR, RINGING_OPERATOR = "+79000000040", "+79000000011"
WAITS = {"branches": [{"when": {"type": "digits", "digits": "9"}, "then": node("nine", goal=True)}], "timeout_s": 20}
Ready = Callable[[Row], bool]


@dataclass(frozen=True)
class Case:
    """``ready`` tells from the call's row that the person is where it is to hang up; None: it does so by itself."""

    start: Mapping[str, Any]
    path: list[str]
    ready: Ready | None = None
    persona: str = "04"
    result: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def scenario(self) -> dict[str, Any]:
        return {"name": "hangup", "start": self.start}


def at(place: str) -> Ready:
    return lambda row: row["path"][-1:] == [place]


def first(then: Mapping[str, Any]) -> dict[str, Any]:
    """A short greeting, then the node."""
    return node("hello", play=sound(), next=then)


CASES = {
    "ringing": Case(node("never", play=LONG), [], lambda row: row["state"] == "ringing", persona="11"),
    "prompt": Case(ask(("1", node("one")))["start"], ["ask"], persona="06"),
    "prompt before a goal": Case(node("hello", play=LONG, next=node("goal", goal=True)), ["hello"], persona="06"),
    "waiting for a key": Case(first(node("wait", recognition=WAITS)), ["hello", "wait"], at("wait")),
    "recorded": Case(first(node("wait", recognition=WAITS)), ["hello", "wait"], at("wait"), settings={"record": True}),
    "goal": Case(first(node("goal", play=LONG, goal=True)), ["hello", "goal"], at("goal"), result="lead"),
    "blacklist": Case(
        first(node("never", play=LONG, blacklist=True)), ["hello", "never"], at("never"), result="blacklist"
    ),
    "silence branch": Case(
        first(
            node(
                "wait",
                recognition={"branches": WAITS["branches"], "timeout_s": 0.5, "on_silence": node("bye", play=LONG)},
            )
        ),
        ["hello", "wait", "wait:silence", "bye"],
        at("bye"),
    ),
    "operator rings": Case(
        first(node("call", transfer={"numbers": [RINGING_OPERATOR], "on_failure": node("failed", goal=True)})),
        ["hello", "call"],
        lambda row: row["legs"] == 2,
    ),
    "talking to the operator": Case(
        first(node("call", transfer={"numbers": [OPERATOR]})),
        ["hello", "call", "call:transfer"],
        lambda row: row["transferred_to"] is not None,
        settings={"record": True},
    ),
}


async def test_hangup_everywhere(world: World) -> None:
    async with world.engine():
        rows = dict(zip(CASES, await asyncio.gather(*(_one(world, n) for n in range(len(CASES)))), strict=True))
    ringing = rows.pop("ringing")
    assert (ringing["outcome"], ringing["hung_up_by"], ringing["sip"]) == ("declined", "network", 603)
    assert (ringing["path"], ringing["cost"]) == ([], 0)
    assert {name: (row["outcome"], row["hung_up_by"]) for name, row in rows.items()} == dict.fromkeys(
        rows, ("answered", "customer")
    )
    assert {name: (row["path"], row["result"]) for name, row in rows.items()} == {
        name: (CASES[name].path, CASES[name].result) for name in rows
    }
    assert {row["cost"] for row in rows.values()} == {Decimal("2.40")}
    for name in ("recorded", "talking to the operator"):
        row = rows[name]
        assert soundfile.info(file_of(row)).frames > 2000
        assert row["recording_s"] == pytest.approx(row["duration"], abs=0.4)
    assert world.stack.platform is not None
    assert world.stack.platform.command("bridge show all").splitlines()[1:] == []


async def test_an_operator_is_rung_no_longer_than_the_scenario_says(world: World) -> None:
    failed = node("failed", play=sound())
    transfer = {"numbers": [RINGING_OPERATOR], "answer_timeout_s": 2, "on_failure": failed}
    who = phone("04")
    row = (await world.run([who], {"name": "ring", "start": first(node("call", transfer=transfer))}))[who]
    assert row["path"] == ["hello", "call", "call:transfer_failed", "failed"]
    assert 4 < row["duration"] < 8


async def _one(world: World, number: int) -> Row:
    """Each case has a caller ID of its own: by it the carrier's channel is found."""
    case, caller_id = list(CASES.values())[number], f"+7495000{number:04d}"
    who = phone(case.persona, number)
    campaign = await world.campaign(
        [who], case.scenario(), caller_ids=(caller_id,), answer_timeout_s=20, **case.settings
    )
    if case.ready:
        await until(_call_is(world, who, case.ready), 15)
        await asyncio.to_thread(_hang_up, world, caller_id)
    (row,) = await world.ended(campaign)
    return row


def _call_is(world: World, who: str, ready: Ready) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        row = await world.database.fetchrow(
            "select state::text, path, legs, transferred_to from calls where phone = $1", who
        )
        return row is not None and ready(dict(row))

    return asked


def _hang_up(world: World, caller_id: str) -> None:
    """The person's channel on the carrier: the older one where an operator is called too."""
    assert world.stack.carrier is not None
    lines = world.stack.carrier.command("core show channels concise").splitlines()
    names = sorted(line.split("!")[0] for line in lines if caller_id in line.split("!"))
    assert names, lines
    world.stack.carrier.command(f"channel request hangup {names[0]}")


async def test_asterisk_itself_ends_a_call_that_nobody_ends(world: World) -> None:
    """What an engine leaves behind that never comes back."""
    settings = world.settings()
    async with Ari(settings.ari, settings.ari_user, settings.ari_password) as ari:
        await AriPhone(ari, "nobody").originate(
            channel="orphan",
            trunk=CARRIER,
            number=phone("11"),
            caller_id="",
            timeout_s=60,
            args="",
            record_to=None,
            longest_s=3,
        )
        assert channels(world.stack.platform) == 1
        await until(lambda: channels(world.stack.platform) == 0, 20)
