"""From node to node: entering, actions, what follows the prompt, transfer, the end."""

from __future__ import annotations

from engine.scenario import commands as do
from engine.scenario.document import BargeIn, Branch, DigitsInput, Node, TextMessage, Words, dialable, find
from engine.scenario.keys import wants_keys
from engine.scenario.prompts import prompt_of
from engine.scenario.state import Phase
from engine.scenario.template import fill
from engine.scenario.turn import Turn
from engine.scenario.words import vocabulary


def known_fields(turn: Turn) -> dict[str, str]:
    """The contact's fields and what was keyed in."""
    return {**turn.state.fields, **turn.state.saved}


def word_options(node: Node) -> tuple[Words, ...]:
    branches = node.recognition.branches if node.recognition is not None else ()
    return tuple(branch.when for branch in branches if isinstance(branch.when, Words))


def spoken_inputs(node: Node) -> tuple[tuple[Branch, DigitsInput], ...]:
    """The branches for a number that may be said aloud."""
    branches = node.recognition.branches if node.recognition is not None else ()
    pairs = ((branch, branch.when) for branch in branches)
    return tuple((branch, when) for branch, when in pairs if isinstance(when, DigitsInput) and when.spoken)


def expects_speech(node: Node) -> bool:
    return bool(word_options(node) or spoken_inputs(node))


def enter(turn: Turn, node: Node) -> None:
    """Go to ``node``, and on from it as long as nothing has to be waited for."""
    here: Node | None = node
    while here is not None:
        turn.quiet()
        if not count_step(turn):
            return
        turn.set(node=here.id, path=(*turn.state.path, here.id), keyed="", tries=0, noises=0)
        speaking = say(turn, here)
        _act(turn, here)
        here = None if speaking else proceed(turn, here)


def count_step(turn: Turn) -> bool:
    """False, and the call ended, when it has taken more steps than allowed."""
    if turn.state.steps >= turn.state.limits.max_steps:
        turn.hang_up(do.HangUpReason.LIMIT)
        return False
    turn.set(steps=turn.state.steps + 1)
    return True


def say(turn: Turn, node: Node) -> bool:
    """Begin the node's prompt; False when it has none."""
    prompt = prompt_of(node.play, known_fields(turn))
    if prompt is None:
        return False
    turn.start_play(prompt)
    turn.set(phase=Phase.PLAYING)
    interruptible = node.barge_in is BargeIn.ANY_SPEECH or (node.barge_in is BargeIn.MATCHED and expects_speech(node))
    if node.recognition is not None and interruptible:
        _listen(turn, node)
    return True


def proceed(turn: Turn, node: Node) -> Node | None:
    """What follows the prompt; a node to be entered at once, or None when something is awaited or the call ends."""
    if node.recognition is not None:
        await_action(turn, node)
        return None
    if node.transfer is not None:
        turn.set(rung=0)
        return dial_next(turn, node)
    if node.return_to is not None:
        return _return(turn, node, node.return_to)
    if node.next is not None:
        return node.next
    turn.hang_up(do.HangUpReason.COMPLETED)
    return None


def await_action(turn: Turn, node: Node) -> None:
    """The prompt is over: the person's time for an answer begins."""
    turn.set(phase=Phase.LISTENING)
    if expects_speech(node) or turn.scenario.silence_limit_s is not None:
        _listen(turn, node)
    wait_for_action(turn, node)


def wait_for_action(turn: Turn, node: Node) -> None:
    """(Re)start the clock of the person's answer."""
    asked = node.recognition.timeout_s if node.recognition is not None else None
    turn.start_timer("action", turn.state.limits.action_timeout_s if asked is None else asked)


def dial_next(turn: Turn, node: Node) -> Node | None:
    """Ring the next operator that can be rung; when none is left, the node for that, or None and the call ended."""
    if node.transfer is None:  # another node has this id: an unchecked document
        turn.hang_up(do.HangUpReason.FAILED)
        return None
    timeout_s = node.transfer.answer_timeout_s
    for position, written in enumerate(node.transfer.numbers[turn.state.rung :], start=turn.state.rung + 1):
        number = dialable(fill(written, known_fields(turn)))
        if number is not None:
            turn.set(phase=Phase.DIALLING, rung=position, ringing=number, dials=turn.state.dials + 1)
            turn.tell(do.Dial(number, turn.state.limits.transfer_timeout_s if timeout_s is None else timeout_s))
            return None
    turn.chose("transfer_failed")
    if node.transfer.on_failure is None:
        turn.hang_up(do.HangUpReason.TRANSFER_FAILED)
    return node.transfer.on_failure


def _listen(turn: Turn, node: Node) -> None:
    words = vocabulary(word_options(node), numbers=bool(spoken_inputs(node)))
    turn.listen(words, turn.scenario.silence_limit_s)


def _return(turn: Turn, node: Node, target_id: str) -> Node | None:
    target = find(turn.scenario, target_id)
    count = turn.state.returns.get(node.id, 0)
    if target is None or count >= node.max_returns:
        turn.hang_up(do.HangUpReason.LIMIT if target is not None else do.HangUpReason.COMPLETED)
        return None
    turn.set(returns={**turn.state.returns, node.id: count + 1})
    return target


def _act(turn: Turn, node: Node) -> None:
    """The node's actions. They are done on entering, so that nothing is lost when the person hangs up during the
    prompt, and once a call, so that hearing the question again sends no second message.
    """
    if node.id in turn.state.acted:
        return
    turn.set(acted=(*turn.state.acted, node.id))
    if node.goal and not turn.state.goal:
        turn.set(goal=True)
        turn.tell(do.MarkGoal(node.id))
    if node.blacklist and not turn.state.blacklisted:
        turn.set(blacklisted=True)
        turn.tell(do.AddToBlacklist(node.id))
    fields = known_fields(turn)
    for message in node.messages:
        if isinstance(message, TextMessage):
            turn.tell(do.SendMessage(node.id, fill(message.text, fields), ""))
        else:
            turn.tell(do.SendMessage(node.id, "", message.material))
    for webhook in node.webhooks:
        params = {name: fill(value, fields) for name, value in webhook.params.items()}
        turn.tell(do.CallWebhook(node.id, webhook.integration, params))
    for tag in node.tags:
        if tag not in turn.state.tags:
            turn.set(tags=(*turn.state.tags, tag))
            turn.tell(do.AddTag(node.id, tag))


def hears_keys(node: Node) -> bool:
    """True when the node's recognition has a branch for keys."""
    return node.recognition is not None and wants_keys(node.recognition.branches)
