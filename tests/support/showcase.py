"""A database as an installation has it after some weeks: a café chain that calls its guests, its colleague, the operator's staff.

What the picture of a page shows is made with the project's own functions, and only what takes weeks (calls, movements of money)
is written as rows.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from engine.domain.ids import AccountId, CampaignId, ProjectId, ScenarioId, TrunkId
from engine.storage.campaigns import Campaigns
from engine.storage.catalogue import Catalogue, NewCampaign, NewContact
from engine.storage.database import Database
from management.access.caller import Caller, Role, SessionId
from management.access.callers import Callers
from management.access.throttle import Throttle
from management.projects.contents import Contents
from management.projects.schemas import FieldType, NewField, NewProject, NewTag, Share, SharedRight
from management.projects.service import Projects
from tests.support.people import People, Person

_SCENARIO = Path(__file__).parents[1] / "data" / "scenarios" / "demo.json"
PRICE = Decimal("2.40")
DAYS = 24
_DEVICES = (
    (
        "192.0.2.17",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1",
    ),
    (
        "198.51.100.4",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 YaBrowser/25.2 Safari/537.36",
    ),
)
_ALWAYS = {"opens": "00:00:00", "closes": "00:00:00", "zone": "Europe/Moscow"}
_OUTCOMES = ("answered",) * 55 + ("no_answer",) * 25 + ("busy",) * 10 + ("unreachable",) * 6 + ("invalid_number",) * 4
_RESULTS = (None,) * 62 + ("lead",) * 20 + ("machine",) * 14 + ("blacklist",) * 4
_CAMPAIGNS = (
    ("Приглашение на дегустацию", "finished", "", 180),
    ("Возвращение гостей: не были больше месяца", "running", "", 240),
    ("Опрос после визита", "paused", "no_funds", 120),
    ("Новое меню – постоянные гости", "draft", "", 90),
)


@dataclass(frozen=True, slots=True)
class Showcase:
    """Who there is, by the name under which pictures know them; the project that the customer works in, and one shared with him."""

    people: dict[str, Person]
    project: int
    shared: int


async def showcase(database: Database) -> Showcase:
    """Fills an empty, migrated database. The same every time, but for the dates, which end today."""
    made = People(database)
    people = {
        "customer": await made.person(email="olga@zerno.example", name="Ольга"),
        "colleague": await made.person(email="pavel@zerno.example", name="Павел"),
        "newcomer": await made.person(email="new@example.com", name=""),
        "staff": await made.person(Role.ADMIN, email="operator@dozvon.example", name="Ирина"),
    }
    await _personal(database, people)
    owner = _caller(people["customer"], "Ольга")
    projects = Projects(database)
    project, shared = await _projects(database, projects, owner, people)
    await _history(database, people["customer"].account, ProjectId(project))
    return Showcase(people, project, shared)


async def _personal(database: Database, people: dict[str, Person]) -> None:
    names = {"customer": "Зернова", "colleague": "Помолов", "staff": "Линейная"}
    for who, surname in names.items():
        await database.execute("update users set surname = $2 where id = $1", people[who].user, surname)
    await database.execute(
        "update users set manager_id = $2, phone = '+79161234567', phone_confirmed_at = now(), patronymic = 'Ильинична',"
        " sex = 'female' where id = $1",
        people["customer"].user,
        people["staff"].user,
    )
    await database.execute(
        "update users set phone = '+74951234567', phone_confirmed_at = now() where id = $1", people["staff"].user
    )
    await People(database).key(people["customer"])
    for ip, agent in _DEVICES:
        async with database.transaction() as connection:
            await Callers(lambda: database).open(connection, people["customer"].user, ip, agent)


async def _projects(
    database: Database, projects: Projects, owner: Caller, people: dict[str, Person]
) -> tuple[int, int]:
    about = "Звоним гостям трёх кофеен: приглашаем, возвращаем, спрашиваем, понравилось ли."
    former = await projects.create(owner, NewProject("Открытие на Лесной", "Прошло в марте"))
    await projects.archive(owner, former.id)
    await projects.create(owner, NewProject("Доставка зерна по подписке", ""))
    project = (await projects.create(owner, NewProject("Кофейни «Зерно»", about))).id
    contents = Contents(projects, Throttle(lambda: database), "https://calls.example.com")
    await contents.add_field(owner, project, NewField("Любимый напиток", "drink", FieldType.TEXT))
    await contents.add_field(owner, project, NewField("Последний визит", "last_visit", FieldType.DATE))
    await contents.add_field(owner, project, NewField("Согласие на SMS", "sms_allowed", FieldType.BOOLEAN))
    for tag in ("придёт", "перезвонить", "просит меню", "жалоба"):
        await contents.add_tag(owner, project, NewTag(tag))
    await contents.share(owner, project, Share(people["colleague"].email, SharedRight.RUN))
    await contents.share(owner, project, Share("barista@zerno.example", SharedRight.VIEW))
    colleague = _caller(people["colleague"], "Павел")
    theirs = await projects.create(colleague, NewProject("Обжарочный цех", "Напоминания оптовикам"))
    await contents.share(colleague, theirs.id, Share(people["customer"].email, SharedRight.EDIT))
    return project, theirs.id


async def _history(database: Database, account: AccountId, project: ProjectId) -> None:
    catalogue = Catalogue(database)
    trunk = await catalogue.set_trunk("mango", 60, 10)
    await catalogue.add_caller_ids(("+74950000001",), None, carousel=True)
    await catalogue.add_caller_ids(("+74957778899", "+78127778899"), account, carousel=False)
    scenario = await catalogue.create_scenario(project, "Приглашение с вопросом", json.loads(_SCENARIO.read_text()))
    await catalogue.create_scenario(project, "Опрос: оценка от 1 до 5", json.loads(_SCENARIO.read_text()))
    chance = random.Random(1)
    started = datetime.now(UTC) - timedelta(days=DAYS)
    await _money(database, account, started, Decimal(25_000), "Счёт № 118")
    await database.execute("insert into cells (id) values ('cell-main')")
    for number, (name, state, reason, contacts) in enumerate(_CAMPAIGNS):
        phones = [NewContact(f"+7916{number}{each:06d}", {"name": "Анна"}) for each in range(contacts)]
        audience = await catalogue.create_audience(project, f"{name.partition(':')[0]} – гости", phones)
        campaign = await catalogue.create_campaign(
            NewCampaign(project, name, scenario, audience, trunk, ("+74957778899",), 600, 12, PRICE, _ALWAYS)
        )
        began = started + timedelta(days=5 * number, hours=1 + number)
        await database.execute("update campaigns set created_at = $2 where id = $1", campaign, began)
        await database.execute("update audiences set created_at = $2 where id = $1", audience, began)
        if state != "draft":
            await Campaigns(database).start(campaign)
            await _calls(database, chance, (campaign, account, trunk, scenario), began)
            await database.execute(_SET_STATE, campaign, state, reason)
    for row in await database.fetch(_PAID):
        await _money(database, account, row["at"], -row["cost"], "Звонки за день")


_SET_STATE = "update campaigns set state = $2::text::campaign_state, reason = $3 where id = $1"
_PAID = (
    "select max(ended_at) as at, sum(cost) as cost from calls group by ended_at::date having sum(cost) > 0 order by 1"
)
_CALL_COLUMNS = (
    "id campaign_id contact_id account_id trunk_id scenario_id run attempt phone caller_id cell_id state hold cost"
    " claimed_at started_at answered_at ended_at outcome result"
).split()
_Ids = tuple[CampaignId, AccountId, TrunkId, ScenarioId]


async def _calls(database: Database, chance: random.Random, ids: _Ids, since: datetime) -> None:
    """Most contacts of the campaign are called, on the days since then."""
    campaign = ids[0]
    contacts = await database.fetch(
        "select contact_id, phone from campaign_contacts where campaign_id = $1 order by 1", campaign
    )
    called = contacts[: len(contacts) * 4 // 5]
    rows = list(_attempts(chance, ids, since, [(row["contact_id"], row["phone"]) for row in called]))
    async with database.transaction() as connection:
        await connection.copy_records_to_table("calls", columns=_CALL_COLUMNS, records=rows)
        await connection.execute(
            "update campaign_contacts set state = 'done', attempts = 1 where campaign_id = $1 and contact_id = any($2)",
            campaign,
            [row["contact_id"] for row in called],
        )
        await connection.execute(
            "update campaigns set leads = (select count(*) from calls where campaign_id = $1 and result = 'lead'),"
            " spent = (select sum(cost) from calls where campaign_id = $1) where id = $1",
            campaign,
        )


def _attempts(
    chance: random.Random, ids: _Ids, since: datetime, contacts: list[tuple[int, str]]
) -> Iterator[tuple[Any, ...]]:
    campaign, account, trunk, scenario = ids
    span_s = int((datetime.now(UTC) - since).total_seconds()) - 600
    for contact, phone in contacts:
        outcome = chance.choice(_OUTCOMES)
        answered = outcome == "answered"
        began = since + timedelta(seconds=chance.randrange(span_s))
        up = began + timedelta(seconds=8) if answered else None
        over = began + timedelta(seconds=8 + (chance.randrange(6, 95) if answered else 12))
        cost = (PRICE * Decimal((over - up).total_seconds()) / 60).quantize(Decimal("0.01")) if up else Decimal(0)
        result = chance.choice(_RESULTS) if answered else None
        number = UUID(int=chance.getrandbits(128), version=4)
        yield (
            *(number, campaign, contact, account, trunk, scenario, 1, 1, phone, "+74957778899", "cell-main", "ended"),
            *(Decimal(24), cost, began, began, up, over, outcome, result),
        )


async def _money(database: Database, account: AccountId, at: datetime, amount: Decimal, comment: str) -> None:
    """As ledger_move does it, at a time of the past."""
    other = "cash:topup" if amount > 0 else "revenue:calls"
    async with database.transaction() as connection:
        journal = await connection.fetchval(
            "insert into ledger_journals (key, comment, created_at) values ($1, $2, $3) returning id",
            f"showcase:{account}:{at.isoformat()}:{amount}",
            comment,
            at,
        )
        await connection.execute("insert into ledger_accounts (code) values ($1) on conflict do nothing", other)
        await connection.execute(
            "insert into ledger_postings (journal_id, ledger_account_id, amount)"
            " select $1, id, case when code = $2 then -$3::numeric else $3 end"
            " from ledger_accounts where code = $2 or account_id = $4",
            *(journal, other, amount, account),
        )
        await connection.execute(
            "update ledger_accounts set balance = balance + $2 where account_id = $1", account, amount
        )


def _caller(person: Person, name: str) -> Caller:
    return Caller(
        person.user, person.account, Role.CUSTOMER, person.email, name, "ru", "Europe/Moscow", "", SessionId(0)
    )
