"""Every problem of a scenario, with its node. What ``document.parse`` lets through but a call could not use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from engine.domain.text import mark
from engine.scenario.check_answers import recognition_problems, unheard_problems
from engine.scenario.document import (
    AudioPlay,
    MaterialMessage,
    Node,
    OnMachine,
    Play,
    Scenario,
    SpeechPlay,
    TextMessage,
    Transfer,
    dialable,
    walk,
)
from engine.scenario.problem import Problem, Severity, error, warning
from engine.scenario.prompts import saved_fields
from engine.scenario.template import malformed, names

MAX_NODES = 1000
MAX_DEPTH = 100
MAX_ID = 64
MAX_SPEECH = 2000
"""Characters; about two and a half minutes of speech, longer than anyone listens to a robot."""
MAX_RETURNS = 20
MAX_RING_S = 300
SMS_CYRILLIC, SMS_LATIN = 70, 160
"""Characters of one text message (manual, 10.3)."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What exists outside of the document; None where the caller does not know."""

    materials: Collection[str] | None
    fields: Collection[str] | None
    voices: Collection[str] | None
    integrations: Collection[str] | None
    keyed: Collection[str]
    """Fields keyed in during the call."""
    unheard: Callable[[Sequence[str]], Collection[str]] | None


def check(
    document: Scenario,
    *,
    materials: Collection[str] | None = None,
    fields: Collection[str] | None = None,
    voices: Collection[str] | None = None,
    integrations: Collection[str] | None = None,
    unheard: Callable[[Sequence[str]], Collection[str]] | None = None,
) -> tuple[Problem, ...]:
    """All problems, the document's first, then in the order of the map. Lists that are None are not checked against.

    ``unheard`` tells which of the words the recogniser can never hear.
    """
    known = _Known(materials, fields, voices, integrations, saved_fields(document), unheard)
    return tuple(_problems(document, known))


def is_ready(problems: Collection[Problem]) -> bool:
    """True when a scenario with these problems can be saved as ready and called with."""
    return all(problem.severity is not Severity.ERROR for problem in problems)


def _problems(document: Scenario, known: _Known) -> Iterator[Problem]:
    yield from _document_problems(document, known)
    nodes = list(walk(document))
    if len(nodes) > MAX_NODES:
        yield error(
            None,
            "too_many_nodes",
            mark("The scenario has {count} nodes, more than {limit}"),
            count=len(nodes),
            limit=MAX_NODES,
        )
        return  # siblings are compared in pairs: a document of this size could hold the server for minutes
    deepest = max(len(ancestors) + 1 for _, ancestors in nodes)
    if deepest > MAX_DEPTH:
        yield error(
            None,
            "too_deep",
            mark("The scenario is {depth} nodes deep, more than {limit}"),
            depth=deepest,
            limit=MAX_DEPTH,
        )
    for node_id, count in Counter(node.id for node, _ in nodes).items():
        if count > 1:
            yield error(node_id, "id_duplicate", mark("{count} nodes have this id"), count=count)
    if document.start.play is None:
        yield error(document.start.id, "start_play_missing", mark("Add a starting prompt"))
    for node, ancestors in nodes:
        yield from _node_problems(node, ancestors, known)


def _document_problems(document: Scenario, known: _Known) -> Iterator[Problem]:
    if not document.name.strip():
        yield error(None, "name_empty", mark("Give the scenario a name"))
    limit_s = document.silence_limit_s
    if limit_s is not None and not 0.5 <= limit_s <= 60:
        yield error(None, "silence_limit_bad", mark("The silence limit must be 0.5 to 60 seconds"))
    rule = document.machine_filter
    if rule is None:
        return
    if rule.on_machine is OnMachine.DROP and rule.drop is None:
        yield error(None, "drop_missing", mark("Choose the prompt to leave on an answering machine"))
    if rule.on_machine is not OnMachine.DROP and rule.drop is not None:
        yield warning(None, "drop_unused", mark("The prompt for answering machines is never left"))
    if rule.drop is not None:
        yield from _play_problems(None, rule.drop, known)


def _node_problems(node: Node, ancestors: tuple[Node, ...], known: _Known) -> Iterator[Problem]:
    if not node.id or len(node.id) > MAX_ID or any(sign in ":#" or sign.isspace() for sign in node.id):
        yield error(
            node.id,
            "id_bad",
            mark("A node's id has 1 to {limit} characters without spaces, colon and hash"),
            limit=MAX_ID,
        )
    if node.play is not None:
        yield from _play_problems(node.id, node.play, known)
    yield from _action_problems(node, known)
    yield from _order_problems(node, ancestors)
    if node.recognition is not None:
        yield from recognition_problems(node, node.recognition)
        if known.unheard is not None:
            yield from unheard_problems(node.id, node.recognition, known.unheard)
    if node.transfer is not None:
        yield from _transfer_problems(node, node.transfer, known)


def _play_problems(node: str | None, play: Play, known: _Known) -> Iterator[Problem]:
    if isinstance(play, AudioPlay):
        if not play.material.strip():
            yield error(node, "play_empty", mark("Choose what to play"))
        else:
            yield from _material_problems(node, play.material, known)
        return
    if not play.text.strip():
        yield error(node, "play_empty", mark("Choose what to play"))
    if len(play.text) > MAX_SPEECH:
        yield error(
            node,
            "text_too_long",
            mark("The text has {length} characters, more than {limit}"),
            length=len(play.text),
            limit=MAX_SPEECH,
        )
    yield from _voice_problems(node, play, known)
    yield from _template_problems(node, play.text, known)
    for name in names(play.text):
        if name in known.keyed:
            yield warning(
                node,
                "field_keyed_in_play",
                mark(
                    "The prompt with “{field}” can be spoken only after a pause: its text is not known before the call"
                ),
                field=name,
            )


