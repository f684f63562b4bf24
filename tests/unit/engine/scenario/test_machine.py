"""A call from answer to hang-up: prompts, actions, keys, returns, the end."""

from __future__ import annotations

import msgspec
import pytest

from engine.domain.prompt import AudioPrompt, SpeechPrompt
from engine.scenario import commands as do
from engine.scenario import events as on
from engine.scenario.document import (
    AudioPlay,
    Branch,
    DigitsInput,
    MaterialMessage,
    Node,
    Recognition,
    Scenario,
    SpeechPlay,
    TextMessage,
    Webhook,
)
from engine.scenario.machine import start, step
from engine.scenario.state import Limits, Phase
from tests.unit.engine.scenario.calls import BYE, THANKS, Call, branch, of, question, scenario


def test_the_first_prompt_starts_with_the_answer_and_is_recorded() -> None:
    call = Call(Scenario(name="x", recording=True, start=THANKS), {"name": "Анна"})
    assert call.answer() == (
        do.Record(),
        do.Play("play#1", SpeechPrompt("Спасибо, Анна!", "rhvoice:anna")),
        do.MarkGoal("thanks"),
    )


def test_a_person_who_hangs_up_during_the_goodbye_is_still_a_lead() -> None:
    call = Call(scenario(question(branch("1", THANKS))))
    call.answer()
    call.press("1")
    assert call.feed(on.HungUp()) == ()
    assert (call.state.phase, call.state.goal) == (Phase.OVER, True)
    assert call.state.path == ("ask", "ask:1", "thanks")


def test_actions_come_in_order_with_their_fields_after_the_prompt_began() -> None:
    node = Node(
        id="all",
        play=AudioPlay(material="hello"),
        goal=True,
        blacklist=True,
        messages=(TextMessage(text="Привет, {{name}}"), MaterialMessage(material="offer")),
        webhooks=(Webhook(integration="crm", params={"who": "{{name}}", "kind": "lead"}),),
        tags=("hot", "hot"),
    )
    call = Call(scenario(node), {"name": "Пётр"})
    assert call.answer() == (
        do.Play("play#1", AudioPrompt("hello")),
        do.MarkGoal("all"),
        do.AddToBlacklist("all"),
        do.SendMessage("all", "Привет, Пётр", ""),
        do.SendMessage("all", "", "offer"),
        do.CallWebhook("all", "crm", {"who": "Пётр", "kind": "lead"}),
        do.AddTag("all", "hot"),
    )


def test_a_node_heard_again_sends_no_second_message() -> None:
    again = branch("9", Node(id="again", return_to="ask"))
    node = msgspec.structs.replace(question(again), messages=(TextMessage(text="Код 5"),), goal=True)
    call = Call(scenario(node))
    call.answer()
    call.press("99")
    assert len(of(do.Play, tuple(call.commands))) == 3
    assert len(of(do.SendMessage, tuple(call.commands))) == 1
    assert len(of(do.MarkGoal, tuple(call.commands))) == 1


def test_returns_are_counted_and_end_politely() -> None:
    again = branch("9", Node(id="again", return_to="ask", max_returns=2))
    call = Call(scenario(question(again)))
    call.answer()
    call.press("99")
    assert call.state.phase is Phase.PLAYING
    call.press("9")
    assert call.reason is do.HangUpReason.LIMIT


def test_nodes_without_prompts_are_passed_at_once() -> None:
    call = Call(scenario(Node(id="a", goal=True, next=Node(id="b", tags=("t",), next=BYE))))
    commands = call.answer()
    assert [type(command) for command in commands] == [do.MarkGoal, do.AddTag, do.Play]
    assert call.state.path == ("a", "b", "bye")
    call.hear_out()
    assert call.reason is do.HangUpReason.COMPLETED


def test_a_circle_without_prompts_ends() -> None:
    circle = Node(id="a", next=Node(id="b", return_to="a", max_returns=10**9))
    call = Call(scenario(circle), limits=Limits(max_steps=50))
    call.answer()
    assert call.reason is do.HangUpReason.LIMIT
    assert call.state.steps == 50


def test_the_longest_chain_of_silent_nodes_does_not_exhaust_the_stack() -> None:
    chain = Node(id="end")
    for number in range(5000):
        chain = Node(id=f"n{number}", next=chain)
    call = Call(scenario(chain), limits=Limits(max_steps=10_000))
    call.answer()
    assert call.reason is do.HangUpReason.COMPLETED


def test_silence_repeats_the_question_then_takes_its_branch() -> None:
    call = Call(scenario(question(branch("1", THANKS), repeats=1, silence=BYE)))
    call.answer()
    assert call.hear_out() == (do.StartTimer("action#1", 7.0),)
    assert call.time_out() == (do.Play("play#2", AudioPrompt("ask")),)
    call.hear_out()
    call.time_out()
    assert call.state.path == ("ask", "ask:repeat", "ask:silence", "bye")


def test_the_nodes_own_time_out_comes_before_the_campaigns() -> None:
    node = Node(id="ask", recognition=Recognition(timeout_s=12, branches=(branch("1", BYE),)))
    assert Call(scenario(node)).answer() == (do.StartTimer("action#1", 12),)
    slow = Call(scenario(question(branch("1", BYE))), limits=Limits(action_timeout_s=3))
    slow.answer()
    assert slow.hear_out() == (do.StartTimer("action#1", 3),)


