"""The robot understands: each virtual subscriber's words lead to the branch that a person would expect."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.world import World, node, phone, sound, speech

pytestmark = pytest.mark.acceptance
QUESTION = "Здравствуйте! Хотите получить скидку? Скажите да или нет."
EXPECTED = {
    "00": "agreed",
    "01": "refused",
    "04": "quiet",
    "05": "agreed",
    "07": "quiet",
    "30": "later",
}


def _scenario() -> dict[str, Any]:
    words = {"agreed": ["@yes"], "refused": ["@no"], "later": ["позже", "перезвоните"]}
    branches = [
        {"when": {"type": "words", "contains": contains}, "then": node(name, play=sound(), goal=name == "agreed")}
        for name, contains in words.items()
    ]
    recognition = {
        "branches": branches,
        "on_silence": node("quiet", play=sound()),
        "timeout_s": 6,
    }
    return {"name": "speech", "start": node("ask", play=speech(QUESTION), recognition=recognition)}


async def test_words_lead_to_their_branches(world: World) -> None:
    rows = await world.run([phone(persona) for persona in EXPECTED], _scenario(), max_channels=8)
    assert {persona: rows[phone(persona)]["path"][-1] for persona in EXPECTED} == EXPECTED
    assert rows[phone("00")]["result"] == "lead"
