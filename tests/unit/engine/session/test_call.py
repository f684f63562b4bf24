"""A call's session: what the network and Asterisk do to it, and the record that comes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine.domain.attempt import Result
from engine.domain.outcome import Outcome
from engine.session import actions
from engine.session.call import SAFETY_S
from engine.session.messages import ANSWER, LONGEST, Lost, Resync, Stop
from tests.support.phone import away, now, refusal
from tests.support.world import until
from tests.unit.engine.session.conftest import HELLO, ID, Line

GOAL = {"id": "goal", "goal": True, "tags": ["hot"], "play": {"type": "audio", "material": "thanks"}}


def ask(**more: Any) -> dict[str, Any]:
    branch = {"when": {"type": "digits", "digits": "1"}, "then": GOAL}
    return {**HELLO, "id": "ask", "recognition": {"branches": [branch], **more}}


async def test_a_call_from_dialling_to_its_record(line: Line) -> None:
    call = await line.call(ask())
    assert line.phone.timeouts[ID] == 20 + SAFETY_S
    line.rings()
    line.answers()
    await line.phone.until("play", f"{ID}.play#1", "hello.alaw")
    line.presses("1")
    await line.phone.until("play", f"{ID}.play#2", "thanks.alaw")
    line.played(2)
    await line.phone.until("hang_up", ID)
    line.gone()
    record = await call
    assert (record.outcome, record.result, record.hung_up_by) == (Outcome.ANSWERED, Result.LEAD, "robot")
    assert (record.cause, record.q850, record.unsaved) == ("16 normal clearing", 16, None)
    assert record.ringing_at == line.store.rang
    assert record.answered_at == line.store.picked_up
    assert record.ringing_at and record.answered_at
    assert record.ringing_at < record.answered_at < record.ended_at
    last = line.store.marks[-1]
    assert (last.path, last.dtmf, last.tags, last.result) == (("ask", "ask:1", "goal"), "1", ("hot",), Result.LEAD)
    assert len(line.switchboard) == 0


async def test_a_recorded_call_plays_linear_sound(line: Line) -> None:
    """See ``ClipStore.linear``: after a file in A-law, Asterisk may leave the operator's words out of the recording."""
    await line.call(record=True)
    line.answers()
    await line.phone.until("record", ID)
    line.answers(args="recording")
    await line.phone.until("play", f"{ID}.play#1", "hello.sln")


@pytest.mark.parametrize(
    ("sip", "outcome"), [(486, Outcome.BUSY), (404, Outcome.INVALID_NUMBER), (503, Outcome.CONGESTION)]
)
async def test_refused_by_the_network(line: Line, sip: int, outcome: Outcome) -> None:
    call = await line.call()
    line.gone(cause=17, sip=sip)
    record = await call
    assert (record.outcome, record.sip, record.hung_up_by, record.answered_at) == (outcome, sip, "network", None)
    assert line.store.marks == []
    assert line.phone.count("play") == 0


@pytest.mark.parametrize(("error", "by"), [(refusal(), "network"), (away(), "engine")], ids=["refused", "away"])
async def test_an_originate_that_fails(line: Line, error: Exception, by: str) -> None:
    """A dead trunk counts against it; Asterisk's absence does not. Either way the call may exist: it is ended by id."""
    line.phone.failing["originate"] = error
    record = await (await line.call())
    assert (record.outcome, record.hung_up_by, record.cause) == (Outcome.FAILED, by, str(error))
    assert line.phone.count("hang_up", ID) == 1


async def test_nobody_answers_in_time(line: Line) -> None:
    call = await line.call()
    line.rings()
    line.say(ANSWER)
    await line.phone.until("hang_up", ID)
    line.gone(cause=16, sip=487)
    record = await call
    assert (record.outcome, record.cause, record.hung_up_by) == (Outcome.NO_ANSWER, "answer_timeout", "robot")


async def test_an_answer_that_meets_the_timeout_wins(line: Line) -> None:
    """The timer may fire while the answer already lies in the mailbox."""
    call = await line.call()
    line.answers()
    line.say(ANSWER)
    line.played(1)
    await line.phone.until("hang_up", ID)
    line.gone()
    record = await call
    assert (record.outcome, record.cause) == (Outcome.ANSWERED, "16 normal clearing")


async def test_the_longest_call(line: Line) -> None:
    call = await line.call(ask())
    line.answers()
    line.say(LONGEST)
    await line.phone.until("hang_up", ID)
    line.gone()
    record = await call
    assert (record.outcome, record.cause, record.hung_up_by) == (Outcome.ANSWERED, "longest_call", "robot")


@pytest.mark.parametrize("answered", [False, True])
async def test_the_engine_stops(line: Line, answered: bool) -> None:
    call = await line.call(ask())
    if answered:
        line.answers()
    line.switchboard.stop_all("engine_stopped")
    await line.phone.until("hang_up", ID)
    line.gone()
    record = await call
    assert record.outcome is (Outcome.ANSWERED if answered else Outcome.FAILED)
    assert (record.cause, record.hung_up_by) == ("engine_stopped", "engine")
    # A call that begins after that is ended as soon as it was placed.
    late = await line.call(call_id="9" * 36)
    await line.phone.until("hang_up", "9" * 36)
    line.gone("9" * 36)
    assert (await late).hung_up_by == "engine"


