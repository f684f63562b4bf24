"""The table of outcomes in docs/outcomes.md is the code's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.domain.outcome import Outcome, classify, describe

PAGE = Path(__file__).parents[2] / "docs" / "outcomes.md"
_ROW = re.compile(r"^\| `(\w+)` \| [^|]+ \| ([\d —]+) \| ([\d —]+) \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def table() -> dict[str, tuple[set[int], set[int]]]:
    """Outcome → SIP statuses and Q.850 causes, as the page has them."""
    rows = _ROW.findall(PAGE.read_text(encoding="utf-8"))
    return {name: (numbers(sip), numbers(q850)) for name, sip, q850 in rows}


def numbers(cell: str) -> set[int]:
    return {int(number) for number in re.findall(r"\d+", cell)}


def test_outcomes_of_statuses_are_those_of_the_code(table: dict[str, tuple[set[int], set[int]]]) -> None:
    assert set(table) == {outcome.value for outcome in Outcome}
    for outcome in Outcome:
        known = [status for status in range(300, 700) if describe(0, status) != str(status) or status == 487]
        assert table[outcome][0] == {status for status in known if classify(answered=False, sip=status) is outcome}


def test_outcomes_of_causes_are_those_of_the_code(table: dict[str, tuple[set[int], set[int]]]) -> None:
    for outcome in Outcome:
        known = [cause for cause in range(1, 128) if describe(cause, 0) != str(cause)]
        assert table[outcome][1] == {cause for cause in known if classify(answered=False, q850=cause) is outcome}
