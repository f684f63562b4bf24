"""A scenario with what every call of it needs to know, read from the tree once instead of for every attempt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.domain.prompt import Prompt
from engine.scenario.document import Play, Scenario
from engine.scenario.machine import begin
from engine.scenario.needs import Needs, needs
from engine.scenario.prompts import early_plays, filled, used_fields
from engine.scenario.state import Limits, State


@dataclass(frozen=True, slots=True)
class Script:
    """See the module; ``plays``: those whose prompts are known before the call."""

    scenario: Scenario
    needs: Needs
    fields: tuple[str, ...]
    plays: tuple[Play, ...]

    @staticmethod
    def of(scenario: Scenario) -> Script:
        return Script(scenario, needs(scenario), used_fields(scenario), early_plays(scenario))

    def prompts(self, fields: Mapping[str, str]) -> tuple[Prompt, ...]:
        """As ``prompts.prompts``."""
        return filled(self.plays, fields)

    def start(self, fields: Mapping[str, str], limits: Limits) -> State:
        """As ``machine.start``."""
        return begin(self.fields, fields, limits)
