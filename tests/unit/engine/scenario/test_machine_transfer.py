"""Transfer: operators one after another."""

from __future__ import annotations

import pytest

from engine.scenario import commands as do
from engine.scenario import events as on
from engine.scenario.document import AudioPlay, MachineFilter, Node, OnMachine, Transfer
from engine.scenario.state import Limits, Phase
from tests.unit.engine.scenario.calls import BYE, Call, of, scenario

FIRST, SECOND = "+79000000041", "sip:sales@example.ru"


def operators(*numbers: str, on_failure: Node | None = None, answer_timeout_s: float | None = None) -> Node:
    transfer = Transfer(numbers=numbers, on_failure=on_failure, answer_timeout_s=answer_timeout_s)
    return Node(id="op", goal=True, play=AudioPlay(material="wait"), transfer=transfer)


def ringing(node: Node, **settings: str) -> Call:
    call = Call(scenario(node), settings)
    call.answer()
    call.hear_out()
    return call


def test_the_first_operator_who_answers_gets_the_person() -> None:
    call = ringing(operators(FIRST, SECOND))
    assert call.commands[-1] == do.Dial(FIRST, 27.0)
    assert call.feed(on.TransferFailed(FIRST, "busy")) == (do.Dial(SECOND, 27.0),)
    assert call.feed(on.TransferAnswered(SECOND)) == ()
    assert (call.state.phase, call.state.transferred_to) == (Phase.TALKING, SECOND)
    assert call.state.path == ("op", "op:transfer")
    assert call.press("5") == ()
    assert call.state.digits == "", "keys pressed in a talk between people are theirs"


@pytest.mark.parametrize("party", on.Party)
def test_the_call_ends_when_either_leaves(party: on.Party) -> None:
    call = ringing(operators(FIRST))
    call.feed(on.TransferAnswered(FIRST))
    assert call.feed(on.TransferEnded(party)) == (do.HangUp(do.HangUpReason.COMPLETED),)


def test_when_nobody_can_be_reached_the_branch_for_it_is_taken() -> None:
    call = ringing(operators(FIRST, SECOND, on_failure=BYE))
    call.feed(on.TransferFailed(FIRST, "busy"))
    call.feed(on.TransferFailed(SECOND, "no answer"))
    assert call.state.path == ("op", "op:transfer_failed", "bye")
    assert call.state.goal and call.state.transferred_to is None


def test_without_that_branch_the_call_ends() -> None:
    call = ringing(operators(FIRST))
    call.feed(on.TransferFailed(FIRST, "busy"))
    assert call.reason is do.HangUpReason.TRANSFER_FAILED


def test_numbers_come_from_fields_and_bad_ones_are_skipped() -> None:
    call = ringing(operators("{{nobody}}", "оператор", "{{boss}}"), boss="8 (900) 000-00-42")
    assert of(do.Dial, tuple(call.commands)) == [do.Dial("89000000042", 27.0)]


def test_no_number_that_can_be_dialled_is_a_failed_transfer() -> None:
    call = ringing(operators("{{nobody}}", on_failure=BYE))
    assert call.state.path == ("op", "op:transfer_failed", "bye")


@pytest.mark.parametrize(("own", "expected"), [(None, 15.0), (40.0, 40.0)])
def test_ringing_time(own: float | None, expected: float) -> None:
    call = Call(scenario(operators(FIRST, answer_timeout_s=own)), limits=Limits(transfer_timeout_s=15))
    call.answer()
    assert call.hear_out() == (do.Dial(FIRST, expected),)


def test_a_late_word_about_an_operator_given_up_is_ignored() -> None:
    call = ringing(operators(FIRST, SECOND))
    call.feed(on.TransferFailed(FIRST, "busy"))
    before = call.state
    assert call.feed(on.TransferFailed(FIRST, "busy")) == ()
    assert call.feed(on.TransferAnswered(FIRST)) == ()
    assert call.state == before


def test_one_operator_may_be_rung_twice() -> None:
    call = ringing(operators(FIRST, FIRST))
    assert call.feed(on.TransferFailed(FIRST, "busy")) == (do.Dial(FIRST, 27.0),)
    call.feed(on.TransferFailed(FIRST, "busy"))
    assert call.reason is do.HangUpReason.TRANSFER_FAILED


def test_a_machine_that_shows_while_ringing_stops_it() -> None:
    document = scenario(operators(FIRST), rule=MachineFilter(on_machine=OnMachine.HANG_UP))
    call = Call(document)
    call.answer()
    call.feed(on.PersonDetected())
    call.hear_out()
    assert call.feed(on.MachineDetected(on.MachineKind.SECRETARY)) == (
        do.StopDial(FIRST),
        do.HangUp(do.HangUpReason.MACHINE),
    )


def test_an_operator_judges_for_himself_whether_he_talks_to_a_machine() -> None:
    call = Call(scenario(operators(FIRST), rule=MachineFilter()))
    call.answer()
    call.feed(on.PersonDetected())
    call.hear_out()
    call.feed(on.TransferAnswered(FIRST))
    assert call.feed(on.MachineDetected(on.MachineKind.VOICEMAIL)) == ()
    assert call.state.machine is None


def test_a_failed_announcement_does_not_cost_the_transfer() -> None:
    call = Call(scenario(operators(FIRST)))
    call.answer()
    assert call.feed(on.PlayFailed("play#1", "no such file")) == (do.Dial(FIRST, 27.0),)
