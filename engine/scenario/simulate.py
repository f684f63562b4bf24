"""A scenario walked in a terminal, without a telephone: typed lines are the person, time is virtual.

``Simulation`` turns events into lines for people; ``simulate`` is the loop around it. Both only call what they are
given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import assert_never

from engine.domain.prompt import AudioPrompt, Prompt
from engine.domain.text import mark, translate
from engine.scenario import commands as do
from engine.scenario import events as on
from engine.scenario.document import KEYS, Scenario, find
from engine.scenario.machine import start, step
from engine.scenario.state import Limits, Phase, State
from engine.scenario.words import Forms, as_written

LETTERS_A_SECOND = 15.0
"""Pace of a Russian voice reading aloud; only makes the clock of the transcript look right."""
RECORDING_S = 5.0
"""Supposed length of a recording: the document does not know it."""

HELP = mark(
    "Type keys (1, 2, *, #) or words. Enter: let it be · . silence · h hang up · m a machine answered · "
    "a / b the operator accepts / is busy"
)


class Simulation:
    """One simulated call. ``state`` is the machine's, ``seconds`` the virtual time since the answer."""

    def __init__(
        self, scenario: Scenario, fields: Mapping[str, str], limits: Limits | None = None, forms: Forms = as_written
    ) -> None:
        self.scenario = scenario
        self._forms = forms
        self.state: State = start(scenario, fields, limits)
        self.seconds = 0.0
        self._play_ends = 0.0
        self._timer_fires = 0.0

    def feed(self, event: on.Event) -> list[str]:
        """Lines that tell what the robot does about ``event``."""
        result = step(self.scenario, self.state, event, self._forms)
        told = [_tell_event(event, self.state.phase), *(self._tell(command) for command in result.commands)]
        self.state = result.state
        return [f"{self.clock()}  {text}" for text in told if text]

    def clock(self) -> str:
        """``mm:ss`` since the answer."""
        return f"{int(self.seconds) // 60:02d}:{int(self.seconds) % 60:02d}"

    def pass_time(self) -> on.Event | None:
        """Let happen what happens when nobody does anything: the prompt ends, a timer fires, nobody lifts. None at
        the end.
        """
        state = self.state
        match state.phase:
            case Phase.PLAYING | Phase.DROPPING if state.play is not None:
                self.seconds = max(self.seconds, self._play_ends)
                return on.PlayFinished(state.play)
            case Phase.DIALLING if state.ringing is not None:
                self.seconds = max(self.seconds, self._timer_fires)
                return on.TransferFailed(state.ringing, "no answer")
            case Phase.TALKING:
                return on.TransferEnded(on.Party.OPERATOR)
            case Phase.IDLE:
                return on.Answered()
            case Phase.ENDING:
                return on.HungUp()
            case _ if state.timer is not None:
                self.seconds = max(self.seconds, self._timer_fires)
                return on.TimerFired(state.timer)
        return None

    def understand(self, line: str) -> list[on.Event]:
        """The events that a typed line stands for in this phase; none for a line that means nothing now."""
        typed = line.strip()
        match typed, self.state.phase:
            case "h", _:
                return [on.HungUp()]
            case "m", _:
                return [on.MachineDetected(on.MachineKind.VOICEMAIL)]
            case "a", Phase.DIALLING if self.state.ringing is not None:
                return [on.TransferAnswered(self.state.ringing)]
            case "b", Phase.DIALLING if self.state.ringing is not None:
                return [on.TransferFailed(self.state.ringing, "busy")]
            case "", Phase.SCREENING:
                return [on.PersonDetected()]
            case "", Phase.GREETING:
                return [on.GreetingEnded()]
            case "", _:
                passed = self.pass_time()
                return [] if passed is None else [passed]
        if all(sign in KEYS for sign in typed):
            return [on.Digit(sign) for sign in typed]
        if self.state.listening:
            return [on.SpeechStarted(), on.Heard(typed, final=True)]
        return []

    def needs_person(self) -> bool:
        """True when what comes next is up to the person or an operator, false when only a prompt or the end is due."""
        if self.state.phase is Phase.PLAYING:
            node = find(self.scenario, self.state.node or "")
            return node is not None and node.recognition is not None
        return self.state.phase not in (Phase.IDLE, Phase.DROPPING, Phase.ENDING, Phase.OVER)

    def _tell(self, command: do.Command) -> str:
        match command:
            case do.Play(prompt=prompt):
                self._play_ends = self.seconds + _length(prompt)
                if isinstance(prompt, AudioPrompt):
                    return translate("Robot plays the recording “{material}”").format(material=prompt.material)
                return translate("Robot: {text}").format(text=prompt.text)
            case do.StartTimer(timer=timer, seconds=seconds):
                self._timer_fires = self.seconds + seconds
                return _waiting(timer, seconds)
            case do.Dial(number=number, timeout_s=seconds):
                self._timer_fires = self.seconds + seconds
                return translate("Rings the operator at {number}, for {seconds:g} s").format(
                    number=number, seconds=seconds
                )
            case do.HangUp(reason=reason):
                return translate("Robot hangs up: {reason}").format(reason=translate(_REASONS[reason]))
            case do.Protest(event=event):
                return translate("This cannot happen now: {event}").format(event=type(event).__name__)
            case do.CancelTimer() | do.StopListening():
                return ""
            case _:
                return _tell_action(command)


