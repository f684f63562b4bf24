"""The robot hears: silence ends a wait, a voice ends a prompt, and a lost media leg does not end the call."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.support.world import Row, World, ask, file_of, node, phone, sound, speech, until

pytestmark = pytest.mark.acceptance

LONG = "Здравствуйте! Это очень длинное приглашение, которое никто не дослушает до конца, потому что его перебивают."
FRAME = 160
LOUD = 0.01
"""RMS over which a frame of a recording is not silence (full scale 1)."""


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


async def test_a_voice_ends_the_prompt(world: World) -> None:
    """25 talks all the time. What the person hears must stop soon after he begins to talk over it."""
    recognition = {"branches": [{"when": {"type": "digits", "digits": "1"}, "then": node("one")}], "timeout_s": 2}
    start = node("ask", play=speech(LONG), barge_in="any_speech", recognition=recognition)
    row = (await world.run([phone("25")], {"name": "x", "start": start, "recording": True}))[phone("25")]
    person, robot = _loud(row)
    began = next(index for index in range(len(person)) if all(person[index : index + 8]))
    talked = np.flatnonzero(robot[began:])
    assert len(talked) and talked[-1] * 0.02 <= 0.6, "the prompt went on"


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


def _loud(row: Row) -> tuple[list[bool], list[bool]]:
    samples, _ = soundfile.read(file_of(row))
    whole = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME, 2)
    levels = np.sqrt((whole**2).mean(axis=1)) > LOUD
    return levels[:, 0].tolist(), levels[:, 1].tolist()
