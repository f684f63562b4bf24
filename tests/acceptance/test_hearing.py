"""The robot hears: silence ends a wait, and a lost media leg does not end the call."""

from __future__ import annotations

import asyncio
from typing import Any

import psutil
import pytest

from tests.support.world import QUESTION, World, ask, node, phone, sound, speech, until

pytestmark = pytest.mark.acceptance


def _silent(limit_s: float) -> dict[str, Any]:
    scenario = ask(("1", node("one")), on_silence=node("quiet", play=sound()), timeout_s=20)
    return {**scenario, "silence_limit_s": limit_s}


async def test_silence_is_noticed_long_before_the_wait_is_over(world: World) -> None:
    """04 sends silence, 07 sends nothing at all: then only the clock tells."""
    rows = await world.run([phone("04"), phone("07")], _silent(2.0), record=True)
    for persona in ("04", "07"):
        row = rows[phone(persona)]
        assert row["path"] == ["ask", "ask:silence", "quiet"]
        assert row["duration"] < 15, "it waited for the time-out instead"
        assert row["recording_s"] == pytest.approx(row["duration"], abs=0.6)


async def test_a_lost_media_leg_does_not_end_the_call(world: World) -> None:
    """Its prompt goes on, and keys still work."""
    campaign = await world.campaign([phone("02")], {**_silent(9.0), "silence_limit_s": 9.0}, record=False)
    platform = world.stack.platform
    assert platform is not None
    async with world.engine():
        await until(lambda: "UnicastRTP/" in platform.command("core show channels concise"), 20)
        await asyncio.sleep(0.3)
        lines = platform.command("core show channels concise").splitlines()
        (leg,) = [line.split("!")[0] for line in lines if line.startswith("UnicastRTP/")]
        platform.command(f"channel request hangup {leg}")
        (row,) = await world.ended(campaign)
    assert (row["outcome"], row["dtmf"]) == ("answered", "1")
    assert row["path"][-1] == "one"


async def test_a_recogniser_that_dies_in_mid_call_costs_nothing(world: World) -> None:
    """Killed while the question is played; the answer is understood by the next process."""
    agreed = {"when": {"type": "words", "contains": ["@yes"]}, "then": node("agreed", play=sound(), goal=True)}
    start = node("ask", play=speech(QUESTION), recognition={"branches": [agreed], "timeout_s": 5})
    campaign = await world.campaign([phone("00")], {"name": "hears", "start": start})
    platform = world.stack.platform
    assert platform is not None
    async with world.engine():
        await until(lambda: "UnicastRTP/" in platform.command("core show channels concise"), 20)
        processes = [each for each in psutil.Process().children() if "engine.speech.sphinx_search" in each.cmdline()]
        assert processes
        for each in processes:
            each.kill()
        (row,) = await world.ended(campaign)
    assert row["path"] == ["ask", "ask:@yes", "agreed"]
