"""Speech, silence, answering machines, lost hearing."""

from __future__ import annotations

import pytest

from engine.domain.prompt import AudioPrompt
from engine.scenario import commands as do
from engine.scenario import events as on
from engine.scenario.document import AudioPlay, BargeIn, MachineFilter, Node, OnMachine, Recognition
from engine.scenario.state import Limits, Phase
from tests.unit.engine.scenario.calls import BYE, THANKS, Call, branch, of, question, scenario

VOICEMAIL = on.MachineDetected(on.MachineKind.VOICEMAIL)
DROP = MachineFilter(on_machine=OnMachine.DROP, drop=AudioPlay(material="drop"))


def asking(barge_in: BargeIn, repeats: int = 0) -> Node:
    answers = Recognition(branches=(branch("да", THANKS), branch("нет", BYE)), repeats=repeats)
    return Node(id="ask", play=AudioPlay(material="ask"), barge_in=barge_in, recognition=answers)


def test_words_over_the_prompt_interrupt_it_when_they_match() -> None:
    call = Call(scenario(asking(BargeIn.MATCHED)))
    assert do.Listen(("да", "нет")) in call.answer()
    assert call.say("кхм") == ()
    assert call.say("да")[:2] == (do.StopPlay("play#1"), do.StopListening())
    assert call.state.path == ("ask", "ask:да", "thanks")


def test_any_speech_interrupts_where_it_may() -> None:
    call = Call(scenario(asking(BargeIn.ANY_SPEECH)))
    call.answer()
    commands = call.feed(on.SpeechStarted())
    assert commands[0] == do.StopPlay("play#1")
    assert call.timer is not None and call.timer.startswith("utterance#")
    call.feed(on.Heard("нет", final=True))
    assert call.state.path == ("ask", "ask:нет", "bye")


def test_without_barge_in_listening_begins_with_the_end_of_the_prompt() -> None:
    call = Call(scenario(asking(BargeIn.OFF)))
    assert of(do.Listen, call.answer()) == []
    assert call.say("да") == ()
    assert of(do.Listen, call.hear_out()) == [do.Listen(("да", "нет"))]
    call.say("да")
    assert call.state.goal


def test_speech_stops_the_clock_and_a_long_talker_is_no_match() -> None:
    call = Call(scenario(asking(BargeIn.OFF)), limits=Limits(utterance_s=8))
    call.answer()
    call.hear_out()
    assert call.feed(on.SpeechStarted()) == (do.CancelTimer("action#1"), do.StartTimer("utterance#2", 8))
    assert call.feed(on.Heard("ну вот значит", final=False)) == ()
    call.time_out()
    assert call.reason is do.HangUpReason.NO_MATCH


def test_other_words_ask_again_then_end() -> None:
    call = Call(scenario(asking(BargeIn.OFF, repeats=1)))
    call.answer()
    call.hear_out()
    call.say("синий")
    assert call.state.path[-1] == "ask:repeat"
    call.hear_out()
    call.say("зелёный")
    assert call.reason is do.HangUpReason.NO_MATCH


def test_noise_gives_the_person_time_again_but_not_for_ever() -> None:
    call = Call(scenario(asking(BargeIn.OFF)))
    call.answer()
    call.hear_out()
    for _ in range(2):
        call.say("")
        assert call.timer is not None and call.timer.startswith("action#")
    call.say("")
    assert call.reason is do.HangUpReason.NO_INPUT


def test_speech_without_a_known_word_is_an_answer_that_nobody_expects() -> None:
    nodes = [Node(id=name, play=AudioPlay(material=name)) for name in ("quiet", "unclear")]
    answers = Recognition(branches=(branch("да", THANKS),), on_silence=nodes[0], on_no_match=nodes[1])
    call = Call(scenario(Node(id="ask", play=AudioPlay(material="ask"), recognition=answers)))
    call.answer()
    call.hear_out()
    call.feed(on.Heard("", final=True, other=True))
    assert call.state.path == ("ask", "ask:no_match", "unclear")


def test_keys_and_words_at_one_node() -> None:
    call = Call(scenario(question(branch("1", THANKS), branch("нет", BYE))))
    call.answer()
    call.hear_out()
    call.feed(on.SpeechStarted())
    call.press("1")
    assert call.state.path == ("ask", "ask:1", "thanks")


