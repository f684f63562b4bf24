"""What acceptance tests do again and again: make a campaign, run an engine on it, wait, look at the rows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from engine.bootstrap import running
from engine.dialer.loop import Dialer
from engine.domain.ids import AccountId, CampaignId, ProjectId, TrunkId
from engine.host.asterisk import AsteriskInstance
from engine.scenario.document import encode, parse
from engine.settings import EngineSettings
from engine.stack import CARRIER, Stack
from engine.storage.calls import Calls
from engine.storage.campaigns import Campaigns
from engine.storage.catalogue import Catalogue, NewCampaign, NewContact
from engine.storage.database import Database
from engine.telemetry import Metrics

Row = Mapping[str, Any]
ALWAYS = {"opens": "00:00:00", "closes": "00:00:00", "zone": "Europe/Moscow"}
CALLER_ID = "+74951234567"
KEPT_S = 300.0
HELLO = "asterisk:hello-world"
"""One second of a human voice."""
QUESTION = "Здравствуйте! Это проверка связи. Нажмите один или два."
"""Four seconds: subscribers say «алло» first and hear the robot out then."""


@dataclass
class World:
    stack: Stack
    database: Database
    dsn: str
    account: AccountId
    project: ProjectId
    trunk: TrunkId
    campaigns: Campaigns
    calls: Calls
    catalogue: Catalogue
    cells: list[str] = field(default_factory=list)

    @staticmethod
    async def make(stack: Stack, database: Database, dsn: str) -> World:
        catalogue = Catalogue(database)
        account = await catalogue.create_account("Test")
        await catalogue.top_up(account, "test", Decimal(10_000), "")
        project = await catalogue.create_project(account, "Test")
        trunk = await catalogue.set_trunk(CARRIER, 200, 50)
        return World(stack, database, dsn, account, project, trunk, Campaigns(database), Calls(database), catalogue)

    async def close(self) -> None:
        """Nothing may be left on either Asterisk: a channel that outlives its test is a leak. What is left all the same, or of a
        recording, is not the next test's."""
        try:
            for instance in (self.stack.platform, self.stack.carrier):
                await until(partial(_quiet, instance), 8)
        finally:
            for instance in (self.stack.platform, self.stack.carrier):
                assert instance is not None
                instance.command("channel request hangup all")
            for left in ("*.raw", "*.part"):
                for file in (self.stack.media / "recordings").glob(left):
                    file.unlink()

    async def campaign(
        self, phones: Sequence[str], scenario: Mapping[str, Any], *, start: bool = True, **settings: Any
    ) -> CampaignId:
        """A campaign over ``phones``, started. ``settings`` are those of NewCampaign."""
        document = json.loads(encode(parse(json.dumps(scenario))))
        contacts = [NewContact(phone, {"name": "Анна"}) for phone in phones]
        audience = await self.catalogue.create_audience(self.project, "Test", contacts)
        new = NewCampaign(
            project=self.project,
            name="Test",
            scenario=await self.catalogue.create_scenario(self.project, "Test", document),
            audience=audience,
            trunk=self.trunk,
            caller_ids=(CALLER_ID,),
            per_hour=360_000,
            burst=50,
            max_channels=60,
            per_minute=Decimal("2.40"),
            longest_call_s=120,
            answer_timeout_s=5,
            action_timeout_s=3,
            call_window=ALWAYS,
        )
        campaign = await self.catalogue.create_campaign(replace(new, **settings))
        if start:
            await self.campaigns.start(campaign)
        return campaign

    def settings(self, cell: str = "test", **changes: Any) -> EngineSettings:
        return replace(
            EngineSettings(
                dsn=self.dsn,
                ari=f"http://127.0.0.1:{self.stack.ports.platform_http}",
                ari_password=self.stack.password_file.read_text().strip(),
                media=self.stack.media,
                state=self.stack.state,
                cell=cell,
            ),
            **changes,
        )

    @asynccontextmanager
    async def engine(self, **changes: Any) -> AsyncIterator[Dialer]:
        async with running(self.settings(**changes), Metrics()) as dialer:
            yield dialer

    async def state(self, campaign: CampaignId) -> str:
        return (await self.campaigns.state(campaign))[0].value

    async def ended(self, campaign: CampaignId, seconds: float = 60) -> list[Row]:
        """Wait until the campaign is no longer running, has no open call, and what was recorded is kept; its calls."""

        async def over() -> bool:
            progress = await self.campaigns.progress(campaign)
            return bool(progress["state"] != "running" and progress["open"] == 0)

        await until(over, seconds)
        await self.kept(campaign)
        return list(await self.calls.report(campaign))

    async def kept(self, campaign: CampaignId) -> None:
        """Wait until no recording of the campaign's ended calls is left to be converted: what has the lowest priority waits as long
        as anything else in the machine has something to do."""
        calls = [row["id"] for row in await self.calls.report(campaign) if row["answered_at"]]
        left = [self.stack.media / "recordings" / f"{call}.raw" for call in calls]
        await until(lambda: not any(file.exists() for file in left), KEPT_S)

    async def run(self, phones: Sequence[str], scenario: Mapping[str, Any], **settings: Any) -> dict[str, Row]:
        """A whole campaign with an engine of its own; the last row of each phone."""
        campaign = await self.campaign(phones, scenario, **settings)
        async with self.engine():
            return {row["phone"]: row for row in await self.ended(campaign)}


async def until(condition: Callable[[], Any], seconds: float) -> None:
    """Wait until ``condition`` (plain or a coroutine function) holds; an AssertionError after ``seconds``."""
    end = asyncio.get_running_loop().time() + seconds
    while True:
        found = condition()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return
        assert asyncio.get_running_loop().time() < end, f"not within {seconds} s"
        await asyncio.sleep(0.05)


def _quiet(instance: AsteriskInstance | None) -> bool:
    return channels(instance) == 0


def channels(instance: AsteriskInstance | None) -> int:
    """Live channels of an Asterisk."""
    assert instance is not None
    return int(instance.command("core show channels count").split()[0])


def phone(persona: str, number: int = 0) -> str:
    """A telephone number of the carrier's virtual subscriber ``persona`` (two digits)."""
    return f"+79001{number:04d}{persona}"


def speech(text: str) -> dict[str, str]:
    return {"type": "tts", "voice": "rhvoice:anna", "text": text}


def sound(name: str = HELLO) -> dict[str, str]:
    return {"type": "audio", "material": name}


def node(name: str, **parts: Any) -> dict[str, Any]:
    return {"id": name, **parts}


def ask(*branches: tuple[str, dict[str, Any]], **parts: Any) -> dict[str, Any]:
    """A scenario that speaks and asks for a key; ``branches`` are (key, node)."""
    options = [{"when": {"type": "digits", "digits": key}, "then": then} for key, then in branches]
    start = node("ask", play=speech(QUESTION), recognition={"branches": options, **parts})
    return {"name": "test", "start": start}


def file_of(row: Row) -> Path:
    assert row["recording"] is not None
    return Path(row["recording"])
