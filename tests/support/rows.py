"""Rows for every list of a project, as many as wanted, put straight into the tables."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from engine.domain.ids import AccountId, CampaignId, ProjectId
from engine.storage.catalogue import Catalogue, NewCampaign, NewContact
from engine.storage.database import Database
from tests.support.people import People

FIRST_END = datetime(2026, 1, 5, 9, tzinfo=UTC)
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Rows:
    """One of each; the last ones made."""

    project: ProjectId
    campaign: CampaignId
    call: UUID
    field: int
    tag: int
    user: int


async def project_with(database: Database, account: AccountId, count: int) -> Rows:
    """A project with ``count`` campaigns, calls (a minute apart, in the last campaign), segments, scenarios, fields, tags, members
    and invitations, and an account with as many numbers and transactions."""
    project = await Catalogue(database).create_project(account, "Проект")
    for number in range(count):
        campaign = await new_campaign(database, account, project, f"Рассылка {number}")
        await database.execute("insert into caller_ids (phone, account_id) values ($1, $2)",
                               f"+7495{next(_numbers):07d}", account)  # fmt: skip
        await Catalogue(database).top_up(account, f"top-up {next(_numbers)}", Decimal(10), "Пополнение")
        field, tag, user = await _contents(database, project, number)
    for number in range(count):
        call = await ended_call(database, campaign, number)
    return Rows(project, campaign, call, field, tag, user)


async def ended_call(database: Database, campaign: CampaignId, number: int) -> UUID:
    """Every second one was answered, and every fourth is a lead."""
    end, answered = FIRST_END + timedelta(minutes=number), number % 2 == 0
    found = await database.fetchval(
        "insert into calls (id, campaign_id, contact_id, account_id, trunk_id, scenario_id, run, attempt, phone, cell_id,"
        " hold, state, answered_at, ended_at, outcome, result, cost)"
        " select $2, c.id, $3, c.account_id, c.trunk_id, c.scenario_id, 1, 1, $4, 'test', 0, 'ended', $5, $6, $7, $8, 2.4"
        " from campaigns c where c.id = $1 returning id",
        campaign, uuid4(), number, f"+7901{next(_numbers):07d}", end - timedelta(seconds=30) if answered else None, end,
        "answered" if answered else "busy", "lead" if number % 4 == 0 else None,
    )  # fmt: skip
    assert isinstance(found, UUID)
    return found


async def new_campaign(database: Database, account: AccountId, project: ProjectId, name: str) -> CampaignId:
    """With a segment and a scenario of that name."""
    catalogue = Catalogue(database)
    audience = await catalogue.create_audience(project, name, [NewContact(f"+7900{next(_numbers):07d}", {})])
    scenario = await catalogue.create_scenario(project, name, {})
    trunk = await catalogue.set_trunk("carrier", 10, 10)
    new = NewCampaign(project, name, scenario, audience, trunk, ("+74950000000",), 600, 10, Decimal(1), {})
    return await catalogue.create_campaign(new)


async def _contents(database: Database, project: ProjectId, number: int) -> tuple[int, int, int]:
    person = await People(database).person()
    await database.execute(
        "insert into project_members (project_id, user_id, \"right\") values ($1, $2, 'view')", project, person.user
    )
    await database.execute(
        "insert into project_invitations (project_id, email, \"right\", invited_by) values ($1, $2, 'view', $3)",
        project, f"invited{number}@example.com", person.user,
    )  # fmt: skip
    field = await database.fetchval(
        "insert into project_fields (project_id, name, variable, type) values ($1, $2, $2, 'text') returning id",
        project, f"field{number}",
    )  # fmt: skip
    tag = await database.fetchval(
        "insert into project_tags (project_id, name) values ($1, $2) returning id", project, f"tag {number}"
    )
    return field, tag, int(person.user)
