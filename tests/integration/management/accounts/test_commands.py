"""``python -m management`` as the operator uses it, against a real database."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from engine.host.paths import PROJECT
from engine.storage.catalogue import Catalogue
from engine.storage.database import Database
from tests.integration.management.accounts.conftest import inside, press
from tests.support.people import Browser

pytestmark = pytest.mark.integration
PUBLIC = "https://calls.example.com"


def management(dsn: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": dsn, "DOZVON_PUBLIC_URL": PUBLIC, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-P", "-m", "management", *arguments]
    return subprocess.run(command, env={**environment, "LC_ALL": "ru_RU.UTF-8"}, capture_output=True, text=True,
                          timeout=60, check=False)  # fmt: skip


def path_of(link: str) -> str:
    assert link.startswith(f"{PUBLIC}/sign-in/")
    return link.removeprefix(PUBLIC).strip()


async def test_the_first_admin(dsn: str, browser: Browser, database: Database) -> None:
    made = management(dsn, "create-user", "--email", "Boss@example.com")
    assert made.returncode == 0, made.stderr
    await press(browser, path_of(made.stdout))
    assert await inside(browser)
    assert await database.fetchval("select role::text from users where email = 'boss@example.com'") == "admin"
    again = management(dsn, "create-user", "--email", "boss@example.com", "--role", "finance")
    assert (again.returncode, again.stdout) == (2, "")
    assert "уже есть" in again.stderr
    link = management(dsn, "sign-in", "boss@example.com")
    await press(browser, path_of(link.stdout))
    unknown = management(dsn, "sign-in", "nobody@example.com")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "nobody@example.com" in unknown.stderr
    assert management(dsn, "create-user", "--email", "not an address").returncode == 2


async def test_the_operator_of_a_fresh_installation(dsn: str, browser: Browser, database: Database) -> None:
    for _ in range(2):
        made = management(dsn, "sign-in")
        assert made.returncode == 0, made.stderr
        await press(browser, path_of(made.stdout))
        assert (await browser.get("/staff/outbox")).status_code == 200
    assert await database.fetchval("select array_agg(email) from users") == ["operator@dozvon.invalid"]
    management(dsn, "create-user", "--email", "boss@example.com")
    await database.execute("update users set blocked_at = now() where email = 'operator@dozvon.invalid'")
    await press(browser, path_of(management(dsn, "sign-in").stdout))
    assert "boss@example.com" in (await browser.get("/profile")).text


async def test_the_people_of_the_demo(dsn: str, browser: Browser, database: Database) -> None:
    account = await Catalogue(database).create_account("demo")
    for _ in range(2):
        told = management(dsn, "demo-people", str(account))
        assert told.returncode == 0, told.stderr
        people = [json.loads(line) for line in told.stdout.splitlines()]
        assert [person["role"] for person in people] == ["customer", "admin"]
        for person in people:
            await press(browser, path_of(person["link"]))
            assert await inside(browser)
            assert person["email"] in (await browser.get("/profile/security")).text
    rows = await database.fetch("select account_id, role::text from users order by id")
    assert [row["role"] for row in rows] == ["customer", "admin"]
    assert rows[0]["account_id"] == account
    assert management(dsn, "demo-people", "999999").returncode == 2
