"""Password, sessions, one's data."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

from engine.storage.catalogue import Catalogue
from management.access.caller import Role
from management.access.callers import KEY_PREFIX
from management.access.secrets import Passwords
from management.access.tokens import Purpose, issue, peek
from management.jobs.handling import Job, Registered
from management.jobs.queue import JobId
from management.profile.jobs import SECTIONS, handlers
from management.store.media import open_store
from tests.integration.management.conftest import running
from tests.integration.management.profile.conftest import PASSWORD, Home
from tests.support.people import Browser

pytestmark = pytest.mark.integration
NEW = "сорок восемь попугаев"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


async def test_a_new_password_ends_what_the_old_one_opened(home: Home) -> None:
    other = await home.second()
    async with home.database.transaction() as connection:
        recovery = await issue(connection, Purpose.RECOVER, home.person.user)
    answer = await home.browser.post("/profile/password", {"old": PASSWORD, "new": NEW})
    assert (answer.status_code, answer.headers["location"]) == (303, "/profile/password")
    assert await Passwords().matches(str((await home.user())["password"]), NEW)
    assert (await home.browser.get("/profile/password")).status_code == 200, "this session goes on"
    assert (await other.get("/profile")).status_code == 303
    assert await peek(home.database, Purpose.RECOVER, recovery) is None
    assert [(to, kind) for to, kind, _ in await home.letters()] == [(home.person.email, "password_changed")]
    row = await home.database.fetchrow("select action, before, after from audit")
    assert row is not None and dict(row) == {"action": "user.password_changed", "before": {}, "after": {}}


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("wrong password", NEW, "old"),
        ("", NEW, "old"),
        (PASSWORD, "short", "new"),
        (PASSWORD, "qwerty12345", "new"),
        (PASSWORD, PASSWORD, "new"),
        (PASSWORD, "я" * 129, "new"),
    ],
)
async def test_passwords_that_are_refused(home: Home, old: str, new: str, field: str) -> None:
    answer = await home.browser.post("/profile/password", {"old": old, "new": new})
    assert answer.status_code == 422 and f'id="password-{field}-error"' in answer.text
    assert PASSWORD not in answer.text and NEW not in answer.text, "a password is never sent back"
    assert await Passwords().matches(str((await home.user())["password"]), PASSWORD)


async def test_guessing_the_old_password_is_braked(home: Home) -> None:
    codes = [
        (await home.browser.post("/profile/password", {"old": f"guess {n}", "new": NEW})).status_code for n in range(6)
    ]
    assert codes[:4] == [422] * 4 and 429 in codes[4:]


async def _sessions(home: Home) -> list[int]:
    text = (await home.browser.get("/profile/sessions")).text
    return [int(number) for number in re.findall(r"/profile/sessions/(\d+)/end\"", text)]


async def test_sessions_are_told_apart_and_ended(home: Home) -> None:
    other = await home.second()
    await home.database.execute("update sessions set agent = $1", FIREFOX)
    text = (await home.browser.get("/profile/sessions")).text
    assert text.count("Firefox 128, Linux") >= 2 and text.count("Этот сеанс") == 1
    (number,) = await _sessions(home)
    assert (await other.get("/profile")).status_code == 200
    assert (await home.browser.post(f"/profile/sessions/{number}/end")).status_code == 303
    assert (await other.get("/profile")).status_code == 303
    assert (await home.browser.post(f"/profile/sessions/{number}/end")).status_code == 404
    assert await home.actions() == ["session.ended"]


async def test_all_others_at_once(home: Home) -> None:
    others = [await home.second() for _ in range(3)]
    _, stranger = await home.stranger()
    assert (await home.browser.post("/profile/sessions/end-others")).status_code == 303
    assert [(await other.get("/profile")).status_code for other in others] == [303] * 3
    assert (await home.browser.get("/profile")).status_code == 200
    assert (await stranger.get("/profile")).status_code == 200


async def test_a_stranger_s_session_is_none(home: Home) -> None:
    stranger, browser = await home.stranger()
    number = await home.database.fetchval("select id from sessions where user_id = $1", stranger.user)
    for session in (number, 2**62):
        assert (await home.browser.post(f"/profile/sessions/{session}/end")).status_code == 404
    assert (await browser.get("/profile")).status_code == 200


def _handler(home: Home, folder: Path, kind: str) -> Registered:
    return next(each for each in handlers(home.database, open_store(folder)) if each.kind == kind)


async def _work(home: Home, folder: Path, kind: str) -> None:
    """What the worker would do with the jobs of this kind."""
    handler = _handler(home, folder, kind)
    for row in await home.database.fetch("select id, payload from pgqueuer where entrypoint = $1", kind):
        await handler.run(Job(JobId(row["id"]), kind, 1, False), row["payload"])


async def _archive(home: Home, folder: Path) -> tuple[str, zipfile.ZipFile]:
    assert (await home.browser.post("/profile/data/exports")).status_code == 303
    await _work(home, folder, "profile.export")
    found = re.search(
        r'href="(/profile/data/exports/[0-9a-f-]+)"', (await home.browser.get("/profile/data/exports")).text
    )
    assert found is not None
    moved = await home.browser.get(found[1])
    assert moved.status_code == 303
    answer = await Browser(home.client).get(moved.headers["location"])
    assert answer.headers["content-type"] == "application/zip"
    return found[1], zipfile.ZipFile(io.BytesIO(answer.content))


async def test_one_s_data_can_be_taken_along(home: Home, tmp_path: Path) -> None:
    await home.database.execute(
        "update users set surname = '=cmd()', patronymic = '＝cmd()', phone = '+79001234567' where id = $1",
        home.person.user,
    )
    await home.database.execute(
        "insert into consents (user_id, document, version) values ($1, 'offer', '2')", home.person.user
    )
    project = await home.database.fetchval(
        "insert into projects (account_id, name) values ($1, 'Осень') returning id", home.person.account
    )
    stranger, _ = await home.stranger()
    _, archive = await _archive(home, tmp_path)
    assert set(archive.namelist()) == {f"{section}.{form}" for section in SECTIONS for form in ("csv", "json")}
    (profile,) = json.loads(archive.read("profile.json"))
    assert (profile["email"], profile["surname"]) == (home.person.email, "=cmd()")
    rows = list(csv.DictReader(io.StringIO(archive.read("profile.csv").decode("utf-8-sig")), delimiter=";"))
    assert [rows[0][name] for name in ("surname", "patronymic")] == ["'=cmd()", "'＝cmd()"], (
        "no formula for a spreadsheet"
    )
    assert rows[0]["phone"] == "+79001234567", "and no apostrophe before what is none"
    assert [row["name"] for row in json.loads(archive.read("projects.json"))] == ["Осень"]
    assert json.loads(archive.read("projects.json"))[0]["id"] == project
    assert json.loads(archive.read("consents.json"))[0]["document"] == "offer"
    assert "user.export_asked" in archive.read("journal.json").decode()
    everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert stranger.email not in everything
    assert "argon2" not in everything and KEY_PREFIX not in everything


async def test_an_export_is_its_user_s_own_and_goes_after_a_week(home: Home, tmp_path: Path) -> None:
    address, _ = await _archive(home, tmp_path)
    _, browser = await home.stranger()
    assert (await browser.get(address)).status_code == 404
    late = "select bool_and(execute_after > now() + interval '6 days') from pgqueuer where entrypoint = 'profile.drop_export'"
    assert await home.database.fetchval(late)
    await _work(home, tmp_path, "profile.drop_export")
    assert (await home.browser.get(address)).status_code == 404
    assert not _zips(tmp_path)


async def test_one_export_at_a_time(home: Home) -> None:
    await home.browser.post("/profile/data/exports")
    await home.browser.post("/profile/data/exports")
    assert await home.database.fetchval("select count(*) from tasks") == 1


def _zips(folder: Path) -> list[Path]:
    return list(folder.rglob("*.zip"))


SURE = {"password": PASSWORD, "sure": "1"}


async def test_a_deleted_user_is_gone_but_for_what_the_law_keeps(home: Home, tmp_path: Path) -> None:
    database, person = home.database, home.person
    await Catalogue(database).top_up(person.account, "t", Decimal(100), "")
    key = await home.people.key(person)
    await database.execute(
        "update users set phone = '+79001234567', surname = 'Петрова', totp_secret = 'x' where id = $1", person.user
    )
    await database.execute("insert into projects (account_id, name) values ($1, 'Осень')", person.account)
    await database.execute("insert into consents (user_id, document, version) values ($1, 'offer', '2')", person.user)
    await _archive(home, tmp_path)
    answer = await home.browser.post("/profile/data/delete", SURE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    user = await home.user()
    assert user["deleted_at"] is not None and str(user["email"]).endswith("@deleted.invalid")
    kept = {
        name: value for name, value in user.items() if name in ("phone", "password", "totp_secret", "avatar", "sex")
    }
    assert set(kept.values()) == {None} and (user["surname"], user["name"]) == ("", "")
    assert (await home.browser.get("/profile")).status_code == 303
    bearer = {"authorization": f"Bearer {key}"}
    assert (await home.client.get("/api/v1/me", headers=bearer)).status_code == 401
    for table in ("sessions", "messages", "one_time_tokens"):
        assert await database.fetchval(f"select count(*) from {table}") == 0, table
    assert await database.fetchval("select bool_and(archived_at is not null) from projects")
    assert await database.fetchval("select count(*) from ledger_postings") == 2
    assert await database.fetchval("select count(*) from consents") == 1
    assert (await home.actions())[-1] == "user.deleted"
    assert not _zips(tmp_path)
    again = await home.people.person(email=person.email)
    assert again.user != person.user, "the address is free again"


@pytest.mark.parametrize(
    ("form", "field"), [({**SURE, "password": "wrong"}, "password"), ({**SURE, "sure": ""}, "sure")]
)
async def test_a_deletion_is_meant(home: Home, form: dict[str, str], field: str) -> None:
    answer = await home.browser.post("/profile/data/delete", form)
    assert answer.status_code == 422 and f'id="deletion-{field}-error"' in answer.text
    assert (await home.user())["deleted_at"] is None


async def test_no_deletion_while_campaigns_run(home: Home) -> None:
    campaign = await running(home.database, "Осень")
    await home.database.execute("update campaigns set account_id = $1 where id = $2", home.person.account, campaign)
    assert (await home.browser.post("/profile/data/delete", SURE)).status_code == 409
    assert (await home.user())["deleted_at"] is None


async def test_the_only_administrator_cannot_delete_himself(home: Home) -> None:
    await home.database.execute("update users set role = 'admin' where id = $1", home.person.user)
    other = await home.people.person(Role.ADMIN)
    await home.database.execute("update users set blocked_at = now() where id = $1", other.user)
    assert (await home.browser.post("/profile/data/delete", SURE)).status_code == 409
    assert (await home.user())["deleted_at"] is None
    await home.database.execute("update users set blocked_at = null where id = $1", other.user)
    assert (await home.browser.post("/profile/data/delete", SURE)).status_code == 303