async def test_timers_really_run(line: Line) -> None:
    call = await line.call(answer_timeout_s=0)
    await line.phone.until("hang_up", ID)
    line.gone()
    assert (await call).cause == "answer_timeout"


async def test_who_leaves_during_a_prompt_is_led_nowhere(line: Line) -> None:
    """Asterisk says that the prompt is over, or failed, before it says that the channel is gone."""
    call = await line.call({**HELLO, "next": GOAL})
    line.answers()
    await line.phone.until("play")
    for failed in (False, True):
        line.leaves()
        line.played(1, failed=failed)
    line.gone()
    record = await call
    assert (record.result, record.hung_up_by) == (None, "customer")
    assert line.store.marks[-1].path == ("hello",)


async def test_a_prompt_that_cannot_be_played_ends_the_call(line: Line) -> None:
    line.phone.failing["play"] = refusal()
    call = await line.call(ask())
    line.answers()
    await line.phone.until("hang_up", ID)
    line.gone()
    record = await call
    assert (record.outcome, record.cause, record.hung_up_by) == (Outcome.ANSWERED, "failed", "robot")


async def test_a_clip_that_is_gone_ends_the_call(line: Line) -> None:
    line.clips.none = True
    call = await line.call(ask())
    line.answers()
    await line.phone.until("hang_up", ID)
    line.gone()
    assert (await call).cause == "failed"


async def test_asterisk_away_in_mid_call(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hang-up is repeated until the channel is known to be gone: a live one costs money."""
    monkeypatch.setattr(actions, "ENDING_S", 0.01)
    call = await line.call()
    line.answers()
    await line.phone.until("play")
    line.phone.failing |= {"hang_up": away(), "live_channels": away()}
    line.played(1)
    await line.phone.until("live_channels")
    await until(lambda: line.phone.count("hang_up") >= 3, 5)
    assert not call.done()
    line.phone.failing.clear()
    line.phone.live.clear()  # Asterisk is back, without the call
    record = await call
    assert (record.outcome, record.hung_up_by, record.q850) == (Outcome.ANSWERED, "robot", actions.INTERWORKING)


async def test_a_call_lost_with_asterisk_ends_when_it_was_last_heard(line: Line) -> None:
    call = await line.call(ask())
    line.answers()
    await line.settled()
    assert line.store.picked_up is not None
    heard = line.store.picked_up + timedelta(seconds=3)
    line.say(Lost(heard))
    record = await call
    assert (record.outcome, record.ended_at, record.hung_up_by) == (Outcome.ANSWERED, heard, "engine")
    assert record.cause == "asterisk_lost"


async def test_a_call_never_ends_before_its_answer(line: Line) -> None:
    before = now()
    call = await line.call(ask())
    line.answers()
    line.say(Lost(before))
    assert (await call).talk_seconds == 0


async def test_resync_finds_the_end_of_a_prompt_that_nobody_told(line: Line) -> None:
    call = await line.call({**HELLO, "next": GOAL})
    line.answers()
    await line.phone.until("play", f"{ID}.play#1")
    line.say(Resync())
    await line.settled()
    assert line.phone.count("play") == 1, "it is still playing"
    line.phone.playing.clear()
    line.say(Resync())
    await line.phone.until("play", f"{ID}.play#2", "thanks.alaw")
    line.phone.failing["is_playing"] = away()
    line.say(Resync())
    await line.settled()
    assert not call.done(), "a call survives that Asterisk goes away again"


async def test_a_session_that_breaks_still_ends_its_call(line: Line) -> None:
    line.phone.failing["play"] = ZeroDivisionError("a bug")
    call = await line.call(ask())
    line.answers()
    record = await call
    assert (record.outcome, record.cause, record.hung_up_by) == (Outcome.ANSWERED, "engine_error", "engine")
    assert record.unsaved is not None
    assert record.unsaved.path == ("ask",)
    assert line.phone.count("hang_up", ID) == 1
    assert len(line.switchboard) == 0


async def test_recording_begins_before_the_scenario(line: Line) -> None:
    call = await line.call(ask(), record=True)
    line.answers()
    await line.phone.until("record", ID)
    await line.settled()
    assert line.phone.count("play") == 0
    line.answers(args="recording")
    await line.phone.until("play")
    line.played(1)
    await line.phone.until("silence", True)  # else the pause would be missing in the file
    line.presses("1")
    await line.phone.until("play", f"{ID}.play#2")
    assert [asked[1] for asked in line.phone.asked if asked[0] == "silence"] == [True, False]
    line.gone()
    await call


async def test_what_cannot_be_ends_the_call_safely(line: Line) -> None:
    """The end of a prompt that was never begun: the machine protests, and nobody is left on the line."""
    call = await line.call(ask())
    line.answers()
    line.played(77)
    await line.phone.until("hang_up", ID)
    line.gone()
    record = await call
    assert (record.cause, record.hung_up_by) == ("protest", "robot")
    assert line.store.marks[-1].path == ("ask",)


async def test_the_first_reason_stays(line: Line) -> None:
    call = await line.call()
    line.answers()
    await line.phone.until("play")
    line.say(Stop("engine_stopped"))
    line.played(1)
    line.say(LONGEST)
    line.gone()
    record = await call
    assert (record.cause, record.hung_up_by) == ("engine_stopped", "engine")
