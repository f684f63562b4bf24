"""Who gets which event, and what is put right after a lost connection to Asterisk."""

from __future__ import annotations

import asyncio

import pytest

from engine.domain.outcome import Outcome
from engine.session.ear import Hearing
from engine.speech.recogniser import PreRoll
from engine.speech.vad import Vad
from tests.support.phone import away
from tests.unit.engine.session.conftest import ID, Line
from tests.unit.engine.session.test_call import GOAL, ask
from tests.unit.engine.session.test_ear import PaperEars, PaperSpeech, no_clip
from tests.unit.engine.session.test_transfer import LEG, transfer

SAYS_YES = {"when": {"type": "words", "contains": ["да"]}, "then": GOAL}
PRESSES_ONE = {"when": {"type": "digits", "digits": "1"}, "then": GOAL}
STRANGER = "99999999-2222-3333-4444-555555555555"


async def test_channels_of_nobody_are_ended(line: Line) -> None:
    line.answers(STRANGER)
    line.answers("1700000000.1", "inbound")
    line.rings(STRANGER)
    await line.phone.until("hang_up", STRANGER)
    await line.settled()
    assert line.inbound == ["1700000000.1"]
    assert line.phone.count("hang_up") == 1


async def test_reconcile(line: Line) -> None:
    """A call whose channel is gone ends; one that lives goes on; channels and bridges of nobody are ended."""
    other = "33333333-2222-3333-4444-555555555555"
    lost, kept = await line.call(ask()), await line.call(ask(), call_id=other)
    line.answers()
    line.answers(other)
    await line.settled()
    line.switchboard.disconnected()
    line.phone.live = {other, STRANGER, f"{STRANGER}-op1", "1700000000.1"}
    line.phone.bridges = {f"{STRANGER}-bridge", f"{other}-bridge"}
    await line.switchboard.reconcile()
    record = await lost
    assert (record.outcome, record.cause) == (Outcome.ANSWERED, "asterisk_lost")
    await line.phone.until("hang_up", STRANGER)
    await line.phone.until("hang_up", f"{STRANGER}-op1")
    assert line.phone.count("hang_up", "1700000000.1") == 0, "not ours: somebody works on this Asterisk"
    assert line.phone.bridges == {f"{other}-bridge"}
    await line.settled()
    assert not kept.done()
    assert line.phone.count("is_playing", f"{other}.play#1") == 1


async def test_reconcile_ends_a_leg_that_is_gone(line: Line) -> None:
    call = await line.call(transfer("+74950000040"))
    line.answers()
    await line.phone.until("originate", LEG)
    line.phone.live.discard(LEG)
    await line.switchboard.reconcile()
    await line.phone.until("play", f"{ID}.play#1", "sorry.alaw")
    line.gone()
    await call


async def test_a_call_that_breaks_takes_its_operator_along(line: Line) -> None:
    line.phone.failing["bridge"] = ZeroDivisionError("a bug")
    call = await line.call(transfer("+74950000040"))
    line.answers()
    await line.phone.until("originate", LEG)
    line.answers(LEG, "operator")
    assert (await call).cause == "engine_error"
    assert line.phone.count("hang_up", ID) == line.phone.count("hang_up", LEG) == 1


@pytest.mark.parametrize("way", ["breaks", "is cancelled", "is hung up"])
async def test_a_call_stops_listening_whatever_way_it_ends(line: Line, way: str) -> None:
    speech, ears = PaperSpeech([]), PaperEars()
    line.hearing = Hearing(ears, None, Vad, PreRoll, no_clip, speech)
    call = await line.call({**ask(), "recognition": {"branches": [SAYS_YES, PRESSES_ONE]}})
    line.answers()
    await line.phone.until("play", f"{ID}.play#1")
    line.played(1)
    await line.settled()
    assert (len(speech.expected), speech.closed, ears.attached) == (1, 0, 1)
    if way == "breaks":
        line.phone.failing["play"] = ZeroDivisionError("a bug")
        line.presses("1")
    elif way == "is cancelled":
        call.cancel()
    else:
        line.gone()
    await asyncio.wait({call})
    assert (len(speech.expected), speech.closed, ears.attached) == (1, 1, 0)


async def test_end_if_live(line: Line) -> None:
    assert not await line.switchboard.end_if_live(STRANGER)
    line.phone.live.add(STRANGER)
    assert await line.switchboard.end_if_live(STRANGER)
    assert line.phone.count("hang_up", STRANGER) == 1


async def test_a_stray_channel_that_cannot_be_ended_breaks_nothing(line: Line) -> None:
    line.phone.failing["hang_up"] = away()
    line.answers(STRANGER)
    await line.phone.until("hang_up", STRANGER)
    await line.settled()
    call = await line.call(ask())
    line.gone(sip=486)
    assert (await call).outcome is Outcome.BUSY
