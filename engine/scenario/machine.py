"""The call machine: ``start`` and ``step``, pure and total.

Every phase has a table of the events that mean something in it. Any other event is either late, and ignored (a
prompt that ends after it was stopped, a timer that fires after it was cancelled, a key after the end), or cannot be,
since it answers nothing that was asked: then the state stays and the only command is ``Protest``. The phases and
their changes are drawn in ``docs/scenario.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from engine.scenario import commands as do
from engine.scenario import events as on
from engine.scenario.answers import on_digit, on_heard, on_silence, on_speech_started, on_time_out
from engine.scenario.document import OnMachine, Scenario
from engine.scenario.flow import dial_next, enter, known_fields, proceed
from engine.scenario.prompts import prompt_of, used_fields
from engine.scenario.state import Limits, Phase, State, Step
from engine.scenario.turn import Turn
from engine.scenario.words import Forms, as_written

_RECORDS_NOTHING = frozenset({on.MachineKind.ANNOUNCEMENT, on.MachineKind.IVR, on.MachineKind.FAX})
"""Machines with which a message cannot be left."""


def start(scenario: Scenario, fields: Mapping[str, str], limits: Limits | None = None) -> State:
    """The state of a call that has not been answered yet. Of the contact's ``fields`` it keeps those that
    ``scenario`` uses.
    """
    return begin(used_fields(scenario), fields, limits or Limits())


def begin(used: Iterable[str], fields: Mapping[str, str], limits: Limits) -> State:
    """As ``start``, for a scenario that uses the fields ``used``."""
    return State(fields={name: fields[name] for name in used if name in fields}, limits=limits)


def step(scenario: Scenario, state: State, event: on.Event, forms: Forms = as_written) -> Step:
    """What ``event`` makes of ``state``. Never raises, whatever the document. ``forms`` knows the language's words."""
    if state.phase is Phase.OVER:
        return Step(state, ())
    if isinstance(event, on.HungUp):
        turn = Turn(scenario, state)
        turn.set(phase=Phase.OVER, play=None, timer=None, listening=False, ringing=None)
        return Step(turn.state, ())
    if state.phase is Phase.ENDING:
        return Step(state, ())
    if _cannot_be(state, event):
        return Step(state, (do.Protest(event, state.phase.value),))
    handler = _TABLE[state.phase].get(type(event))
    if handler is None:
        return Step(state, ())
    turn = Turn(scenario, state, forms)
    handler(turn, event)
    return Step(turn.state, tuple(turn.commands))


def _cannot_be(state: State, event: on.Event) -> bool:
    """True when ``event`` answers a command that was never given."""
    match event:
        case on.Answered():
            return state.phase is not Phase.IDLE
        case on.PlayFinished(play_id=name) | on.PlayFailed(play_id=name):
            return not _was_issued(name, "play", state.plays)
        case on.TimerFired(timer=name):
            return not _was_issued(name, None, state.timers)
        case on.TransferAnswered() | on.TransferFailed():
            return state.dials == 0
        case on.TransferEnded():
            return state.transferred_to is None
        case _:
            return False


def _was_issued(name: str, kind: str | None, last: int) -> bool:
    stem, _, number = name.rpartition("#")
    known = stem == kind if kind is not None else bool(stem)
    return known and number.isdecimal() and len(number) <= len(str(last)) and 1 <= int(number) <= last


def _answered(turn: Turn, _event: on.Answered) -> None:
    if turn.scenario.recording:
        turn.tell(do.Record())
    if turn.scenario.machine_filter is None:
        enter(turn, turn.scenario.start)
        return
    turn.set(phase=Phase.SCREENING)
    turn.start_timer("screening", turn.state.limits.screening_s)
    turn.tell(do.DetectMachine())  # last: whoever cannot listen answers it on the spot


def _person(turn: Turn, _event: on.PersonDetected) -> None:
    """A person, or nobody knows better. Also takes back a verdict: who was interrupted as a machine is told the same again."""
    turn.set(machine=None)
    enter(turn, turn.node or turn.scenario.start)


def _person_after_all(turn: Turn, _event: on.PersonDetected) -> None:
    """The dialogue goes on as it is; only its result changes."""
    turn.set(machine=None)


def _machine(turn: Turn, event: on.MachineDetected) -> None:
    turn.set(machine=event.kind)
    rule = turn.scenario.machine_filter
    if rule is None or rule.on_machine is OnMachine.GO_ON:
        if turn.state.phase is Phase.SCREENING:
            enter(turn, turn.scenario.start)
        return
    turn.quiet()
    if turn.state.ringing is not None:
        turn.tell(do.StopDial(turn.state.ringing))
        turn.set(ringing=None)
    records = event.guessed or event.kind not in _RECORDS_NOTHING
    if rule.on_machine is OnMachine.DROP and rule.drop is not None and records:
        turn.set(phase=Phase.GREETING)
        turn.start_timer("greeting", turn.state.limits.greeting_s)
    else:
        turn.hang_up(do.HangUpReason.MACHINE)