@pytest.mark.parametrize(
    ("keys", "reason"), [("", do.HangUpReason.NO_INPUT), ("5", do.HangUpReason.NO_MATCH)], ids=["silence", "wrong key"]
)
def test_without_a_branch_for_it_the_call_ends(keys: str, reason: do.HangUpReason) -> None:
    call = Call(scenario(question(branch("1", THANKS))))
    call.answer()
    call.hear_out()
    if keys:
        call.press(keys)
    else:
        call.time_out()
    assert call.reason is reason


def test_a_wrong_key_repeats_and_then_takes_the_branch_for_it() -> None:
    call = Call(scenario(question(branch("1", THANKS), repeats=1, no_match=BYE)))
    call.answer()
    call.press("57")
    assert call.state.path == ("ask", "ask:repeat", "ask:no_match", "bye")
    assert call.state.digits == "57"


def test_a_key_interrupts_the_prompt_unless_forbidden() -> None:
    call = Call(scenario(question(branch("1", BYE))))
    call.answer()
    assert call.press("1")[:1] == (do.StopPlay("play#1"),)
    deaf_prompt = Node(
        id="ask",
        play=AudioPlay(material="law"),
        recognition=Recognition(branches=(branch("1", BYE),), dtmf_barge_in=False),
    )
    patient = Call(scenario(deaf_prompt))
    patient.answer()
    assert patient.press("1") == ()
    assert patient.state.digits == "1"
    patient.hear_out()
    patient.press("1")
    assert patient.state.path == ("ask", "ask:1", "bye")


def test_keys_where_nothing_is_asked_are_only_noted() -> None:
    call = Call(scenario(BYE))
    call.answer()
    assert call.press("12") == ()
    assert (call.state.phase, call.state.digits) == (Phase.PLAYING, "12")


def test_the_record_of_keys_is_bounded_and_holds_keys_only() -> None:
    call = Call(scenario(BYE))
    call.answer()
    call.press("A" + "5" * 300)
    assert call.state.digits == "5" * 256


def test_a_number_keyed_in_is_saved_and_stays_out_of_the_path() -> None:
    found = Node(id="found", play=SpeechPlay(text="Заказ {{order}}"))
    node = Node(
        id="ask", recognition=Recognition(branches=(Branch(when=DigitsInput(max=6, save_as="order"), then=found),))
    )
    call = Call(scenario(node))
    call.answer()
    assert call.press("42") == (
        do.CancelTimer("action#1"),
        do.StartTimer("interdigit#2", 3.0),
        do.CancelTimer("interdigit#2"),
        do.StartTimer("interdigit#3", 3.0),
    )
    commands = call.press("#")
    assert do.SaveField("order", "42") in commands
    assert of(do.Play, commands)[0].prompt == SpeechPrompt("Заказ 42", "rhvoice:anna")
    assert call.state.path == ("ask", "ask:input", "found")
    assert call.state.saved == {"order": "42"}


def test_a_pause_after_a_code_that_begins_another_decides() -> None:
    call = Call(scenario(question(branch("1", BYE), branch("12", THANKS))))
    call.answer()
    call.press("1")
    call.time_out()
    assert call.state.path == ("ask", "ask:1", "bye")


def test_a_prompt_that_fails_ends_the_call() -> None:
    call = Call(scenario(question(branch("1", BYE))))
    call.answer()
    call.feed(on.PlayFailed("play#1", "no such file"))
    assert call.reason is do.HangUpReason.FAILED


def test_late_events_change_nothing() -> None:
    call = Call(scenario(question(branch("1", BYE), branch("12", THANKS))))
    call.answer()
    call.press("1")
    timer = call.state.timer
    assert timer is not None
    call.press("3")
    assert call.reason is do.HangUpReason.NO_MATCH
    before = call.state
    for late in (on.PlayFinished("play#1"), on.TimerFired(timer), on.Digit("1"), on.Silence(60)):
        assert call.feed(late) == ()
    assert call.state == before


def test_a_timer_that_was_cancelled_does_not_speak_for_the_one_that_runs() -> None:
    call = Call(scenario(question(branch("1", BYE), branch("123", THANKS))))
    call.answer()
    call.press("12")
    assert call.timer == "interdigit#2"
    assert call.feed(on.TimerFired("interdigit#1")) == ()
    call.press("3")
    assert call.state.goal


@pytest.mark.parametrize(
    "event",
    [
        on.Answered(),
        on.PlayFinished("play#2"),
        on.PlayFinished("play#0"),
        on.PlayFailed("song#1", "?"),
        on.TimerFired("action#1"),
        on.TimerFired("action#" + "9" * 5000),
        on.TimerFired("#1"),
        on.TransferAnswered("+79000000040"),
        on.TransferFailed("+79000000040", "busy"),
        on.TransferEnded(on.Party.OPERATOR),
    ],
    ids=str,
)
def test_what_answers_nothing_that_was_asked_is_protested(event: on.Event) -> None:
    call = Call(scenario(question(branch("1", BYE))))
    call.answer()
    before = call.state
    assert call.feed(event) == (do.Protest(event, "playing"),)
    assert call.state == before


def test_a_call_never_answered_ends_without_a_word() -> None:
    document = scenario(BYE)
    result = step(document, start(document, {}), on.HungUp())
    assert (result.state.phase, result.commands) == (Phase.OVER, ())
    assert step(document, result.state, on.Answered()).commands == ()


def test_the_state_keeps_only_fields_that_the_scenario_uses() -> None:
    state = start(scenario(THANKS), {"name": "Анна", "passport": "1234"})
    assert state.fields == {"name": "Анна"}
