"""What the network plays before an answer is heard, told apart and never taken for an answer."""

from __future__ import annotations

import pytest

from tests.support.world import World, ask, node, phone, sound

pytestmark = pytest.mark.acceptance


async def test_an_announcement_before_the_answer(world: World) -> None:
    """15 is switched off, says so in early media, then 480; 10 is busy and plays nothing."""
    scenario = ask(("1", node("one", play=sound())), on_silence=node("bye", play=sound()))
    rows = await world.run([phone("15"), phone("10"), phone("02")], scenario, answer_timeout_s=20)
    assert {
        persona: (rows[phone(persona)]["outcome"], rows[phone(persona)]["early"]) for persona in ("15", "10", "02")
    } == {
        "15": ("unreachable", "announcement"),
        "10": ("busy", ""),
        "02": ("answered", ""),
    }
    assert rows[phone("15")]["answered_at"] is None
    assert rows[phone("15")]["transcript"] is None
    assert world.stack.platform is not None
    left = world.stack.platform.folder / "spool" / "recording"
    assert not list(left.glob("early-*")), "what the tap recorded is personal"
