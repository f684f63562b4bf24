"""Random scenarios (sensible and senseless) and random events for them."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from engine.scenario import events as on
from engine.scenario.document import (
    AudioPlay,
    BargeIn,
    Branch,
    Digits,
    DigitsInput,
    MachineFilter,
    MaterialMessage,
    Node,
    OnMachine,
    Play,
    Recognition,
    Scenario,
    SpeechPlay,
    TextMessage,
    Transfer,
    Webhook,
    When,
    Words,
)
from engine.scenario.state import State

IDS = ("a", "b", "c", "d", "e")
"""Few, so that ids repeat and returns hit something."""
WORDS = ("да", "нет", "не сейчас", "«да нет»", "ёлка", "")
NUMBERS = ("+79000000040", "sip:op@example.ru", "8 (900) 000-00-41", "nonsense", "{{boss}}", "")


def plays() -> st.SearchStrategy[Play]:
    texts = st.sampled_from(("Здравствуйте, {{name}}!", "{{missing}}", "Ваш заказ {{order}}", "", "{{", "Пока"))
    return st.one_of(
        st.builds(AudioPlay, material=st.sampled_from(("hello", "bye", ""))), st.builds(SpeechPlay, text=texts)
    )


def conditions() -> st.SearchStrategy[When]:
    words = st.lists(st.sampled_from(WORDS), max_size=3).map(tuple)
    return st.one_of(
        st.builds(Digits, digits=st.sampled_from(("1", "12", "123", "2", "#", "*", "", "x"))),
        st.builds(
            DigitsInput,
            min=st.integers(-1, 3),
            max=st.integers(0, 4),
            terminator=st.sampled_from(("#", "*", "")),
            save_as=st.sampled_from(("order", "")),
        ),
        st.builds(Words, contains=words, excludes=words),
    )


def _nodes(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    child = st.none() | children
    seconds = st.none() | st.sampled_from((0.0, 0.5, 5.0, -1.0))
    recognition = st.builds(
        Recognition,
        timeout_s=seconds,
        branches=st.lists(st.builds(Branch, when=conditions(), then=children), max_size=3).map(tuple),
        on_silence=child,
        on_no_match=child,
        repeats=st.integers(-1, 3),
        dtmf_barge_in=st.booleans(),
    )
    transfer = st.builds(
        Transfer,
        numbers=st.lists(st.sampled_from(NUMBERS), max_size=3).map(tuple),
        answer_timeout_s=seconds,
        on_failure=child,
    )
    return st.builds(
        Node,
        id=st.sampled_from(IDS),
        play=st.none() | plays(),
        barge_in=st.sampled_from(BargeIn),
        goal=st.booleans(),
        blacklist=st.booleans(),
        messages=st.lists(
            st.sampled_from((TextMessage(text="{{name}}"), MaterialMessage(material="sms"))), max_size=2
        ).map(tuple),
        webhooks=st.sampled_from(((), (Webhook(integration="crm", params={"who": "{{name}}"}),))),
        tags=st.lists(st.sampled_from(("hot", "cold", "")), max_size=2).map(tuple),
        transfer=st.none() | transfer,
        recognition=st.none() | recognition,
        next=child,
        return_to=st.none() | st.sampled_from((*IDS, "nowhere")),
        max_returns=st.integers(-1, 4),
    )


def scenarios() -> st.SearchStrategy[Scenario]:
    """Documents that parse; most have problems."""
    leaf = st.builds(Node, id=st.sampled_from(IDS), play=st.none() | plays(), goal=st.booleans())
    rule = st.builds(MachineFilter, on_machine=st.sampled_from(OnMachine), drop=st.none() | plays())
    return st.builds(
        Scenario,
        name=st.sampled_from(("", "Опрос")),
        recording=st.booleans(),
        machine_filter=st.none() | rule,
        silence_limit_s=st.none() | st.sampled_from((0.0, 3.0)),
        start=st.recursive(leaf, _nodes, max_leaves=8),
    )


@dataclass(frozen=True)
class Move:
    """An event in the making: which of those possible for a state, fitting or not."""

    which: int

    def event(self, state: State) -> on.Event:
        possible = possible_events(state)
        return possible[self.which % len(possible)]


def moves() -> st.SearchStrategy[list[Move]]:
    return st.lists(st.builds(Move, st.integers(0, 5000)), max_size=40)


def possible_events(state: State) -> list[on.Event]:
    """Fitting, late and impossible events; those that carry a call on come more than once."""
    play, timer = state.play or "play#1", state.timer or "action#1"
    ringing = state.ringing or "+79000000040"
    likely: list[on.Event] = [
        on.PlayFinished(play),
        on.TimerFired(timer),
        on.TransferAnswered(ringing),
        on.TransferFailed(ringing, "busy"),
        on.PersonDetected(),
        on.GreetingEnded(),
    ]
    return [
        *likely,
        *likely,
        on.Answered(),
        on.PlayFinished("play#1"),
        on.TimerFired("action#1"),
        on.PlayFinished("play#999"),
        on.PlayFinished("play#"),
        on.PlayFailed(play, "no such file"),
        on.TimerFired("action#999"),
        on.TimerFired("²"),
        on.TransferFailed("+70000000000", "busy"),
        on.TransferEnded(on.Party.OPERATOR),
        on.HearingLost(),
        on.HungUp(),
        *(on.Digit(symbol) for symbol in ("1", "1", "2", "3", "#", "*", "A", "")),
        *(on.MachineDetected(kind) for kind in (on.MachineKind.VOICEMAIL, on.MachineKind.FAX)),
        *(on.Silence(seconds) for seconds in (0.0, 3.0)),
        on.SpeechStarted(),
        *(on.Heard(text, final) for text in ("да", "нет", "да нет", "", "когда") for final in (True, False)),
    ]
