"""The scenario document: one definition for the engine, the API, the map editor (JSON Schema) and the simulator.

A tree of nodes under *Answer* (manual, section 11). Field names are snake_case in Python and in JSON alike; unions
carry ``type``. ``parse`` refuses what has the wrong shape; what has the right shape but makes no sense is for
``check``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Literal

import msgspec

from engine.domain.errors import BadInput
from engine.domain.text import mark

MAX_BYTES = 1_048_576
"""A document of the most nodes that ``check`` lets through takes about a third of this."""

KEYS = "0123456789*#"
"""What a telephone can send; A-D exist in DTMF but on no keypad that people have."""


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Common settings of all parts of the document."""


class AudioPlay(_Part, frozen=True, kw_only=True, tag_field="type", tag="audio"):
    """A recording, by the name of its material."""

    material: str


class SpeechPlay(_Part, frozen=True, kw_only=True, tag_field="type", tag="tts"):
    """Words to be spoken; ``{{field}}`` is replaced by the contact's field. ``voice`` is ``provider:name``."""

    text: str
    voice: str = "rhvoice:anna"


Play = AudioPlay | SpeechPlay


class TextMessage(_Part, frozen=True, kw_only=True, tag_field="type", tag="text"):
    """A text message written in the scenario itself; may hold ``{{field}}``."""

    text: str


class MaterialMessage(_Part, frozen=True, kw_only=True, tag_field="type", tag="material"):
    """A text message from the materials."""

    material: str


Message = TextMessage | MaterialMessage


class Webhook(_Part, frozen=True, kw_only=True):
    """Data for a customer's system: ``integration`` names where, ``params`` what (values may hold ``{{field}}``)."""

    integration: str
    params: dict[str, str] = {}


class Digits(_Part, frozen=True, kw_only=True, tag_field="type", tag="digits"):
    """Exactly these keys: ``1``, or a code such as ``1234``."""

    digits: str


class DigitsInput(_Part, frozen=True, kw_only=True, tag_field="type", tag="input"):
    """A number keyed in, ``min`` to ``max`` digits 0-9, ended by ``terminator`` or a pause; kept in the field
    ``save_as``. ``spoken``: it may be said aloud as well.
    """

    min: int = 1
    max: int = 20
    terminator: Literal["#", "*", ""] = "#"
    save_as: str
    spoken: bool = False


class Words(_Part, frozen=True, kw_only=True, tag_field="type", tag="words"):
    """Speech that holds one of ``contains`` and none of ``excludes``; how they match is told in ``words``."""

    contains: tuple[str, ...]
    excludes: tuple[str, ...] = ()


When = Digits | DigitsInput | Words


class Branch(_Part, frozen=True, kw_only=True):
    when: When
    then: Node


class Recognition(_Part, frozen=True, kw_only=True):
    """Wait for the person's action. ``timeout_s`` seconds (None: the campaign's «Время ожидания действия») from the
    end of the prompt, ``interdigit_s`` seconds between keys. On silence or no match the prompt is played again up to
    ``repeats`` times, then that branch is taken; without such a branch the call ends.
    """

    timeout_s: float | None = None
    interdigit_s: float = 3.0
    branches: tuple[Branch, ...] = ()
    on_silence: Node | None = None
    on_no_match: Node | None = None
    repeats: int = 0
    dtmf_barge_in: bool = True


class Transfer(_Part, frozen=True, kw_only=True):
    """Connect with the first of ``numbers`` (SIP URI, city or mobile number) that answers, in this order, each rung for
    ``answer_timeout_s`` seconds (None: the campaign's limit).
    """

    numbers: tuple[str, ...]
    answer_timeout_s: float | None = None
    on_failure: Node | None = None


class BargeIn(StrEnum):
    """What speech interrupts the prompt of a node with recognition. Keys have ``Recognition.dtmf_barge_in``."""

    OFF = "off"
    ANY_SPEECH = "any_speech"
    MATCHED = "matched"


class Node(_Part, frozen=True, kw_only=True):
    """One card of the map. On entering: the prompt begins and the actions are done, each once a call; then recognition,
    or transfer, or ``return_to`` (an ancestor's id, at most ``max_returns`` times), or ``next``, or the end of the
    call.
    """

    id: str
    title: str = ""
    play: Play | None = None
    barge_in: BargeIn = BargeIn.MATCHED
    goal: bool = False
    blacklist: bool = False
    messages: tuple[Message, ...] = ()
    webhooks: tuple[Webhook, ...] = ()
    tags: tuple[str, ...] = ()
    transfer: Transfer | None = None
    recognition: Recognition | None = None
    next: Node | None = None
    return_to: str | None = None
    max_returns: int = 3