def _named(turn: Turn, event: on.MachineDetected) -> None:
    """Which machine it is has been told by what it said since. A message that waits for its greeting's end is left all the same: words
    may be misheard, and a message that nothing records costs less than one that is not left.
    """
    turn.set(machine=event.kind)


def _drop(turn: Turn, _event: on.GreetingEnded) -> None:
    turn.cancel_timer()
    rule = turn.scenario.machine_filter
    prompt = prompt_of(rule.drop, known_fields(turn)) if rule is not None else None
    if prompt is None:
        turn.hang_up(do.HangUpReason.MACHINE)
        return
    turn.set(phase=Phase.DROPPING)
    turn.start_play(prompt)


def _dropped(turn: Turn, event: on.PlayFinished | on.PlayFailed) -> None:
    if event.play_id == turn.state.play:
        turn.set(play=None)
        turn.hang_up(do.HangUpReason.MACHINE)


def _prompt_over(turn: Turn, event: on.PlayFinished) -> None:
    node = turn.node
    if event.play_id != turn.state.play or node is None:
        return
    turn.set(play=None)
    following = proceed(turn, node)
    if following is not None:
        enter(turn, following)


def _prompt_failed(turn: Turn, event: on.PlayFailed) -> None:
    """A question that nobody heard cannot be answered, and silence is worse than a goodbye; only a promised transfer
    still goes on.
    """
    node = turn.node
    if event.play_id != turn.state.play or node is None:
        return
    if node.transfer is not None and node.recognition is None:
        _prompt_over(turn, on.PlayFinished(event.play_id))
    else:
        turn.set(play=None)
        turn.hang_up(do.HangUpReason.FAILED)


def _timer(turn: Turn, event: on.TimerFired) -> None:
    if event.timer != turn.state.timer:
        return
    turn.set(timer=None)
    name = event.timer.rpartition("#")[0]
    if turn.state.phase is Phase.SCREENING:
        _person(turn, on.PersonDetected())
    elif turn.state.phase is Phase.GREETING:
        _drop(turn, on.GreetingEnded())
    else:
        on_time_out(turn, name)


def _operator_answered(turn: Turn, event: on.TransferAnswered) -> None:
    if event.number == turn.state.ringing:
        turn.set(phase=Phase.TALKING, ringing=None, transferred_to=event.number)
        turn.chose("transfer")


def _operator_failed(turn: Turn, event: on.TransferFailed) -> None:
    node = turn.node
    if event.number != turn.state.ringing or node is None:
        return
    turn.set(ringing=None)
    following = dial_next(turn, node)
    if following is not None:
        enter(turn, following)


def _talk_over(turn: Turn, _event: on.TransferEnded) -> None:
    turn.hang_up(do.HangUpReason.COMPLETED)


def _deaf(turn: Turn, event: on.HearingLost) -> None:
    """The call goes on with keys and time-outs; whoever is being screened counts as a person."""
    was_speaking = turn.state.timer is not None and turn.state.timer.startswith("utterance#")
    turn.set(deaf=True, listening=False)
    if turn.state.phase is Phase.SCREENING:
        _person(turn, on.PersonDetected())
    elif was_speaking:
        turn.start_timer("action", turn.state.limits.action_timeout_s)


Handler = Callable[[Turn, Any], None]

_IN_DIALOGUE: dict[type[on.Event], Handler] = {
    on.Digit: on_digit,
    on.SpeechStarted: on_speech_started,
    on.Heard: on_heard,
    on.MachineDetected: _machine,
    on.PersonDetected: _person_after_all,
    on.HearingLost: _deaf,
}

_TABLE: dict[Phase, dict[type[on.Event], Handler]] = {
    Phase.IDLE: {on.Answered: _answered, on.HearingLost: _deaf},
    Phase.SCREENING: {
        on.PersonDetected: _person,
        on.MachineDetected: _machine,
        on.TimerFired: _timer,
        on.HearingLost: _deaf,
    },
    Phase.PLAYING: {**_IN_DIALOGUE, on.PlayFinished: _prompt_over, on.PlayFailed: _prompt_failed},
    Phase.LISTENING: {**_IN_DIALOGUE, on.Silence: on_silence, on.TimerFired: _timer},
    Phase.DIALLING: {
        on.TransferAnswered: _operator_answered,
        on.TransferFailed: _operator_failed,
        on.MachineDetected: _machine,
        on.PersonDetected: _person_after_all,
        on.HearingLost: _deaf,
    },
    Phase.TALKING: {on.TransferEnded: _talk_over},
    Phase.GREETING: {
        on.GreetingEnded: _drop,
        on.MachineDetected: _named,
        on.PersonDetected: _person,
        on.TimerFired: _timer,
        on.HearingLost: _deaf,
    },
    Phase.DROPPING: {on.PlayFinished: _dropped, on.PlayFailed: _dropped, on.MachineDetected: _named},
}
