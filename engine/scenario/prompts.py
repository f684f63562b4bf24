"""The prompts of a scenario with one contact's fields filled in, so that they can be rendered before dialling."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import assert_never

from engine.domain.prompt import AudioPrompt, Prompt, SpeechPrompt
from engine.scenario.document import AudioPlay, DigitsInput, Play, Scenario, SpeechPlay, TextMessage, walk
from engine.scenario.template import fill, names


def prompt_of(play: Play | None, fields: Mapping[str, str]) -> Prompt | None:
    """What to play; None when there is nothing to say (no play, or a text that is empty without the contact's
    field).
    """
    match play:
        case None:
            return None
        case AudioPlay(material=material):
            return AudioPrompt(material) if material else None
        case SpeechPlay(text=text, voice=voice):
            said = fill(text, fields)
            return SpeechPrompt(said, voice) if said.strip() else None
        case _:
            assert_never(play)


def plays(scenario: Scenario) -> Iterator[Play]:
    """Every play of the document: the nodes' in the order of the map, then the voicemail drop."""
    for node, _ in walk(scenario):
        if node.play is not None:
            yield node.play
    if scenario.machine_filter is not None and scenario.machine_filter.drop is not None:
        yield scenario.machine_filter.drop


def saved_fields(scenario: Scenario) -> frozenset[str]:
    """Names of the fields that the person keys in during the call."""
    return frozenset(
        branch.when.save_as
        for node, _ in walk(scenario)
        if node.recognition is not None
        for branch in node.recognition.branches
        if isinstance(branch.when, DigitsInput)
    )


def prompts(scenario: Scenario, fields: Mapping[str, str]) -> tuple[Prompt, ...]:
    """Every prompt that a call of this contact may need and that is known before it, each once.

    Texts with a field that is keyed in during the call are left out: they can only be rendered then.
    """
    return filled(early_plays(scenario), fields)


def early_plays(scenario: Scenario) -> tuple[Play, ...]:
    """The plays whose prompts are known before the call."""
    later = saved_fields(scenario)
    return tuple(
        play for play in plays(scenario) if not (isinstance(play, SpeechPlay) and later.intersection(names(play.text)))
    )


def filled(those: Iterable[Play], fields: Mapping[str, str]) -> tuple[Prompt, ...]:
    """The prompts of ``those`` plays for one contact, each once."""
    known = (prompt_of(play, fields) for play in those)
    return tuple(dict.fromkeys(prompt for prompt in known if prompt is not None))


def used_fields(scenario: Scenario) -> tuple[str, ...]:
    """Fields named in the texts of the scenario, in order of the map, each once."""
    return tuple(dict.fromkeys(name for _, text in texts(scenario) for name in names(text)))


def texts(scenario: Scenario) -> Iterator[tuple[str | None, str]]:
    """Every text that may hold fields, with the id of its node (None: the voicemail drop)."""
    for node, _ in walk(scenario):
        if isinstance(node.play, SpeechPlay):
            yield node.id, node.play.text
        yield from ((node.id, message.text) for message in node.messages if isinstance(message, TextMessage))
        yield from ((node.id, value) for webhook in node.webhooks for value in webhook.params.values())
        yield from ((node.id, number) for number in (node.transfer.numbers if node.transfer is not None else ()))
    if scenario.machine_filter is not None and isinstance(scenario.machine_filter.drop, SpeechPlay):
        yield None, scenario.machine_filter.drop.text


def missing_fields(scenario: Scenario, fields: Mapping[str, str]) -> tuple[str, ...]:
    """Fields that the scenario's texts use and this contact has not (or has empty), in order of first use."""
    later = saved_fields(scenario)
    return tuple(name for name in used_fields(scenario) if not fields.get(name, "").strip() and name not in later)
