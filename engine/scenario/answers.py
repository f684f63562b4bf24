"""What the person does at a node with recognition: keys, words, silence."""

from __future__ import annotations

from enum import StrEnum

from engine.scenario import commands as do
from engine.scenario import events as on
from engine.scenario.document import KEYS, BargeIn, Branch, DigitsInput, Node, Recognition, Words
from engine.scenario.flow import (
    await_action,
    count_step,
    enter,
    expects_speech,
    hears_keys,
    say,
    spoken_inputs,
    wait_for_action,
)
from engine.scenario.keys import Taken, Undecided, read, settle
from engine.scenario.numbers_ru import digits
from engine.scenario.state import Phase
from engine.scenario.turn import Turn
from engine.scenario.words import choose, tokens

_MOST_DIGITS = 256
"""Keys kept in the record; a child with a telephone can press for minutes."""

_MOST_NOISES = 3
"""Noises after which nobody is there to answer; else a noisy street, which starts the time anew, would hold the line."""


class Miss(StrEnum):
    SILENCE = "silence"
    NO_MATCH = "no_match"


def on_digit(turn: Turn, event: on.Digit) -> None:
    """A key during a prompt or while an answer is awaited."""
    if len(event.symbol) != 1 or event.symbol not in KEYS:
        return
    turn.set(digits=(turn.state.digits + event.symbol)[:_MOST_DIGITS])
    node = turn.node
    if node is None or node.recognition is None or not hears_keys(node):
        return
    if turn.state.phase is Phase.PLAYING:
        if not node.recognition.dtmf_barge_in:
            return
        turn.stop_play()
        turn.set(phase=Phase.LISTENING)
    turn.set(keyed=turn.state.keyed + event.symbol)
    meaning = read(node.recognition.branches, turn.state.keyed)
    if meaning is Undecided.MORE:
        turn.start_timer("interdigit", node.recognition.interdigit_s)
    else:
        _conclude(turn, node, node.recognition, meaning)


def on_speech_started(turn: Turn, _event: on.SpeechStarted) -> None:
    """A voice; what it says is not known yet."""
    node = turn.node
    if node is None or not turn.state.listening:
        return
    if turn.state.phase is Phase.PLAYING and node.barge_in is BargeIn.ANY_SPEECH:
        turn.stop_play()
        await_action(turn, node)
    if turn.state.phase is Phase.LISTENING and expects_speech(node) and _waits_for_action(turn):
        turn.start_timer("utterance", turn.state.limits.utterance_s)


def on_heard(turn: Turn, event: on.Heard) -> None:
    """Words, so far or to the end."""
    node = turn.node
    if node is None or node.recognition is None or not turn.state.listening:
        return
    if _takes_number(turn, node, event):
        return
    options = [(branch, branch.when) for branch in node.recognition.branches if isinstance(branch.when, Words)]
    match = choose([words for _, words in options], event.text, final=event.final, forms=turn.forms)
    if match is not None:
        _take(turn, options[match.option][0], match.entry)
    elif turn.state.phase is Phase.LISTENING and expects_speech(node) and not turn.state.keyed:
        if not event.final:
            on_speech_started(turn, on.SpeechStarted())
        elif event.other or tokens(event.text):
            _miss(turn, node, node.recognition, Miss.NO_MATCH, do.HangUpReason.NO_MATCH)
        else:
            _noise(turn, node, node.recognition)


def _takes_number(turn: Turn, node: Node, event: on.Heard) -> bool:
    """A number said to the end, of a length that a branch waits for. Until then its next digit may follow."""
    value = digits(tokens(event.text)) if event.final and spoken_inputs(node) else None
    for branch, when in spoken_inputs(node):
        if value is not None and when.min <= len(value) <= when.max:
            _save(turn, when, value)
            _take(turn, branch, "input")
            return True
    return False


def on_silence(turn: Turn, event: on.Silence) -> None:
    """«Определение тишины»: silence beyond the scenario's limit is no answer."""
    node, limit_s = turn.node, turn.scenario.silence_limit_s
    if node is None or node.recognition is None or limit_s is None or not turn.state.listening:
        return
    if event.seconds >= limit_s and _waits_for_action(turn):
        _miss(turn, node, node.recognition, Miss.SILENCE, do.HangUpReason.SILENCE)


def on_time_out(turn: Turn, name: str) -> None:
    """The timer ``name`` of this phase has fired."""
    node = turn.node
    if node is None or node.recognition is None:  # another node has this id: an unchecked document
        turn.hang_up(do.HangUpReason.FAILED)
    elif name == "interdigit":
        _conclude(turn, node, node.recognition, settle(node.recognition.branches, turn.state.keyed))
    elif name == "utterance":
        _miss(turn, node, node.recognition, Miss.NO_MATCH, do.HangUpReason.NO_MATCH)
    else:
        _miss(turn, node, node.recognition, Miss.SILENCE, do.HangUpReason.NO_INPUT)


def _waits_for_action(turn: Turn) -> bool:
    return turn.state.timer is not None and turn.state.timer.startswith("action#")


def _conclude(turn: Turn, node: Node, recognition: Recognition, meaning: Taken | Undecided) -> None:
    if not isinstance(meaning, Taken):
        _miss(turn, node, recognition, Miss.NO_MATCH, do.HangUpReason.NO_MATCH)
        return
    branch = recognition.branches[meaning.branch]
    if isinstance(branch.when, DigitsInput):
        _save(turn, branch.when, meaning.value)
        _take(turn, branch, "input")
    else:
        _take(turn, branch, meaning.value)


def _save(turn: Turn, when: DigitsInput, value: str) -> None:
    turn.set(saved={**turn.state.saved, when.save_as: value})
    turn.tell(do.SaveField(when.save_as, value))


def _take(turn: Turn, branch: Branch, choice: str) -> None:
    turn.chose(choice)
    enter(turn, branch.then)


def _noise(turn: Turn, node: Node, recognition: Recognition) -> None:
    turn.set(noises=turn.state.noises + 1)
    if turn.state.noises >= _MOST_NOISES:
        _miss(turn, node, recognition, Miss.SILENCE, do.HangUpReason.NO_INPUT)
    else:
        wait_for_action(turn, node)


def _miss(turn: Turn, node: Node, recognition: Recognition, miss: Miss, reason: do.HangUpReason) -> None:
    """No answer, or none that a branch expects: ask again, take the branch for it, or end the call."""
    turn.quiet()
    if turn.state.tries < recognition.repeats:
        if count_step(turn):
            turn.chose("repeat")
            turn.set(tries=turn.state.tries + 1, keyed="", noises=0)
            if not say(turn, node):
                await_action(turn, node)
        return
    turn.chose(miss.value)
    then = recognition.on_silence if miss is Miss.SILENCE else recognition.on_no_match
    if then is None:
        turn.hang_up(reason)
    else:
        enter(turn, then)
