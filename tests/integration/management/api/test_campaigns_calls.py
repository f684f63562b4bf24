"""``/api/v1/campaigns`` and ``/api/v1/calls``: what is listed, to whom."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from engine.storage.database import Database
from management.access.caller import Scope
from tests.integration.management.api.conftest import Customer
from tests.support.people import People
from tests.support.rows import project_with

pytestmark = pytest.mark.integration


@pytest.fixture
def client(customer: Customer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{customer.address}/api/v1", headers=customer.headers, timeout=60) as client:
        yield client


def names(client: httpx.Client, query: str = "") -> list[str]:
    return [item["name"] for item in client.get(f"/campaigns{query}").json()["items"]]


def test_campaigns(client: httpx.Client, customer: Customer) -> None:
    newest_first = ["Рассылка 2", "Рассылка 1", "Рассылка 0"]
    assert names(client) == newest_first
    assert names(client, "?sort=name") == newest_first[::-1]
    assert names(client, f"?project={customer.rows.project}&name=1&state=draft") == ["Рассылка 1"]
    assert names(client, "?state=running") == []
    assert names(client, "?until=2000-01-01") == []
    first = client.get("/campaigns?limit=2").json()
    assert names(client, f"?limit=2&cursor={first['next']}") == newest_first[2:]
    one = client.get(f"/campaigns/{customer.rows.campaign}").json()
    assert one == first["items"][0]
    assert (one["state"], one["contacts"], one["done"], one["project"]) == ("draft", 1, 0, customer.rows.project)


def test_calls(client: httpx.Client, customer: Customer) -> None:
    found = client.get("/calls").json()["items"]
    assert [(call["outcome"], call["status"], call["result"], call["duration"]) for call in found] == [
        ("answered", "successful", None, 30),
        ("busy", "unsuccessful", None, 0),
        ("answered", "successful", "lead", 30),
    ]
    assert client.get(f"/calls/{customer.rows.call}").json() == found[0]
    assert found[0]["cost"] == "2.4000"
    assert found[0]["campaign"] == customer.rows.campaign
    for query, shown in [
        ("?status=unsuccessful", found[1:2]),
        ("?result=lead", found[2:]),
        (f"?phone={found[1]['phone'][-7:]}", found[1:2]),
        (f"?campaign={customer.rows.campaign}&sort=ended_at", found[::-1]),
        (f"?campaign={int(customer.rows.campaign) - 1}", []),
        ("?since=2026-01-05&until=2026-01-05", found),
        ("?since=2026-01-06", []),
    ]:
        assert client.get(f"/calls{query}").json()["items"] == shown, query
    first = client.get("/calls?limit=2").json()
    assert client.get(f"/calls?limit=2&cursor={first['next']}").json()["items"] == found[2:]


async def test_only_what_the_caller_may_see(database: Database, people: People, customer: Customer) -> None:
    stranger, friend = await people.person(), await people.person()
    theirs = await project_with(database, stranger.account, 1)
    await database.execute(
        "insert into project_members (project_id, user_id, \"right\") values ($1, $2, 'view')", theirs.project, friend.user
    )  # fmt: skip
    async with httpx.AsyncClient(base_url=f"{customer.address}/api/v1", timeout=60) as client:
        for key, status, count in [(await people.key(friend), 200, 1), (customer.key, 404, 3)]:
            headers = {"authorization": f"Bearer {key}"}
            for kind, one in [("campaigns", theirs.campaign), ("calls", theirs.call)]:
                assert (await client.get(f"/{kind}/{one}", headers=headers)).status_code == status
                assert len((await client.get(f"/{kind}", headers=headers)).json()["items"]) == count
                there = await client.get(f"/{kind}?project={theirs.project}", headers=headers)
                assert there.status_code == status
        writer = {"authorization": f"Bearer {await people.key(friend, [Scope.WRITE])}"}
        for kind in ("campaigns", "calls"):
            assert (await client.get(f"/{kind}")).status_code == 401
            assert (await client.get(f"/{kind}", headers=writer)).status_code == 403
