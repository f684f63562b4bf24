"""The audit log as the staff and the customer read it."""

from __future__ import annotations

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from engine.domain.ids import ProjectId
from engine.storage.catalogue import Catalogue
from engine.storage.database import Database
from management.access.caller import Role
from tests.integration.management.conftest import ready
from tests.support.people import Browser, People, Person

pytestmark = pytest.mark.integration
Client = AsyncTestClient[Litestar]


@pytest.fixture
async def anna(client: Client, people: People) -> Person:
    await ready(client)
    return await people.person(name="Анна", email="anna@example.com")


async def browser_of(client: Client, people: People, person: Person) -> Browser:
    browser = Browser(client, await people.cookie(person))
    await browser.get("/profile")
    return browser


async def _renamed(client: Client, people: People, database: Database, anna: Person) -> ProjectId:
    """She makes a project and renames it; a member, and an employee, do something too."""
    hers = await browser_of(client, people, anna)
    made = await hers.post("/projects/new", {"name": "Осень"})
    project = ProjectId(int(made.headers["location"].rpartition("/")[2]))
    await hers.post(f"/projects/{project}", {"name": "<b>Зима</b>", "version": "1"})
    await hers.post(f"/projects/{project}/users/new", {"email": "boris@example.com", "right": "edit"})
    return project


async def test_the_customer_reads_his_own(client: Client, people: People, database: Database, anna: Person) -> None:
    boris = await people.person(email="boris@example.com")
    project = await _renamed(client, people, database, anna)
    his = await browser_of(client, people, boris)
    await his.post(f"/projects/{project}/tags/new", {"name": "горячий"})
    admin = await people.person(Role.ADMIN, email="olga@operator.example")
    office = await browser_of(client, people, admin)
    await office.post(f"/staff/users/{anna.user}/sign-out")
    page = (await (await browser_of(client, people, anna)).get("/profile/journal")).text
    for text in ("Проект создан", "Проект изменён", "&lt;b&gt;Зима&lt;/b&gt;", "Открыт доступ к проекту", "Тег добавлен",
                 "boris@example.com", "Сотрудник завершил все сеансы", "Сотрудник оператора"):  # fmt: skip
        assert text in page, text
    assert "olga@operator.example" not in page and "<b>Зима" not in page
    theirs = (await his.get("/profile/journal")).text
    assert "Тег добавлен" in theirs, "what he did elsewhere"
    assert "Осень" not in theirs and theirs.count('data-label="Что сделано"') == 1


async def test_a_stranger_s_journal_is_empty(client: Client, people: People, database: Database, anna: Person) -> None:
    await _renamed(client, people, database, anna)
    stranger = await browser_of(client, people, await people.person())
    page = (await stranger.get("/profile/journal")).text
    assert "Журнал пуст" in page and "Осень" not in page
    assert "Осень" not in (await stranger.get("/profile/journal?format=csv")).text
    assert "Осень" not in (await stranger.get(f"/profile/journal?account={anna.account}&user={anna.user}")).text
    assert (await stranger.get("/staff/journal")).status_code == 404


async def test_staff_filter_it(client: Client, people: People, database: Database, anna: Person) -> None:
    await people.person(email="boris@example.com")
    await _renamed(client, people, database, anna)
    office = await browser_of(client, people, await people.person(Role.SUPPORT))
    everything = (await office.get("/staff/journal")).text
    assert "anna@example.com" in everything and "Осень" in everything and 'data-label="Что сделано"' in everything

    async def count(query: str) -> int:
        return (await office.get(f"/staff/journal?{query}")).text.count('data-label="Что сделано"')

    assert await count("action=project.created") == 1
    assert await count("action=project.created&who=ANNA") == 1
    assert await count("who=boris") == 0
    assert await count(f"account={anna.account}") == 3
    assert await count(f"account={anna.account + 999}") == 0
    assert await count(f"user={anna.user}") == 3
    assert await count("since=2999-01-01") == 0
    assert await count("until=2999-01-01&since=2000-01-01") == 3
    assert await count("action=nonsense&account=x&since=x") == 3


async def test_pages_and_files_of_it(client: Client, people: People, database: Database, anna: Person) -> None:
    project = await Catalogue(database).create_project(anna.account, "x")
    for number in range(25):
        await database.execute(
            "insert into audit (account_id, user_id, action, object, object_id, before, after)"
            " values ($1, $2, 'project.changed', 'project', $3, $4, $5)",
            anna.account if number % 2 else None,
            anna.user,
            str(project),
            {"name": f"было {number}"},
            {"name": f"стало {number}"},
        )
    hers = await browser_of(client, people, anna)
    first = (await hers.get("/profile/journal?size=10")).text
    assert "стало 24" in first and "стало 15" in first and "стало 14" not in first
    link = first.split('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    second = (await hers.get(link)).text
    assert "стало 14" in second and "стало 5" in second and "стало 15" not in second
    exported = (await hers.get("/profile/journal?format=csv")).text
    assert exported.count("\r\n") == 26 and "name: было 0 → стало 0" in exported


async def test_an_employee_who_has_left_stays_nameless(
    client: Client, people: People, database: Database, anna: Person
) -> None:
    olga = await people.person(Role.ADMIN, email="olga@operator.example")
    office = await browser_of(client, people, olga)
    assert (await office.post(f"/staff/users/{anna.user}/sign-out")).status_code == 303
    await database.execute("update users set role = 'customer' where id = $1", olga.user)
    page = (await (await browser_of(client, people, anna)).get("/profile/journal")).text
    assert "Сотрудник завершил все сеансы" in page and "Сотрудник оператора" in page
    assert "olga@operator.example" not in page
