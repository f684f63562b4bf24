"""Where a call stands in its scenario, and the facts for its record. Frozen; a JSON value through msgspec."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from engine.scenario.commands import Command
from engine.scenario.events import MachineKind


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Times in seconds. The first two are the campaign's settings and defaults (manual, 6.4)."""

    action_timeout_s: float = 7.0
    transfer_timeout_s: float = 27.0
    max_steps: int = 200
    """Nodes entered and prompts repeated in one call; a bound for documents that nobody checked."""
    screening_s: float = 4.0
    """Longest wait for the answering-machine filter; then it is a person. Twice the slowest decision seen for
    AMD()'s people.
    """
    greeting_s: float = 30.0
    """Longest wait for the end of a voicemail greeting."""
    utterance_s: float = 10.0
    """Longest speech before it counts as no match."""


class Phase(StrEnum):
    IDLE = "idle"
    SCREENING = "screening"
    PLAYING = "playing"
    LISTENING = "listening"
    DIALLING = "dialling"
    TALKING = "talking"
    GREETING = "greeting"
    DROPPING = "dropping"
    ENDING = "ending"
    OVER = "over"


TRANSITIONS: dict[Phase, frozenset[Phase]] = {
    Phase.IDLE: frozenset({Phase.SCREENING, Phase.PLAYING, Phase.LISTENING, Phase.DIALLING, Phase.ENDING, Phase.OVER}),
    Phase.SCREENING: frozenset(
        {Phase.PLAYING, Phase.LISTENING, Phase.DIALLING, Phase.GREETING, Phase.ENDING, Phase.OVER}
    ),
    Phase.PLAYING: frozenset({Phase.LISTENING, Phase.DIALLING, Phase.GREETING, Phase.ENDING, Phase.OVER}),
    Phase.LISTENING: frozenset({Phase.PLAYING, Phase.DIALLING, Phase.GREETING, Phase.ENDING, Phase.OVER}),
    Phase.DIALLING: frozenset(
        {Phase.TALKING, Phase.PLAYING, Phase.LISTENING, Phase.GREETING, Phase.ENDING, Phase.OVER}
    ),
    Phase.TALKING: frozenset({Phase.ENDING, Phase.OVER}),
    Phase.GREETING: frozenset(
        {Phase.DROPPING, Phase.PLAYING, Phase.LISTENING, Phase.DIALLING, Phase.ENDING, Phase.OVER}
    ),
    Phase.DROPPING: frozenset({Phase.ENDING, Phase.OVER}),
    Phase.ENDING: frozenset({Phase.OVER}),
    Phase.OVER: frozenset(),
}
"""Every change of phase that can happen; ``docs/scenario.md`` draws it, tests hold both to the machine."""


class State(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``path``, ``digits``, ``goal``, ``blacklisted``, ``tags``, ``machine``, ``transferred_to`` and ``saved`` are
    the facts.

    ``path`` holds the ids of the nodes entered and, as ``id:choice``, what led on from them. Keyed-in values are
    personal and stay out of it.
    """

    fields: dict[str, str]
    limits: Limits = Limits()
    phase: Phase = Phase.IDLE
    path: tuple[str, ...] = ()
    digits: str = ""
    goal: bool = False
    blacklisted: bool = False
    tags: tuple[str, ...] = ()
    machine: MachineKind | None = None
    transferred_to: str | None = None
    saved: dict[str, str] = {}

    node: str | None = None
    play: str | None = None
    timer: str | None = None
    listening: bool = False
    deaf: bool = False
    keyed: str = ""
    """Keys of the current input."""
    tries: int = 0
    """Repeats of the current prompt so far."""
    noises: int = 0
    rung: int = 0
    """How many of ``Transfer.numbers`` were tried, the one being rung included."""
    ringing: str | None = None
    """The operator's number being rung."""
    plays: int = 0
    timers: int = 0
    dials: int = 0
    steps: int = 0
    acted: tuple[str, ...] = ()
    """Nodes whose actions were done."""
    returns: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class Step:
    state: State
    commands: tuple[Command, ...]
