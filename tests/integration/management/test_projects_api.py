"""``/api/v1/projects`` over HTTP."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Mapping
from typing import Any

import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import AsyncTestClient

from engine.storage.database import Database
from management.access.caller import Role, Scope
from management.access.callers import Callers
from management.projects.schemas import NewProject, ProjectChange
from management.projects.service import Projects
from tests.integration.management.conftest import ready
from tests.support.people import Browser, People, Person
from tests.support.world import until

pytestmark = pytest.mark.integration
Client = AsyncTestClient[Litestar]
PROJECTS = "/api/v1/projects"
_WAITS = "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"


class Api:
    """One person's use of the API."""

    def __init__(self, client: Client, key: str) -> None:
        self._client = client
        self._headers = {"authorization": f"Bearer {key}"}

    async def __call__(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        return await self._client.request(
            method, PROJECTS + path, json=body, headers={**self._headers, **(headers or {})}
        )

    async def created(self, name: str = "Проект") -> dict[str, Any]:
        answer = await self("POST", "", {"name": name})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


@pytest.fixture
async def owner(people: People) -> Person:
    return await people.person(name="Анна")


@pytest.fixture
async def api(client: Client, people: People, owner: Person) -> Api:
    await ready(client)
    return Api(client, await people.key(owner))


async def other(client: Client, people: People, role: Role = Role.CUSTOMER) -> tuple[Person, Api]:
    person = await people.person(role)
    return person, Api(client, await people.key(person))


async def test_without_a_key_nothing(client: Client, api: Api) -> None:
    for headers in ({}, {"authorization": "Bearer dzv_wrong"}, {"authorization": "Basic eDp5"}):
        answer = await client.get(PROJECTS, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_create_read_change(api: Api) -> None:
    created = await api("POST", "", {"name": "  Осенняя   акция ", "description": "a\r\nb"})
    assert created.status_code == 201
    project = created.json()
    assert (project["name"], project["description"], project["access"]) == ("Осенняя акция", "a\nb", "own")
    assert created.headers["location"] == f"{PROJECTS}/{project['id']}"
    read = await api("GET", f"/{project['id']}")
    assert read.json() == project
    assert read.headers["etag"] == '"1"'
    changed = await api("PATCH", f"/{project['id']}", {"name": "Зима"}, {"if-match": '"1"'})
    assert (changed.json()["name"], changed.json()["description"]) == ("Зима", "a\nb")
    assert changed.headers["etag"] == '"2"'
    late = await api("PATCH", f"/{project['id']}", {"name": "Весна"}, {"if-match": '"1"'})
    assert (late.status_code, late.json()["code"]) == (412, "outdated")


@pytest.mark.parametrize(
    ("name", "code"), [("", "required"), (" \u200b ", "required"), ("x" * 201, "too_long"), ("a\x00b", "characters")]
)
async def test_names_that_cannot_be(api: Api, name: str, code: str) -> None:
    answer = await api("POST", "", {"name": name}, {"accept-language": "ru"})
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["title"] == "Некоторые поля заполнены неверно"
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("name", code)]


@pytest.mark.parametrize("name", ["Ω ≈ ç √", "שלום", "👩‍👩‍👧", "e\u0301", "'; drop table projects; --", "<b>x</b>"])
async def test_any_script_is_a_name(api: Api, name: str) -> None:
    assert (await api.created(name))["name"] == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("body", [None, [], {"name": 1}, {"name": "x", "more": 1}, {}])
async def test_bodies_that_cannot_be_read(api: Api, body: object) -> None:
    answer = await api("POST", "", body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_request"


async def test_pages_forth_and_back(api: Api) -> None:
    names = [(await api.created(f"Проект {number}"))["name"] for number in range(5)]
    first = (await api("GET", "?limit=2")).json()
    assert [item["name"] for item in first["items"]] == names[:2:-1]
    assert first["previous"] is None
    second = (await api("GET", f"?limit=2&cursor={first['next']}")).json()
    assert [item["name"] for item in second["items"]] == [names[2], names[1]]
    third = (await api("GET", f"?limit=2&cursor={second['next']}")).json()
    assert [item["name"] for item in third["items"]] == [names[0]]
    assert third["next"] is None
    back = (await api("GET", f"?limit=2&cursor={third['previous']}")).json()
    assert back == second
    assert (await api("GET", f"?limit=2&cursor={back['previous']}")).json() == first
    assert [item["name"] for item in (await api("GET", "?sort=name")).json()["items"]] == names
    assert [item["name"] for item in (await api("GET", "?name=ект%203")).json()["items"]] == ["Проект 3"]
    assert (await api("GET", "?name=%25")).json()["items"] == []


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "sort=owner", "cursor=x", "cursor=WyItY3JlYXRlZF9hdCIsIngiLDEsZmFsc2Vd"]
)
async def test_queries_that_cannot_be(api: Api, query: str) -> None:
    answer = await api("GET", f"?{query}")
    assert answer.status_code in (400, 422)
    assert answer.json()["errors"][0]["field"] == query.partition("=")[0]