def test_words_do_not_spoil_a_number_half_keyed_in() -> None:
    call = Call(scenario(question(branch("12", THANKS), branch("нет", BYE))))
    call.answer()
    call.hear_out()
    call.press("1")
    assert call.say("ой") == ()
    call.press("2")
    assert call.state.goal


@pytest.mark.parametrize(("seconds", "ended"), [(2.9, False), (3.0, True)])
def test_silence_beyond_the_limit_ends_the_wait(seconds: float, ended: bool) -> None:
    call = Call(scenario(question(branch("1", THANKS)), silence_limit_s=3))
    call.answer()
    assert of(do.Listen, call.hear_out()) == [do.Listen((), 3)]
    call.feed(on.Silence(seconds))
    assert call.ended == ended
    if ended:
        assert call.reason is do.HangUpReason.SILENCE


def test_silence_takes_its_branch_and_does_not_disturb_keying() -> None:
    call = Call(scenario(question(branch("12", THANKS), silence=BYE), silence_limit_s=3))
    call.answer()
    call.hear_out()
    call.press("1")
    assert call.feed(on.Silence(5)) == ()
    call.press("2")
    assert call.state.goal
    quiet = Call(scenario(question(branch("1", THANKS), silence=BYE), silence_limit_s=3))
    quiet.answer()
    quiet.hear_out()
    quiet.feed(on.Silence(3))
    assert quiet.state.path == ("ask", "ask:silence", "bye")


def test_a_scenario_of_keys_never_listens() -> None:
    call = Call(scenario(question(branch("1", THANKS))))
    call.answer()
    call.hear_out()
    call.time_out()
    assert of(do.Listen, tuple(call.commands)) == []


def test_the_call_goes_on_without_hearing() -> None:
    call = Call(scenario(asking(BargeIn.MATCHED, repeats=1)))
    call.answer()
    assert call.feed(on.HearingLost()) == ()
    assert call.say("да") == ()
    call.hear_out()
    call.time_out()
    call.hear_out()
    call.time_out()
    assert call.reason is do.HangUpReason.NO_INPUT
    assert len(of(do.Listen, tuple(call.commands))) == 1


def test_hearing_lost_in_mid_sentence_gives_the_person_the_keys() -> None:
    call = Call(scenario(question(branch("да", BYE), branch("1", THANKS))))
    call.answer()
    call.hear_out()
    call.feed(on.SpeechStarted())
    assert call.feed(on.HearingLost()) == (do.CancelTimer("utterance#2"), do.StartTimer("action#3", 7.0))
    call.press("1")
    assert call.state.goal


def test_the_filter_decides_before_the_first_prompt() -> None:
    call = Call(scenario(BYE, rule=MachineFilter()))
    assert call.answer() == (do.StartTimer("screening#1", 4.0), do.DetectMachine())
    assert call.feed(on.PersonDetected()) == (
        do.CancelTimer("screening#1"),
        do.Play("play#1", AudioPrompt("bye")),
    )


@pytest.mark.parametrize("event", [on.TimerFired("screening#1"), on.HearingLost()], ids=["deadline", "deaf"])
def test_who_cannot_be_told_is_a_person(event: on.Event) -> None:
    call = Call(scenario(BYE, rule=MachineFilter()))
    call.answer()
    assert of(do.Play, call.feed(event)) == [do.Play("play#1", AudioPrompt("bye"))]
    assert call.state.machine is None


def test_a_machine_is_hung_up_on_at_once_or_when_it_shows() -> None:
    for heard_first in (False, True):
        call = Call(scenario(question(branch("1", THANKS)), rule=MachineFilter()))
        call.answer()
        if heard_first:
            call.feed(on.PersonDetected())
        call.feed(VOICEMAIL)
        assert call.reason is do.HangUpReason.MACHINE
        assert call.state.machine is on.MachineKind.VOICEMAIL


def test_a_machine_may_be_talked_to() -> None:
    call = Call(scenario(BYE, rule=MachineFilter(on_machine=OnMachine.GO_ON)))
    call.answer()
    assert of(do.Play, call.feed(VOICEMAIL)) == [do.Play("play#1", AudioPrompt("bye"))]
    assert call.state.machine is on.MachineKind.VOICEMAIL


def test_without_a_filter_a_machine_is_only_noted() -> None:
    call = Call(scenario(BYE))
    call.answer()
    assert call.feed(VOICEMAIL) == ()
    assert call.state.machine is on.MachineKind.VOICEMAIL


