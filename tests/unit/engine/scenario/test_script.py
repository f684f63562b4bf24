"""A script gives what the scenario itself gives."""

from __future__ import annotations

from hypothesis import given

from engine.scenario.document import Scenario
from engine.scenario.machine import start
from engine.scenario.needs import needs
from engine.scenario.prompts import prompts, used_fields
from engine.scenario.script import Script
from engine.scenario.state import Limits
from tests.unit.engine.scenario.strategies import scenarios


@given(scenarios())
def test_the_same_as_reading_the_tree_again(scenario: Scenario) -> None:
    script, limits = Script.of(scenario), Limits(action_timeout_s=5)
    fields = {name: name[::-1] for name in used_fields(scenario)[1:]} | {"unused": "x"}
    assert script.prompts(fields) == prompts(scenario, fields)
    assert script.start(fields, limits) == start(scenario, fields, limits)
    assert script.needs == needs(scenario)