async def test_the_archive(api: Api, database: Database) -> None:
    number = (await api.created())["id"]
    assert (await api("POST", f"/{number}/archive")).json()["archived_at"] is not None
    assert (await api("GET", "")).json()["items"] == []
    assert [item["id"] for item in (await api("GET", "?which=archive")).json()["items"]] == [number]
    assert (await api("PATCH", f"/{number}", {"name": "x"})).status_code == 409
    assert (await api("POST", f"/{number}/restore")).json()["archived_at"] is None
    assert await database.fetchval("select array_agg(action order by id) from audit") == [
        "project.created",
        "project.archived",
        "project.restored",
    ]


async def test_what_is_another_s_does_not_exist(client: Client, people: People, api: Api) -> None:
    number = (await api.created())["id"]
    _, stranger = await other(client, people)
    for method, path in [("GET", ""), ("PATCH", ""), ("POST", "/archive"), ("GET", "/fields"), ("GET", "/members")]:
        answer = await stranger(method, f"/{number}{path}", {"name": "x"} if method == "PATCH" else None)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await stranger("GET", "")).json()["items"] == []


async def test_shared_rights(client: Client, people: People, api: Api) -> None:
    number = (await api.created())["id"]
    person, friend = await other(client, people)
    shared = await api("POST", f"/{number}/members", {"email": person.email.upper(), "right": "view"})
    assert shared.status_code == 201, shared.text
    assert (await friend("GET", "?which=shared")).json()["items"][0]["access"] == "view"
    assert (await friend("PATCH", f"/{number}", {"name": "x"})).status_code == 403
    assert (await friend("GET", f"/{number}/members")).status_code == 403
    await api("PATCH", f"/{number}/members/{person.user}", {"right": "edit"})
    assert (await friend("PATCH", f"/{number}", {"name": "x"})).status_code == 200
    assert (await friend("POST", f"/{number}/archive")).status_code == 403
    assert (await api("DELETE", f"/{number}/members/{person.user}")).status_code == 204
    assert (await friend("GET", f"/{number}")).status_code == 404


async def test_whoever_is_no_user_is_invited(api: Api) -> None:
    number = (await api.created())["id"]
    answer = await api("POST", f"/{number}/members", {"email": "New@Пример.рф"})
    assert (answer.json()["user"], answer.json()["email"]) == (None, "new@xn--e1afmkfd.xn--p1ai")
    assert (await api("POST", f"/{number}/members", {"email": "new@пример.рф"})).status_code == 422
    assert (await api("DELETE", f"/{number}/invitations/new@xn--e1afmkfd.xn--p1ai")).status_code == 204
    assert (await api("GET", f"/{number}/members")).json() == []


async def test_fields_and_tags(api: Api) -> None:
    number = (await api.created())["id"]
    added = await api("POST", f"/{number}/fields", {"name": "Город", "variable": "city"})
    assert added.status_code == 201
    fields = (await api("GET", f"/{number}/fields")).json()
    assert [field["variable"] for field in fields] == ["phone", "name", "email", "city"]
    for variable in ("city", "phone", "1st", "имя", "", "x" * 64):
        wrong = await api("POST", f"/{number}/fields", {"name": "x", "variable": variable})
        assert wrong.json()["errors"][0]["field"] == "variable"
    assert (await api("PATCH", f"/{number}/fields/{added.json()['id']}", {"name": "Town"})).json()["name"] == "Town"
    assert (await api("DELETE", f"/{number}/fields/{added.json()['id']}")).status_code == 204
    tag = (await api("POST", f"/{number}/tags", {"name": "Горячий"})).json()
    assert (await api("POST", f"/{number}/tags", {"name": "горячий"})).status_code == 422
    second = (await api("POST", f"/{number}/tags", {"name": "Холодный"})).json()
    assert (await api("PATCH", f"/{number}/tags/{second['id']}", {"name": "ГОРЯЧИЙ"})).status_code == 422
    assert (await api("DELETE", f"/{number}/tags/{tag['id']}")).status_code == 204
    assert [each["name"] for each in (await api("GET", f"/{number}/tags")).json()] == ["Холодный"]


