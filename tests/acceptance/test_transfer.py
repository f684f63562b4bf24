"""Transfer to operators: the first who answers, in order; both hear each other; recorded; it ends when either leaves."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from tests.support.world import World, ask, file_of, node, phone, sound

pytestmark = pytest.mark.acceptance
ACCEPTS, BUSY = "+79000000040", "+79000000041"


def _transfer(*numbers: str) -> dict[str, object]:
    failed = node("failed", play=sound())
    return ask(("1", node("operator", goal=True, transfer={"numbers": list(numbers), "on_failure": failed})))


async def test_first_operator_busy_second_accepts(world: World) -> None:
    """Several at once: Asterisk loses an operator's words for the recording, or not, by the number of his first packet."""
    phones = [phone("02", number) for number in range(8)]
    rows = await world.run(phones, _transfer(BUSY, ACCEPTS), record=True)
    for row in rows.values():
        assert (row["outcome"], row["result"], row["transferred_to"]) == ("answered", "lead", ACCEPTS)
        assert row["hung_up_by"] == "operator"
        samples, rate = soundfile.read(file_of(row))
        assert rate == 8000
        last_seconds = samples[-int(9.5 * rate) :, 1]  # he speaks for 1.5 s, then stays for 8
        assert np.sqrt((last_seconds**2).mean()) > 0.003, "the operator's words are not in the recording"
    assert len(rows) == len(phones)


async def test_all_operators_busy(world: World) -> None:
    rows = await world.run([phone("02")], _transfer(BUSY, BUSY))
    row = rows[phone("02")]
    assert (row["outcome"], row["result"], row["transferred_to"]) == ("answered", "lead", None)
    assert row["path"][-1] == "failed"
    assert row["hung_up_by"] == "robot"
