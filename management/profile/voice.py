"""The code spoken by our own engine: a campaign of one contact, of the installation's own account, which pays nothing.

To the engine it is a campaign like any other: the trunk's limits, the dialling and the records are the same. Nothing is recorded,
and the code is wiped from the contact when it is of no more use (``forget``).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from engine.domain.errors import Refused
from engine.domain.ids import AccountId, CampaignId, ProjectId, ScenarioId, TrunkId
from engine.domain.outcome import Outcome
from engine.storage.campaigns import Campaigns
from engine.storage.catalogue import Catalogue, NewCampaign, NewContact
from engine.storage.database import Connection, Database
from engine.storage.queries import load
from management.database import Joined
from management.profile.schemas import Stage

_HERE = Path(__file__).parent
_SQL = load(_HERE / "queries.sql")
_DOCUMENT = json.loads((_HERE / "code_call.json").read_text(encoding="utf-8"))
_PROJECT = "Codes"
_SPOKEN = "ноль один два три четыре пять шесть семь восемь девять".split()
_FREE = Decimal(0)
_ALWAYS = {"opens": "00:00:00", "closes": "00:00:00", "zone": "Europe/Moscow"}
"""Whoever asked for the call waits for it, at night too."""
RINGS_S = 30
LONGEST_S = 60
LATE_S = 20.0
"""A call that has not begun after so long probably will not: no engine runs, or the trunk is full."""
_ENDS = {Outcome.ANSWERED: Stage.HEARD, Outcome.BUSY: Stage.BUSY, Outcome.DECLINED: Stage.BUSY,
         Outcome.NO_ANSWER: Stage.NO_ANSWER, Outcome.UNREACHABLE: Stage.NO_ANSWER}  # fmt: skip
_STAGES = {"claimed": Stage.DIALLING, "dialing": Stage.DIALLING, "ringing": Stage.RINGING, "answered": Stage.TALKING}


@dataclass(frozen=True, slots=True)
class Line:
    """Where the installation's own calls go out, and the number they show."""

    trunk: TrunkId
    caller: str


def spoken(code: str) -> str:
    """Each digit as a sentence of its own, so that the voice pauses after it."""
    return " ".join(f"{_SPOKEN[int(digit)].capitalize()}." for digit in code)


class CodeCalls:
    """``trunk``, ``caller_id``: the settings'; '' for what there is."""

    def __init__(self, database: Callable[[], Database], trunk: str, caller_id: str) -> None:
        self._database = database
        self._wanted = trunk, caller_id

    async def line(self) -> Line | None:
        """None when the installation cannot call."""
        row = await self._database().fetchrow(_SQL["line"], *self._wanted)
        return None if row is None else Line(TrunkId(row["trunk"]), row["caller"])

    async def begin(self, connection: Connection, line: Line, phone: str, code: str) -> CampaignId:
        """Start the call in the caller's transaction: the engine sees it when that is committed."""
        joined = Joined(connection)
        catalogue = Catalogue(joined)
        await connection.execute(_SQL["lock_system"])
        project = await self._project(connection, catalogue)
        scenario = await self._scenario(connection, catalogue, project)
        contact = NewContact(phone, {"code": spoken(code)})
        campaign = await catalogue.create_campaign(
            NewCampaign(
                project=project,
                name=_DOCUMENT["name"],
                scenario=scenario,
                audience=await catalogue.create_audience(project, _DOCUMENT["name"], [contact]),
                trunk=line.trunk,
                caller_ids=(line.caller,),
                per_hour=3600,
                max_channels=1,
                per_minute=_FREE,
                call_window=_ALWAYS,
                answer_timeout_s=RINGS_S,
                longest_call_s=LONGEST_S,
            )
        )
        await Campaigns(joined).start(campaign)
        return campaign

    async def _project(self, connection: Connection, catalogue: Catalogue) -> ProjectId:
        account = await connection.fetchval(_SQL["system_account"])
        if account is None:
            account = await catalogue.create_account("Dozvon")
            await connection.execute(_SQL["make_system"], account)
        found = await connection.fetchval(_SQL["system_project"], account, _PROJECT)
        return ProjectId(found) if found else await catalogue.create_project(AccountId(account), _PROJECT)

    async def _scenario(self, connection: Connection, catalogue: Catalogue, project: ProjectId) -> ScenarioId:
        found = await connection.fetchval(_SQL["same_scenario"], project, _DOCUMENT)
        return ScenarioId(found) if found else await catalogue.create_scenario(project, _DOCUMENT["name"], _DOCUMENT)

    async def stage(self, campaign: CampaignId) -> tuple[Stage, bool]:
        """How far it is, and whether it is late to begin."""
        row = await self._database().fetchrow(_SQL["call"], campaign)
        if row is None:
            return Stage.FAILED, False
        if row["outcome"] is not None:
            return _ENDS.get(Outcome(row["outcome"]), Stage.FAILED), False
        if row["state"] is not None:
            return _STAGES[row["state"]], False
        waits = row["campaign_state"] == "running"
        return (Stage.WAITING if waits else Stage.FAILED), waits and (row["age_s"] or 0) > LATE_S


async def forget(connection: Connection, campaign: CampaignId) -> None:
    """The code is of no more use: never dial with it, and do not keep it."""
    with suppress(Refused):  # it is over
        await Campaigns(Joined(connection)).stop(campaign)
    await connection.execute(_SQL["forget_code"], campaign)
