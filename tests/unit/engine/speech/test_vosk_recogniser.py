from __future__ import annotations

from typing import Any

import pytest

from engine.speech.recogniser import Final, HeardWord
from engine.speech.vosk_recogniser import understood


def word(text: str, start: float, end: float) -> dict[str, Any]:
    return {"word": text, "start": start, "end": end, "conf": 0.5}


@pytest.mark.parametrize(
    ("results", "final"),
    [
        ([{"text": ""}], Final("")),
        ([{"text": "[unk]", "result": [word("[unk]", 10.1, 10.9)]}], Final("", (), True)),
        ([{"text": "[unk]", "result": [word("[unk]", 10.1, 10.2)]}], Final("")),
        (
            [{"text": "[unk] да", "result": [word("[unk]", 10.0, 10.5), word("да", 10.5, 11.0)]}, {"text": ""}],
            Final("да", (HeardWord("да", 0.5, 1.0, 0.5),)),
        ),
    ],
    ids=["nothing", "other", "breath", "word"],
)
def test_what_is_made_of_vosks_results(results: list[dict[str, Any]], final: Final) -> None:
    assert understood(results, 10.0) == final
