from __future__ import annotations

import json
from pathlib import Path

from engine.scenario.check import check
from engine.scenario.document import parse
from management.profile import voice

DOCUMENT = json.loads((Path(voice.__file__).parent / "code_call.json").read_text(encoding="utf-8"))


def test_the_document_has_no_problem_and_says_the_code_twice() -> None:
    text = json.dumps(DOCUMENT)
    assert check(parse(text), materials=None, fields={"phone", "code"}) == ()
    assert text.count("{{code}}") == 2


def test_each_digit_is_a_sentence() -> None:
    assert voice.spoken("0139") == "Ноль. Один. Три. Девять."
