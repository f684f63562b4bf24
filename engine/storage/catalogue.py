"""What campaigns are made of: accounts and money, projects, audiences, scenarios, trunks, caller IDs; and new campaigns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from engine.domain.ids import AccountId, CampaignId, ProjectId, ScenarioId, TrunkId
from engine.domain.money import Tariff
from engine.storage.database import Database
from engine.storage.queries import SQL, load

_SQL = load(SQL / "catalogue.sql")


@dataclass(frozen=True, slots=True)
class NewCampaign:
    """Settings of a campaign to be created; defaults are the manual's (6.4). Money in roubles, times in seconds.

    ``retry`` is a dialer.retry.RetryPolicy and ``call_window`` a dialer.window.Window, as JSON values.
    """

    project: ProjectId
    name: str
    scenario: ScenarioId
    audience: int
    trunk: TrunkId
    caller_ids: tuple[str, ...]
    per_hour: int
    max_channels: int
    per_minute: Decimal
    call_window: Mapping[str, object]
    burst: int = 1
    answer_timeout_s: int = 27
    action_timeout_s: int = 7
    longest_call_s: int = 600
    max_leads: int | None = None
    max_spend: Decimal | None = None
    record: bool = False
    retry: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewContact:
    """``zone``: IANA name where known."""

    phone: str
    fields: Mapping[str, str]
    zone: str | None = None


class Catalogue:
    """See the module."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create_account(self, name: str) -> AccountId:
        return AccountId(await self._database.fetchval(_SQL["create_account"], name))

    async def top_up(self, account: AccountId, key: str, amount: Decimal, comment: str) -> bool:
        """Add money; False when ``key`` was used before."""
        return bool(await self._database.fetchval(_SQL["top_up"], account, key, amount, comment))

    async def balance(self, account: AccountId) -> Decimal:
        return Decimal(await self._database.fetchval(_SQL["balance"], account))

    async def create_project(self, account: AccountId, name: str) -> ProjectId:
        return ProjectId(await self._database.fetchval(_SQL["create_project"], account, name))

    async def create_audience(self, project: ProjectId, name: str, contacts: Iterable[NewContact]) -> int:
        """An audience with its contacts, all or nothing; phones must be distinct."""
        async with self._database.transaction() as connection:
            audience = int(await connection.fetchval(_SQL["create_audience"], project, name))
            await connection.copy_records_to_table(
                "contacts",
                columns=("audience_id", "phone", "zone", "fields"),
                records=((audience, each.phone, each.zone, dict(each.fields)) for each in contacts),
            )
        return audience

    async def create_scenario(self, project: ProjectId, name: str, document: object) -> ScenarioId:
        """``document`` is a checked engine.scenario document as a JSON value."""
        return ScenarioId(await self._database.fetchval(_SQL["create_scenario"], project, name, document))

    async def set_trunk(self, name: str, max_channels: int, calls_per_second: int) -> TrunkId:
        """Create or change the trunk that is PJSIP endpoint ``name``."""
        return TrunkId(await self._database.fetchval(_SQL["set_trunk"], name, max_channels, calls_per_second))

    async def add_caller_ids(self, phones: Iterable[str], account: AccountId | None, *, carousel: bool) -> None:
        for phone in phones:
            await self._database.execute(_SQL["add_caller_id"], phone, account, carousel)

    async def create_campaign(self, new: NewCampaign) -> CampaignId:
        """A draft. What one attempt may cost at most is fixed here, from the price and the longest call."""
        return CampaignId(
            await self._database.fetchval(
                _SQL["create_campaign"],
                new.project,
                new.name,
                new.scenario,
                new.audience,
                new.trunk,
                list(new.caller_ids),
                new.per_hour,
                new.burst,
                new.max_channels,
                new.answer_timeout_s,
                new.action_timeout_s,
                new.longest_call_s,
                new.per_minute,
                Tariff(new.per_minute).hold(new.longest_call_s),
                new.max_leads,
                new.max_spend,
                new.record,
                dict(new.retry),
                dict(new.call_window),
            )
        )
