"""The operator's leg: its channel, its bridge, and that neither outlives the call."""

from __future__ import annotations

from typing import Any

import pytest

from engine.domain.outcome import Outcome
from engine.domain.telephony import DigitReceived, PlaybackDone
from tests.support.phone import away, now, refusal
from tests.unit.engine.session.conftest import HELLO, ID, Line

FAILED = {"id": "failed", "play": {"type": "audio", "material": "sorry"}}
LEG, SECOND, BRIDGE = f"{ID}-op1", f"{ID}-op2", f"{ID}-bridge"


def transfer(*numbers: str) -> dict[str, Any]:
    return {"id": "call", "transfer": {"numbers": numbers, "answer_timeout_s": 5, "on_failure": FAILED}}


async def test_accepted(line: Line) -> None:
    call = await line.call(transfer("+74950000040"))
    line.answers()
    await line.phone.until("originate", LEG, "+74950000040", "operator")
    assert line.phone.timeouts[LEG] == 5, "the operator is rung longer than the scenario says"
    assert line.store.marks[-1].legs == 2
    assert line.phone.count("ringback") == 1
    line.rings(LEG)
    line.answers(LEG, "operator")
    await line.phone.until("bridge", BRIDGE, ID, LEG)
    await line.settled()
    assert line.store.marks[-1].transferred_to == "+74950000040"
    line.gone(LEG)
    await line.phone.until("hang_up", ID)
    line.gone()
    record = await call
    assert (record.outcome, record.hung_up_by) == (Outcome.ANSWERED, "operator")
    assert line.phone.bridges == set()
    assert line.store.marks[-1].legs == 1


async def test_busy_then_the_next_then_none(line: Line) -> None:
    call = await line.call(transfer("+74950000041", "not a number", "+74950000042"))
    line.answers()
    await line.phone.until("originate", LEG, "+74950000041")
    line.gone(LEG, 17, 486)
    await line.phone.until("originate", SECOND, "+74950000042")
    line.gone(SECOND, 17, 486)
    await line.phone.until("play", f"{ID}.play#1", "sorry.alaw")
    line.gone()
    record = await call
    assert (record.hung_up_by, line.store.marks[-1].transferred_to) == ("customer", None)
    assert line.store.marks[-1].path == ("call", "call:transfer_failed", "failed")


@pytest.mark.parametrize("talking", [False, True])
async def test_the_person_leaves(line: Line, talking: bool) -> None:
    call = await line.call(transfer("+74950000040"))
    line.answers()
    await line.phone.until("originate", LEG)
    if talking:
        line.answers(LEG, "operator")
        await line.phone.until("bridge")
    line.leaves()
    line.gone()
    record = await call
    assert record.hung_up_by == "customer"
    assert line.phone.count("hang_up", LEG) == 1
    assert line.phone.bridges == set()


async def test_an_operator_who_cannot_be_rung(line: Line) -> None:
    """Asterisk may ring him all the same, so his channel is ended by its id; should he answer, he is not kept waiting."""
    line.phone.failing["ringback"] = refusal()
    call = await line.call(transfer("+74950000041", "+74950000042"))
    line.answers()
    await line.phone.until("play", f"{ID}.play#1", "sorry.alaw")
    line.gone()
    await call

    line.phone.failing.clear()
    other = "2" * 36
    call = await line.call(transfer("+74950000041"), call_id=other)
    line.phone.failing["originate"] = away()
    line.answers(other)
    await line.phone.until("hang_up", f"{other}-op1")
    line.phone.failing.clear()
    line.answers(f"{other}-op1", "operator")
    await line.settled()
    assert line.phone.count("hang_up", f"{other}-op1") == 2
    assert line.phone.count("bridge") == 0
    line.gone(other)
    await call


async def test_a_bridge_that_cannot_be_made(line: Line) -> None:
    line.phone.failing["bridge"] = refusal()
    call = await line.call(transfer("+74950000040"))
    line.answers()
    await line.phone.until("originate", LEG)
    line.answers(LEG, "operator")
    await line.phone.until("play", f"{ID}.play#1", "sorry.alaw")
    assert line.phone.count("hang_up", LEG) == 1
    line.gone(LEG)
    line.gone()
    assert (await call).outcome is Outcome.ANSWERED


async def test_keys_of_the_operator_mean_nothing(line: Line) -> None:
    branch = {"when": {"type": "digits", "digits": "1"}, "then": {"id": "pressed", "goal": True}}
    call = await line.call({**HELLO, "recognition": {"branches": [branch]}})
    line.answers()
    line.tell(DigitReceived(LEG, "1", now()))
    line.tell(PlaybackDone(ID, f"{LEG}.ringback", True, now()))
    await line.settled()
    assert (line.store.marks[-1].dtmf, line.store.marks[-1].path) == ("", ("hello",))
    line.gone()
    await call
