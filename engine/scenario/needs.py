"""What a scenario needs to hear. A call whose scenario needs nothing gets no media leg: listening costs nearly twice the call."""

from __future__ import annotations

from dataclasses import dataclass

from engine.scenario.document import BargeIn, Node, Scenario, walk
from engine.scenario.flow import expects_speech


@dataclass(frozen=True, slots=True)
class Needs:
    """``screening``: tell people from machines. ``voice``: speech or its absence, at some node."""

    screening: bool
    voice: bool

    @property
    def any(self) -> bool:
        return self.screening or self.voice


def needs(scenario: Scenario) -> Needs:
    """Keys alone need no ear: Asterisk reports them."""
    silence = scenario.silence_limit_s is not None
    return Needs(
        screening=scenario.machine_filter is not None,
        voice=any(_hears(node, silence) for node, _ in walk(scenario)),
    )


def _hears(node: Node, silence: bool) -> bool:
    if node.recognition is None:
        return False
    return expects_speech(node) or silence or node.barge_in is BargeIn.ANY_SPEECH