class OnMachine(StrEnum):
    HANG_UP = "hang_up"
    GO_ON = "go_on"
    DROP = "drop"


class MachineFilter(_Part, frozen=True, kw_only=True):
    """«Фильтр автоответчиков». ``drop`` is what is left after the greeting when ``on_machine`` is drop."""

    on_machine: OnMachine = OnMachine.HANG_UP
    drop: Play | None = None


class Scenario(_Part, frozen=True, kw_only=True):
    """``silence_limit_s`` is «Определение тишины»: seconds of silence after a question that count as no answer."""

    version: Literal[1] = 1
    name: str
    language: str = "ru"
    recording: bool = False
    machine_filter: MachineFilter | None = None
    silence_limit_s: float | None = None
    start: Node


_decoder = msgspec.json.Decoder(Scenario)
_AT = re.compile(r" - at `(?P<path>[^`]*)`$")


def parse(data: bytes | str) -> Scenario:
    """The document in ``data`` (JSON, UTF-8). Raises BadInput naming the JSON path of what has the wrong shape."""
    raw = data.encode() if isinstance(data, str) else data
    if len(raw) > MAX_BYTES:
        raise BadInput("scenario_too_large", mark("The scenario is larger than {limit} bytes"), limit=MAX_BYTES)
    try:
        return _decoder.decode(raw.removeprefix(b"\xef\xbb\xbf"))
    except msgspec.ValidationError as error:
        text = str(error)
        found = _AT.search(text)
        path = found["path"] if found else "$"
        raise BadInput(
            "scenario_shape", mark("Scenario, at {path}: {reason}"), path=path, reason=_AT.sub("", text)
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput("scenario_json", mark("The scenario is not valid JSON: {reason}"), reason=str(error)) from error
    except RecursionError as error:
        raise BadInput("scenario_too_deep", mark("The scenario is nested too deeply")) from error


def encode(scenario: Scenario) -> bytes:
    """Indented JSON in UTF-8; ``parse`` gives the same scenario back."""
    return msgspec.json.format(msgspec.json.encode(scenario), indent=2) + b"\n"


def schema() -> dict[str, Any]:
    """JSON Schema of the document, for the map editor and other programs."""
    return msgspec.json.schema(Scenario)


def children(node: Node) -> Iterator[Node]:
    """The nodes one step below, in the order of the map: branches, silence, no match, failed transfer, next."""
    if node.recognition is not None:
        yield from (branch.then for branch in node.recognition.branches)
        if node.recognition.on_silence is not None:
            yield node.recognition.on_silence
        if node.recognition.on_no_match is not None:
            yield node.recognition.on_no_match
    if node.transfer is not None and node.transfer.on_failure is not None:
        yield node.transfer.on_failure
    if node.next is not None:
        yield node.next


def walk(scenario: Scenario) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    """Every node with its ancestors, nearest last, top down. Iterative: depth is the user's, not Python's."""
    waiting: list[tuple[Node, tuple[Node, ...]]] = [(scenario.start, ())]
    while waiting:
        node, ancestors = waiting.pop()
        yield node, ancestors
        below = (*ancestors, node)
        waiting.extend((child, below) for child in reversed(list(children(node))))


def find(scenario: Scenario, node_id: str) -> Node | None:
    """The first node called ``node_id``, or None."""
    waiting = [scenario.start]
    while waiting:
        node = waiting.pop()
        if node.id == node_id:
            return node
        waiting.extend(reversed(list(children(node))))
    return None


_SIP = re.compile(r"sips?:[^\s@<>\"']+@[A-Za-z0-9.\-]+(:\d{1,5})?")
_PHONE = re.compile(r"\+?\d{3,15}")
_DECORATION = re.compile(r"[\s().\-]")


def dialable(number: str) -> str | None:
    """``number`` as it can be dialled: a SIP URI as it is, a telephone number without its spaces and brackets; else
    None.
    """
    number = number.strip()
    if number.lower().startswith(("sip:", "sips:")):
        return number if _SIP.fullmatch(number) else None
    bare = _DECORATION.sub("", number)
    return bare if bare.isascii() and _PHONE.fullmatch(bare) else None
