"""Makes the dialer's attempts into calls: scenario, clips, a place on the switchboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from engine.domain.attempt import Attempt, CallRecord
from engine.domain.campaign import Campaign
from engine.domain.errors import BadInput
from engine.domain.ids import ScenarioId
from engine.domain.text import mark
from engine.scenario.document import Scenario
from engine.scenario.script import Script
from engine.session.call import Call
from engine.session.ear import Hearing
from engine.session.early import EarlyHearing
from engine.session.ports import CallStore, ClipSource, Phone, ScenarioSource
from engine.session.switchboard import Switchboard


@dataclass(frozen=True, slots=True)
class PreparedCall:
    """Satisfies ``dialer.ports.Prepared``."""

    call: Call
    switchboard: Switchboard

    async def run(self) -> CallRecord:
        return await self.switchboard.run(self.call)


class Desk:
    """Satisfies ``dialer.ports.Caller``. ``most_calls``: what this cell's machine is thought to carry."""

    def __init__(
        self,
        switchboard: Switchboard,
        phone: Phone,
        store: CallStore,
        scenarios: ScenarioSource,
        clips: ClipSource,
        recordings: Path,
        most_calls: int,
        hearing: Hearing | None = None,
        early: EarlyHearing | None = None,
    ) -> None:
        self._switchboard = switchboard
        self._phone = phone
        self._store = store
        self._scenarios = scenarios
        self._clips = clips
        self._recordings = recordings
        self._most_calls = most_calls
        self._hearing = hearing
        self._early = early
        self._parsed: dict[ScenarioId, Script] = {}  # documents are immutable once a campaign uses them
        self._preparing = 0

    @property
    def free(self) -> int:
        return max(0, self._most_calls - len(self._switchboard) - self._preparing)

    async def rehearse(self, campaign: Campaign, contacts: Sequence[Mapping[str, str]]) -> None:
        script = await self._script(campaign.scenario)
        wanted = dict.fromkeys(prompt for fields in contacts for prompt in script.prompts(fields))
        await self._clips.prepare(wanted)

    async def prepare(self, attempt: Attempt) -> PreparedCall:
        self._preparing += 1
        try:
            script = await self._script(attempt.scenario)
            rendered = await self._clips.prepare(script.prompts(attempt.fields))
        finally:
            self._preparing -= 1
        call = Call(
            attempt,
            script,
            self._clips,
            rendered,
            self._phone,
            self._store,
            self._recordings,
            self._hearing,
            self._early,
        )
        return PreparedCall(call, self._switchboard)

    async def _script(self, scenario: ScenarioId) -> Script:
        if scenario not in self._parsed:
            document = await self._scenarios.scenario(scenario)
            try:
                self._parsed[scenario] = Script.of(msgspec.convert(document, Scenario))
            except msgspec.ValidationError as error:
                raise BadInput(
                    "bad_scenario", mark("Scenario {id} cannot be used: {error}"), id=scenario, error=error
                ) from error
        return self._parsed[scenario]