_Action = (
    do.Record
    | do.DetectMachine
    | do.StopPlay
    | do.Listen
    | do.StopDial
    | do.MarkGoal
    | do.AddToBlacklist
    | do.SendMessage
    | do.CallWebhook
    | do.AddTag
    | do.SaveField
)


def _tell_event(event: on.Event, phase: Phase) -> str:
    """What the person at the keyboard did, where no command shows it."""
    if isinstance(event, on.TransferAnswered) and phase is Phase.DIALLING:
        return translate("Connected with the operator at {number}").format(number=event.number)
    if isinstance(event, on.HungUp) and phase is not Phase.ENDING:
        return translate("The person hangs up")
    return ""


def _tell_action(command: _Action) -> str:
    match command:
        case do.Record():
            return translate("The call is recorded")
        case do.DetectMachine():
            return translate("Finds out whether a person answered")
        case do.StopPlay():
            return translate("Robot falls silent")
        case do.Listen(words=words):
            return translate("Listens for: {words}").format(words=", ".join(words) or "…")
        case do.StopDial(number=number):
            return translate("No longer rings {number}").format(number=number)
        case do.MarkGoal():
            return translate("Marks the contact as a lead")
        case do.AddToBlacklist():
            return translate("Puts the contact on the blacklist")
        case do.SendMessage(text=text, material=material):
            return translate("Sends the message “{text}”").format(text=text or material)
        case do.CallWebhook(integration=integration):
            return translate("Passes the data to “{integration}”").format(integration=integration)
        case do.AddTag(tag=tag):
            return translate("Adds the tag “{tag}”").format(tag=tag)
        case do.SaveField(name=name, value=value):
            return translate("Keeps {name} = {value}").format(name=name, value=value)
        case _:
            assert_never(command)


_REASONS = {
    do.HangUpReason.COMPLETED: mark("the scenario is completed"),
    do.HangUpReason.MACHINE: mark("a machine answered"),
    do.HangUpReason.SILENCE: mark("the person is silent"),
    do.HangUpReason.NO_INPUT: mark("no answer in time"),
    do.HangUpReason.NO_MATCH: mark("no branch expects this answer"),
    do.HangUpReason.TRANSFER_FAILED: mark("no operator could be reached"),
    do.HangUpReason.LIMIT: mark("too many steps or returns"),
    do.HangUpReason.FAILED: mark("the prompt could not be played"),
}

_WAITS = {
    "action": mark("Waits {seconds:g} s for an answer"),
    "interdigit": mark("Waits {seconds:g} s for the next key"),
    "greeting": mark("Waits for the end of the greeting, at most {seconds:g} s"),
}


def _waiting(timer: str, seconds: float) -> str:
    text = _WAITS.get(timer.rpartition("#")[0])
    return translate(text).format(seconds=seconds) if text is not None else ""


def _length(prompt: Prompt) -> float:
    return RECORDING_S if isinstance(prompt, AudioPrompt) else len(prompt.text) / LETTERS_A_SECOND


def simulate(
    scenario: Scenario,
    fields: Mapping[str, str],
    read: Callable[[str], str],
    write: Callable[[str], None],
    limits: Limits | None = None,
    forms: Forms = as_written,
) -> State:
    """Walk ``scenario`` with what ``read`` types; the end of input (EOFError) hangs up. Returns the call's last
    state.
    """
    simulation = Simulation(scenario, fields, limits, forms)
    write(translate(HELP))
    while simulation.state.phase is not Phase.OVER:
        for event in _next(simulation, read, write):
            for text in simulation.feed(event):
                write(text)
    for text in summary(simulation.state):
        write(text)
    return simulation.state


def _next(simulation: Simulation, read: Callable[[str], str], write: Callable[[str], None]) -> list[on.Event]:
    if not simulation.needs_person():
        passed = simulation.pass_time()
        return [on.HungUp() if passed is None else passed]
    try:
        line = read(f"{simulation.clock()}  > ")
    except EOFError:
        return [on.HungUp()]
    if line.strip() == ".":
        return _silence(simulation, write)
    meant = simulation.understand(line)
    if not meant:
        write(translate("The robot does not listen to this now"))
    return meant


def _silence(simulation: Simulation, write: Callable[[str], None]) -> list[on.Event]:
    """Silence goes on through the rest of the prompt to the time-out behind it."""
    if simulation.state.phase is Phase.PLAYING:
        passed = simulation.pass_time()
        for text in simulation.feed(passed) if passed is not None else []:
            write(text)
    waited = simulation.pass_time()
    return [waited] if waited is not None else []


def summary(state: State) -> list[str]:
    """What the record of this call would hold."""
    said = [translate("Path: {path}").format(path=" → ".join(state.path) or "—")]
    if state.digits:
        said.append(translate("Keys: {digits}").format(digits=state.digits))
    if state.goal:
        said.append(translate("Result: lead"))
    if state.blacklisted:
        said.append(translate("Result: blacklist"))
    if state.machine is not None:
        said.append(translate("Result: answering machine ({kind})").format(kind=state.machine.value))
    if state.transferred_to is not None:
        said.append(translate("Transferred to {number}").format(number=state.transferred_to))
    return said
