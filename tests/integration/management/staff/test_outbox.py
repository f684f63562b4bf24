"""The outbox: how a newcomer confirms and recovers where no mail server is set."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.storage.database import Database
from management.access.caller import Role
from tests.integration.management.accounts.conftest import Letters, press, register
from tests.integration.management.staff.conftest import Office
from tests.support.people import Browser

pytestmark = pytest.mark.integration
HOME = "/staff/outbox"
ANNA = "anna@example.com"


@pytest.fixture
def letters(dsn: str, database: Database, tmp_path: Path) -> Letters:
    return Letters(dsn, database, tmp_path)


async def _opened(office: Office) -> tuple[str, str]:
    """Address and page of the newest message."""
    listed = (await office.browser.get(HOME)).text
    found = re.search(rf'href="({HOME}/[0-9a-f-]{{36}})"', listed)
    assert found is not None, listed
    return found[1], (await office.browser.get(found[1])).text


def _link(page: str, path: str) -> str:
    found = re.search(rf'href="http://127\.0\.0\.1:8080({path}/[^"]+)"', page)
    assert found is not None, page
    return found[1]


async def test_a_newcomer_confirms_and_recovers_without_a_mail_server(office: Office, letters: Letters) -> None:
    newcomer = Browser(office.client)
    sent = await register(newcomer, ANNA)
    told = (await newcomer.get(sent.headers["location"])).text
    assert "/staff/outbox" in told and "./dozvon sign-in" in told
    await letters.written()
    listed = (await office.browser.get(HOME)).text
    assert "Почтовый сервер не настроен" in listed and "Осталось здесь" in listed
    _, page = await _opened(office)
    await press(newcomer, _link(page, "/confirm"))
    assert (await newcomer.get("/profile")).status_code == 200

    forgetful = Browser(office.client)
    await forgetful.get("/recovery")
    asked = await forgetful.post("/recovery", {"email": ANNA})
    assert "/staff/outbox" in (await forgetful.get(asked.headers["location"])).text
    await letters.written()
    _, page = await _opened(office)
    answer = await press(forgetful, _link(page, "/recovery"), {"password": "лошадь ест яблоки"})
    assert answer.status_code == 303


async def test_the_letter_as_a_mail_program_shows_it_can_do_nothing(office: Office) -> None:
    await register(Browser(office.client), ANNA)
    address, page = await _opened(office)
    assert f'{address}/html" target="_blank" rel="noopener"' in page
    answer = await office.browser.get(f"{address}/html")
    assert answer.headers["content-type"].startswith("text/html") and "<h1" in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy.endswith("; sandbox") and "default-src 'none'" in policy and "script-src" not in policy
    assert answer.headers["cache-control"] == "no-store" and answer.headers["x-content-type-options"] == "nosniff"


async def test_who_has_read_a_letter_is_written_down(office: Office) -> None:
    await register(Browser(office.client), ANNA)
    account = await office.database.fetchval("select account_id from users where email = $1", ANNA)
    await _opened(office)
    opened = [entry for entry in await office.audited() if entry[0] == "message.opened"]
    assert opened == [("message.opened", office.admin.user, account, {}, {"recipient": ANNA, "kind": "mail"})]


async def test_filters_and_files_tell_no_text(office: Office) -> None:
    await register(Browser(office.client), ANNA)
    await office.database.execute(
        "insert into messages (key, kind, recipient, text, language) values ('k', 'sms', '+79000000001', 'код 123456', 'ru')"
    )
    assert ANNA not in (await office.browser.get(f"{HOME}?kind=sms")).text
    assert "+79000000001" not in (await office.browser.get(f"{HOME}?who=anna")).text
    assert "Под фильтр не подходит" in (await office.browser.get(f"{HOME}?state=sent")).text
    exported = (await office.browser.get(f"{HOME}?format=csv")).text
    assert ANNA in exported and "+79000000001" in exported
    assert "123456" not in exported and "/confirm/" not in exported


async def test_what_is_sent_has_no_text_any_more(office: Office) -> None:
    await register(Browser(office.client), ANNA)
    await office.database.execute("update messages set state = 'sent', sent_at = now(), text = '', html = ''")
    address, page = await _opened(office)
    assert "После отправки текст не хранится" in page and f"{address}/html" not in page
    assert (await office.browser.get(f"{address}/html")).status_code == 404
    assert not [entry for entry in await office.audited() if entry[0] == "message.opened"]


async def test_a_failed_one_is_sent_again(office: Office) -> None:
    await register(Browser(office.client), ANNA)
    address, _ = await _opened(office)
    assert (await office.browser.post(f"{address}/again")).status_code == 303
    assert "уже отправлено или отправляется" in (await office.browser.get(HOME)).text
    await office.database.execute("update messages set state = 'failed', error = 'no such user'")
    assert "no such user" in (await office.browser.get(HOME)).text
    assert (await office.browser.post(f"{address}/again")).status_code == 303
    assert await office.database.fetchval("select state::text from messages") == "queued"
    assert (await office.audited())[-1][0] == "message.sent_again"


async def test_it_is_not_public(office: Office) -> None:
    await register(Browser(office.client), ANNA)
    address, _ = await _opened(office)
    for role in Role:
        browser = await office.of(role)
        expected = 200 if role is Role.ADMIN else 404
        assert [(await browser.get(path)).status_code for path in (HOME, address, f"{address}/html")] == [expected] * 3
    assert (await Browser(office.client).get(address)).headers["location"].startswith("/login")
    nothing = f"{HOME}/00000000-0000-0000-0000-000000000000"
    assert [(await office.browser.get(path)).status_code for path in (nothing, f"{nothing}/html")] == [404, 404]
