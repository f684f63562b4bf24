from __future__ import annotations

import json
from typing import Any

import pytest

from engine.scenario.document import parse
from engine.scenario.needs import Needs, needs

KEY = {"when": {"type": "digits", "digits": "1"}, "then": {"id": "one"}}
WORD = {"when": {"type": "words", "contains": ["@yes"]}, "then": {"id": "yes"}}


def _needs(*branches: dict[str, Any], barge_in: str = "matched", **parts: Any) -> Needs:
    play = {"type": "audio", "material": "hello"}
    start = {"id": "ask", "play": play, "barge_in": barge_in, "recognition": {"branches": list(branches)}}
    return needs(parse(json.dumps({"name": "x", "start": start, **parts})))


@pytest.mark.parametrize(
    ("found", "screening", "voice"),
    [
        (_needs(KEY), False, False),
        (_needs(KEY, WORD), False, True),
        (_needs(KEY, silence_limit_s=3), False, True),
        (_needs(KEY, barge_in="any_speech"), False, True),
        (_needs(KEY, machine_filter={"on_machine": "hang_up"}), True, False),
    ],
    ids=["keys", "words", "silence", "interrupting", "filter"],
)
def test_what_a_scenario_has_to_hear(found: Needs, screening: bool, voice: bool) -> None:
    assert (found.screening, found.voice, found.any) == (screening, voice, screening or voice)