def _voice_problems(node: str | None, play: SpeechPlay, known: _Known) -> Iterator[Problem]:
    provider, colon, name = play.voice.partition(":")
    if not (provider and colon and name):
        yield error(node, "voice_bad", mark("“{voice}” is no voice: provider:name is"), voice=play.voice)
    elif known.voices is not None and play.voice not in known.voices:
        yield error(node, "voice_unknown", mark("There is no voice “{voice}”"), voice=play.voice)


def _material_problems(node: str | None, material: str, known: _Known) -> Iterator[Problem]:
    if known.materials is not None and material not in known.materials:
        yield error(node, "material_unknown", mark("There is no material “{material}”"), material=material)


def _template_problems(node: str | None, text: str, known: _Known) -> Iterator[Problem]:
    if malformed(text):
        yield error(node, "template_bad", mark("A field is not written as {example}"), example="{{field}}")
    for name in names(text):
        if name and known.fields is not None and name not in known.fields and name not in known.keyed:
            yield error(node, "field_unknown", mark("There is no field “{field}”"), field=name)


def _action_problems(node: Node, known: _Known) -> Iterator[Problem]:
    if node.goal and node.blacklist:
        yield warning(node.id, "goal_and_blacklist", mark("The node marks a lead and blacklists at once"))
    for message in node.messages:
        match message:
            case TextMessage(text=text):
                yield from _text_message_problems(node.id, text, known)
            case MaterialMessage(material=material):
                yield from _material_problems(node.id, material, known)
    for webhook in node.webhooks:
        if not webhook.integration.strip():
            yield error(node.id, "integration_empty", mark("Choose the integration"))
        elif known.integrations is not None and webhook.integration not in known.integrations:
            yield error(
                node.id,
                "integration_unknown",
                mark("There is no integration “{integration}”"),
                integration=webhook.integration,
            )
        for value in webhook.params.values():
            yield from _template_problems(node.id, value, known)
    if any(not tag.strip() for tag in node.tags):
        yield error(node.id, "tag_empty", mark("A tag is empty"))


def _text_message_problems(node: str, text: str, known: _Known) -> Iterator[Problem]:
    if not text.strip():
        yield error(node, "message_empty", mark("The message has no text"))
    yield from _template_problems(node, text, known)
    limit = SMS_LATIN if text.isascii() else SMS_CYRILLIC
    if len(text) > limit:
        yield warning(
            node,
            "message_long",
            mark("The message is longer than {limit} characters: it is sent, and charged, as several"),
            limit=limit,
        )


def _order_problems(node: Node, ancestors: tuple[Node, ...]) -> Iterator[Problem]:
    """Things that cannot follow one another in one node, and returns to nowhere."""
    if node.recognition is not None and node.transfer is not None:
        yield error(node.id, "transfer_with_recognition", mark("A node cannot both recognise and transfer"))
    if node.next is not None:
        if node.recognition is not None:
            yield error(node.id, "next_after_recognition", mark("What follows a recognition belongs to its branches"))
        if node.transfer is not None:
            yield error(node.id, "next_after_transfer", mark("The call ends with the transfer: nothing can follow it"))
    if node.return_to is not None:
        if node.next is not None or node.recognition is not None or node.transfer is not None:
            yield error(node.id, "return_with_more", mark("A node that returns can only play and act"))
        if all(ancestor.id != node.return_to for ancestor in ancestors):
            yield error(
                node.id,
                "return_unknown",
                mark("There is no node “{target}” above this one to return to"),
                target=node.return_to,
            )
        if not 1 <= node.max_returns <= MAX_RETURNS:
            yield error(node.id, "max_returns_bad", mark("A node can return 1 to {limit} times"), limit=MAX_RETURNS)
    elif not (node.play or node.recognition or node.transfer or node.next or _acts(node)):
        yield warning(node.id, "node_idle", mark("The node does nothing: the call ends here"))


def _acts(node: Node) -> bool:
    return bool(node.goal or node.blacklist or node.messages or node.webhooks or node.tags)


def _transfer_problems(node: Node, transfer: Transfer, known: _Known) -> Iterator[Problem]:
    if not transfer.numbers:
        yield error(node.id, "transfer_empty", mark("Give at least one number to transfer to"))
    for number in transfer.numbers:
        if "{{" in number:
            yield from _template_problems(node.id, number, known)
        elif dialable(number) is None:
            yield error(
                node.id,
                "transfer_number_bad",
                mark("“{number}” is neither a telephone number nor a SIP address"),
                number=number,
            )
    for number, count in Counter(dialable(number) or number for number in transfer.numbers).items():
        if count > 1:
            yield warning(
                node.id,
                "transfer_number_repeated",
                mark("“{number}” is rung {count} times"),
                number=number,
                count=count,
            )
    timeout_s = transfer.answer_timeout_s
    if timeout_s is not None and not 1 <= timeout_s <= MAX_RING_S:
        yield error(
            node.id, "answer_timeout_bad", mark("An operator can be rung for 1 to {limit} seconds"), limit=MAX_RING_S
        )