@pytest.mark.parametrize(("kind", "new"), [("fields", {"variable": "city"}), ("tags", {})])
async def test_a_name_that_somebody_else_has_changed(api: Api, kind: str, new: dict[str, str]) -> None:
    number = (await api.created())["id"]
    item = (await api("POST", f"/{number}/{kind}", {"name": "Город", **new})).json()["id"]
    path = f"/{number}/{kind}/{item}"
    assert (await api("PATCH", path, {"name": "Town", "was": "Город"})).status_code == 200
    late = await api("PATCH", path, {"name": "Stadt", "was": "Город"})
    assert (late.status_code, late.json()["code"]) == (412, "outdated")
    assert "Town" in {each["name"] for each in (await api("GET", f"/{number}/{kind}")).json()}
    assert (await api("PATCH", path, {"name": "Stadt"})).status_code == 200, "whatever it is"


@pytest.mark.parametrize(("kind", "new"), [("fields", {"variable": "city"}), ("tags", {})])
async def test_two_tabs_rename_the_same(
    client: Client, people: People, owner: Person, api: Api, kind: str, new: dict[str, str]
) -> None:
    number = (await api.created())["id"]
    item = (await api("POST", f"/{number}/{kind}", {"name": "Город", **new})).json()["id"]
    browser, path = Browser(client, await people.cookie(owner)), f"/projects/{number}/{kind}/{item}"
    assert 'name="was" value="Город"' in (await browser.get(path)).text
    assert (await browser.post(path, {"name": "Town", "was": "Город"})).status_code == 303
    late = await browser.post(path, {"name": "Stadt", "was": "Город"})
    assert late.status_code == 412
    assert 'value="Stadt"' in late.text and 'name="was" value="Town"' in late.text and "«Town»" in late.text
    assert (await browser.post(path, {"name": "Stadt", "was": "Town"})).status_code == 303


async def test_two_who_change_different_things_both_do(people: People, owner: Person, database: Database) -> None:
    """Who names only what he changes leaves the rest as it is, and not as it was when he was asked."""
    caller = await Callers(lambda: database).of_session(await people.cookie(owner), "")
    assert caller is not None
    projects = Projects(database)
    number = (await projects.create(caller, NewProject("Осень", "alt"))).id
    async with database.transaction() as connection:
        await connection.execute("update projects set description = 'neu' where id = $1", number)
        changing = asyncio.create_task(projects.change(caller, number, ProjectChange(name="Зима")))
        await until(lambda: database.fetchval(_WAITS), 20)
    changed = await changing
    assert (changed.name, changed.description) == ("Зима", "neu")
    written = await database.fetchrow("select before, after from audit where action = 'project.changed'")
    assert written is not None
    assert (written["before"], written["after"]) == ({"name": "Осень"}, {"name": "Зима"})


async def test_a_key_does_what_its_scopes_say(client: Client, people: People, owner: Person, api: Api) -> None:
    reader = Api(client, await people.key(owner, [Scope.READ]))
    assert (await reader("GET", "")).status_code == 200
    assert (await reader("POST", "", {"name": "x"})).status_code == 403


async def test_a_repeated_post_creates_once(api: Api) -> None:
    key = {"idempotency-key": "order-1"}
    first = await api("POST", "", {"name": "Один"}, key)
    again = await api("POST", "", {"name": "Один"}, key)
    assert again.json() == first.json()
    assert (again.status_code, again.headers["location"]) == (201, first.headers["location"])
    assert again.headers["idempotency-replayed"] == "true"
    assert (await api("POST", "", {"name": "Два"}, key)).status_code == 422
    assert len((await api("GET", "")).json()["items"]) == 1
    bad = {"idempotency-key": "order-2"}
    assert (await api("POST", "", {"name": ""}, bad)).status_code == 422
    assert (await api("POST", "", {"name": "Три"}, bad)).status_code == 201, "a failure uses no key up"


async def test_a_known_answer_is_not_for_a_key_that_could_not_have_got_it(
    client: Client, people: People, owner: Person, api: Api
) -> None:
    key = {"idempotency-key": "order-1"}
    first = await api("POST", "", {"name": "Один"}, key)
    reader = Api(client, await people.key(owner, [Scope.READ]))
    assert (await reader("POST", "", {"name": "Один"}, key)).status_code == 403
    writer = Api(client, await people.key(owner, [Scope.WRITE]))
    again = await writer("POST", "", {"name": "Один"}, key)
    assert (again.status_code, again.json()) == (201, first.json()), "the client got a new key meanwhile"
    stranger = Api(client, await people.key(await people.person()))
    assert (await stranger("POST", "", {"name": "Один"}, key)).json()["id"] != first.json()["id"]


async def test_limits_are_told(api: Api) -> None:
    answer = await api("GET", "")
    assert int(answer.headers["ratelimit-remaining"]) == int(answer.headers["ratelimit-limit"]) - 1