def test_the_drop_waits_for_the_end_of_the_greeting() -> None:
    call = Call(scenario(BYE, rule=DROP))
    call.answer()
    assert call.feed(VOICEMAIL) == (do.CancelTimer("screening#1"), do.StartTimer("greeting#2", 30.0))
    assert call.feed(on.GreetingEnded()) == (do.CancelTimer("greeting#2"), do.Play("play#1", AudioPrompt("drop")))
    call.hear_out()
    assert call.reason is do.HangUpReason.MACHINE
    assert call.state.path == ()


def test_a_greeting_without_end_gets_the_drop_in_the_end() -> None:
    call = Call(scenario(BYE, rule=DROP))
    call.answer()
    call.feed(VOICEMAIL)
    assert call.time_out() == (do.Play("play#1", AudioPrompt("drop")),)


@pytest.mark.parametrize("kind", [on.MachineKind.FAX, on.MachineKind.ANNOUNCEMENT, on.MachineKind.IVR])
def test_nothing_is_left_where_nothing_records(kind: on.MachineKind) -> None:
    call = Call(scenario(BYE, rule=DROP))
    call.answer()
    call.feed(on.MachineDetected(kind))
    assert call.reason is do.HangUpReason.MACHINE


def test_a_message_is_left_where_the_kind_is_only_likely() -> None:
    call = Call(scenario(BYE, rule=DROP))
    call.answer()
    call.feed(on.MachineDetected(on.MachineKind.IVR, guessed=True))
    assert (call.state.phase, call.state.machine) == (Phase.GREETING, on.MachineKind.IVR)


def test_a_machine_that_is_named_while_its_greeting_lasts_still_gets_the_message() -> None:
    call = Call(scenario(BYE, rule=DROP))
    call.answer()
    call.feed(VOICEMAIL)
    assert call.feed(on.MachineDetected(on.MachineKind.IVR)) == ()
    assert of(do.Play, call.feed(on.GreetingEnded())) == [do.Play("play#1", AudioPrompt("drop"))]
    call.feed(on.MachineDetected(on.MachineKind.SECRETARY))
    assert call.state.machine is on.MachineKind.SECRETARY


def test_a_dialogue_that_goes_on_with_machines_learns_which_one_it_is() -> None:
    call = Call(scenario(BYE, rule=MachineFilter(on_machine=OnMachine.GO_ON)))
    call.answer()
    call.feed(VOICEMAIL)
    assert call.feed(on.MachineDetected(on.MachineKind.SECRETARY)) == ()
    assert call.state.machine is on.MachineKind.SECRETARY


def test_a_person_after_all_is_greeted() -> None:
    call = Call(scenario(BYE, rule=DROP))
    call.answer()
    call.feed(VOICEMAIL)
    assert of(do.Play, call.feed(on.PersonDetected())) == [do.Play("play#1", AudioPrompt("bye"))]
    assert (call.state.machine, call.state.phase) == (None, Phase.PLAYING)


def test_a_person_who_was_interrupted_as_a_machine_is_asked_again() -> None:
    call = Call(scenario(question(branch("1", THANKS)), rule=DROP))
    call.answer()
    call.feed(on.PersonDetected())
    asked = call.state.path
    call.feed(VOICEMAIL)
    assert len(of(do.Play, call.feed(on.PersonDetected()))) == 1
    assert (call.state.machine, call.state.path[-1]) == (None, asked[-1])
    assert call.feed(on.GreetingEnded()) == ()


def test_a_dialogue_that_goes_on_with_machines_forgets_a_verdict_taken_back() -> None:
    call = Call(scenario(question(branch("1", THANKS)), rule=MachineFilter(on_machine=OnMachine.GO_ON)))
    call.answer()
    call.feed(VOICEMAIL)
    told = [call.state.machine]
    assert call.feed(on.PersonDetected()) == ()
    assert [*told, call.state.machine] == [on.MachineKind.VOICEMAIL, None]
    assert call.state.phase is Phase.PLAYING


def test_nothing_listens_to_a_prompt_that_asks_nothing() -> None:
    call = Call(scenario(Node(id="bye", play=AudioPlay(material="bye"), barge_in=BargeIn.ANY_SPEECH)))
    assert call.answer() == (do.Play("play#1", AudioPrompt("bye")),)
