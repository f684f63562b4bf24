"""Makes the demo's customer with money, project, audience, scenario and campaign, as a customer would in the cabinet."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from engine.audience.reading import Import, read_contacts
from engine.domain.errors import BadInput
from engine.domain.ids import AccountId, CampaignId
from engine.domain.text import mark, translate
from engine.scenario.check import check
from engine.scenario.document import Scenario, encode, parse
from engine.scenario.problem import Severity
from engine.stack import CARRIER
from engine.storage.catalogue import Catalogue, NewCampaign, NewContact

HERE = Path(__file__).parent
PERSONAS = "00 01 02 03 04 05 06 07 10 11 12 13 14 15 16 20 21 22 23 24 25 30 31 32 33 40 41".split()
"""Every virtual subscriber of the test carrier, by the last two digits of its number."""
NAMES = ("Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна", "Захар")
ROUNDS = ("900123", "912765", "926040")
"""Each persona is called under three numbers, of different operators."""
CAROUSEL = ("+74950000001", "+74950000002", "+74950000003")
CALLER_ID = "+74951234567"
PRICE = Decimal("2.40")
TOP_UP = Decimal(5000)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user may choose on the command line."""

    contacts: Path | None = None
    scenario: Path | None = None
    calls_per_hour: int = 7200
    max_channels: int = 30
    trunk: str = CARRIER
    caller_id: str = CALLER_ID

    @property
    def real(self) -> bool:
        """Whether real people will be called."""
        return self.trunk != CARRIER


@dataclass(frozen=True, slots=True)
class Planted:
    campaign: CampaignId
    account: AccountId


@dataclass(frozen=True, slots=True)
class Given:
    """The user's files, read and checked."""

    imported: Import
    scenario: Scenario


def demo_csv() -> bytes:
    """The demo's audience as the CSV file that a customer would upload."""
    rows = ["phone;name"]
    for number, (head, persona) in enumerate((head, persona) for head in ROUNDS for persona in PERSONAS):
        rows.append(f"+7{head}{number // len(PERSONAS) + 10}{persona};{NAMES[number % len(NAMES)]}")
    return "\n".join(rows).encode()


def contacts_of(wishes: Wishes) -> Import:
    """The audience. Raises BadInput when the file cannot be read or holds no contact."""
    if wishes.contacts is None:
        return read_contacts(demo_csv())
    try:
        data = wishes.contacts.read_bytes()
    except OSError as error:
        raise BadInput(
            "contacts_file", mark("{file}: {reason}"), file=wishes.contacts, reason=error.strerror or error
        ) from error
    imported = read_contacts(data)
    if not imported.rows:
        raise BadInput("no_contacts", mark("{file}: not one usable telephone number"), file=wishes.contacts)
    return imported


def scenario_of(wishes: Wishes, fields: Iterable[str]) -> Scenario:
    """The scenario, checked. Raises BadInput with one line for each problem."""
    file = wishes.scenario or HERE / "scenario.json"
    try:
        scenario = parse(file.read_bytes())
    except OSError as error:
        raise BadInput("scenario_file", mark("{file}: {reason}"), file=file, reason=error.strerror or error) from error
    problems = check(scenario, materials=None, fields=set(fields))
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        lines = "\n".join(f"  {problem.node or '—'}: {problem}" for problem in errors)
        raise BadInput("scenario_problems", mark("{file}: the scenario has problems:\n{lines}"), file=file, lines=lines)
    return scenario


def read(wishes: Wishes) -> Given:
    """Look at the files before anything is started. Raises BadInput for what cannot be used."""
    if wishes.real and not (wishes.contacts and wishes.scenario):
        raise BadInput(
            "trunk_needs_files",
            mark("With --trunk give --contacts and --scenario: the demo's own would call numbers of strangers"),
        )
    imported = contacts_of(wishes)
    return Given(imported, scenario_of(wishes, ("phone", *imported.columns)))


async def plant(catalogue: Catalogue, wishes: Wishes, given: Given) -> Planted:
    """Everything up to a campaign ready to start."""
    imported, scenario = given.imported, given.scenario
    account = await catalogue.create_account(translate(mark("Demo customer")))
    await catalogue.top_up(account, f"demo:{account}", TOP_UP, translate(mark("Demo top-up")))
    project = await catalogue.create_project(account, translate(mark("Demo project")))
    contacts = (NewContact(row.phone, row.fields, row.zone) for row in imported.rows)
    audience = await catalogue.create_audience(project, translate(mark("Demo audience")), contacts)
    document = json.loads(encode(scenario))
    scenario_id = await catalogue.create_scenario(project, scenario.name, document)
    trunk = await catalogue.set_trunk(wishes.trunk, max_channels=200, calls_per_second=20)
    await catalogue.add_caller_ids(CAROUSEL, None, carousel=True)
    campaign = await catalogue.create_campaign(
        NewCampaign(
            project=project,
            name=scenario.name,
            scenario=scenario_id,
            audience=audience,
            trunk=trunk,
            caller_ids=(wishes.caller_id,),
            per_hour=wishes.calls_per_hour,
            burst=5,
            max_channels=wishes.max_channels,
            per_minute=PRICE,
            longest_call_s=180,
            answer_timeout_s=12,
            record=True,
            retry={} if wishes.real else {"carousel": True, "carousel_delay_s": 10},  # its numbers are invented
            call_window={"opens": "00:00:00", "closes": "00:00:00", "zone": "Europe/Moscow"},
        )
    )
    return Planted(campaign, account)
