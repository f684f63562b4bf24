"""E-mail and phone: confirmed anew when they change."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from engine.storage.catalogue import Catalogue
from management.jobs.handling import Job
from management.jobs.queue import JobId
from management.profile.jobs import handlers
from management.profile.voice import spoken
from management.store.media import open_store
from tests.integration.management.profile.conftest import PASSWORD, Home, link_in
from tests.support.people import Browser

pytestmark = pytest.mark.integration
NEW = "new.address@example.com"
PHONE = "+79001234504"


async def _link(home: Home, email: str = NEW) -> str:
    answer = await home.browser.post("/profile/email", {"email": email, "password": PASSWORD})
    assert answer.status_code == 200 and email in answer.text
    return link_in((await home.letters())[-1][2])


async def test_a_new_address_counts_once_its_link_was_opened(home: Home) -> None:
    link = await _link(home)
    assert (await home.user())["email"] == home.person.email
    elsewhere = Browser(home.client)
    assert NEW in (await elsewhere.get(link)).text
    assert (await home.user())["email"] == home.person.email, "looking is not confirming"
    assert (await elsewhere.post(link)).status_code == 303
    assert (await home.user())["email"] == NEW
    to, kind, text = (await home.letters())[-1]
    assert (to, kind) == (home.person.email, "email_changed") and NEW in text
    assert NEW in (await home.browser.get("/profile")).text
    assert await home.actions() == ["user.email_asked", "user.email_changed"]
    assert (await elsewhere.get(link)).status_code == 404
    assert (await elsewhere.post(link)).status_code == 404, "a link serves once"


async def test_only_the_newest_link_works(home: Home) -> None:
    old, new = await _link(home), await _link(home, "other@example.com")
    assert (await home.browser.get(old)).status_code == 404
    assert (await home.browser.get(new)).status_code == 200
    await home.database.execute("update one_time_tokens set expires_at = now() - interval '1 s'")
    assert (await home.browser.post(new)).status_code == 404


async def test_whether_an_address_is_taken_is_told_to_its_owner_only(home: Home) -> None:
    taken, _ = await home.stranger()
    free = await home.browser.post("/profile/email", {"email": NEW, "password": PASSWORD})
    answer = await home.browser.post("/profile/email", {"email": taken.email.upper(), "password": PASSWORD})
    assert answer.status_code == free.status_code
    assert answer.text.replace(taken.email, NEW) == free.text
    assert [(to, kind) for to, kind, _ in await home.letters()] == [
        (NEW, "confirm_email"),
        (taken.email, "already_registered"),
    ]


async def test_an_address_that_was_taken_meanwhile(home: Home) -> None:
    link = await _link(home)
    await home.people.person(email=NEW)
    assert (await home.browser.post(link)).status_code == 404
    assert (await home.user())["email"] == home.person.email


async def test_invitations_find_their_user(home: Home) -> None:
    other, _ = await home.stranger()
    project = await home.database.fetchval(
        "insert into projects (account_id, name) values ($1, 'p') returning id", other.account
    )
    await home.database.execute(
        "insert into project_invitations (project_id, email, \"right\", invited_by) values ($1, $2, 'run', $3)",
        project,
        NEW,
        other.user,
    )
    await home.browser.post(await _link(home))
    assert (
        await home.database.fetchval('select "right"::text from project_members where user_id = $1', home.person.user)
        == "run"
    )


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"email": NEW, "password": "wrong password"}, "password"),
        ({"email": NEW, "password": ""}, "password"),
        ({"email": "anna", "password": PASSWORD}, "email"),
        ({"email": "an..na@example.com", "password": PASSWORD}, "email"),
        ({"email": "a@b.ru\r\nBcc: c@d.ru", "password": PASSWORD}, "email"),
    ],
)
async def test_a_change_of_address_needs_the_password(home: Home, form: dict[str, str], field: str) -> None:
    answer = await home.browser.post("/profile/email", form)
    assert answer.status_code == 422 and f'id="email-{field}-error"' in answer.text
    assert await home.letters() == []


async def test_letters_are_braked(home: Home) -> None:
    codes = [
        (await home.browser.post("/profile/email", {"email": f"a{n}@example.com", "password": PASSWORD})).status_code
        for n in range(5)
    ]
    assert codes == [200, 200, 200, 429, 429]


async def _code(home: Home, phone: str = PHONE) -> str:
    answer = await home.browser.post("/profile/phone", {"phone": phone, "way": "sms"})
    assert answer.status_code == 303, answer.text
    found = re.search(r"\d{6}", (await home.letters())[-1][2])
    assert found is not None
    return found[0]


async def test_a_phone_counts_once_its_code_was_typed(home: Home) -> None:
    code = await _code(home, "8 (900) 123-45-04")
    assert (await home.letters())[-1][0] == PHONE
    assert (await home.user())["phone"] is None
    assert "neither" in (await home.browser.get("/profile/phone?lang=en")).text, "says what the installation lacks"
    wrong = await home.browser.post("/profile/phone/code", {"code": f"{(int(code) + 1) % 10**6:06}"})
    assert wrong.status_code == 422 and 'id="code-code-error"' in wrong.text
    assert (await home.browser.post("/profile/phone/code", {"code": f"{code[:3]} {code[3:]}"})).status_code == 303
    user = await home.user()
    assert user["phone"] == PHONE and user["phone_confirmed_at"] is not None
    assert (await home.browser.post("/profile/phone/code", {"code": code})).status_code == 422, "a code serves once"
    assert await home.actions() == ["user.phone_asked", "user.phone_changed"]
    again = await home.browser.post("/profile/phone", {"phone": PHONE, "way": "sms"})
    assert again.status_code == 422


async def test_a_code_is_its_user_s_own_and_has_five_tries(home: Home) -> None:
    code = await _code(home)
    _, browser = await home.stranger()
    assert (await browser.post("/profile/phone/code", {"code": code})).status_code == 422
    for _ in range(5):
        await home.browser.post("/profile/phone/code", {"code": "no"})
    assert (await home.browser.post("/profile/phone/code", {"code": code})).status_code == 422
    assert (await home.user())["phone"] is None


async def test_an_old_code_is_none(home: Home) -> None:
    code = await _code(home)
    await home.database.execute("update one_time_tokens set expires_at = now() - interval '1 s'")
    assert (await home.browser.post("/profile/phone/code", {"code": code})).status_code == 422


@pytest.mark.parametrize(
    "phone", ["", "abc", "+1 212 555 01 00", "+7 701 123 45 67", "8 800 555 35 35", "112", "900123450"]
)
async def test_numbers_that_cannot_be_confirmed(home: Home, phone: str) -> None:
    answer = await home.browser.post("/profile/phone", {"phone": phone, "way": "sms"})
    assert answer.status_code == 422 and 'id="phone-phone-error"' in answer.text
    assert await home.letters() == []


async def test_codes_are_braked_by_user_and_by_number(home: Home) -> None:
    ask = {"phone": PHONE, "way": "sms"}
    assert [(await home.browser.post("/profile/phone", ask)).status_code for _ in range(4)] == [303, 303, 303, 429]
    _, browser = await home.stranger()
    assert (await browser.post("/profile/phone", ask)).status_code == 429, "another user, the same number"
    assert (await browser.post("/profile/phone", {**ask, "phone": "+79001234500"})).status_code == 303


async def _asked(home: Home, times: int, phone: str, user: int, ago: str) -> None:
    await home.database.execute(
        "insert into audit (user_id, action, after, at)"
        " select $3, 'user.phone_asked', jsonb_build_object('phone', $2::text), now() - $4::text::interval"
        " from generate_series(1, $1)",
        times,
        phone,
        user,
        ago,
    )


async def _ask(browser: Browser, phone: str, language: str = "en") -> tuple[int, str]:
    answer = await browser.post(f"/profile/phone?lang={language}", {"phone": phone, "way": "sms"})
    return answer.status_code, answer.text


async def test_one_number_gets_so_many_codes_a_day_whoever_asks(home: Home) -> None:
    _, browser = await home.stranger()
    await _asked(home, 4, PHONE, home.person.user, "23 h 30 min")
    await _asked(home, 50, PHONE, home.person.user, "24 h 1 min")
    await _asked(home, 50, "+79001234500", (await home.people.person()).user, "1 h")
    assert (await _ask(home.browser, PHONE))[0] == 303
    status, text = await _ask(home.browser, PHONE)
    assert status == 429 and "5 codes have gone to this number within a day" in text and "in 0 h 30 min" in text
    status, text = await _ask(home.browser, PHONE, "ru")
    assert status == 429 and "на этот номер отправлено кодов: 5" in text and "через 0 ч 30 мин" in text
    await home.database.execute("delete from throttle")
    assert (await _ask(browser, PHONE))[0] == 429, "another user, the same number"
    assert len(await home.letters()) == 1


async def test_one_user_gets_so_many_codes_a_day_for_whatever_numbers(home: Home) -> None:
    other, _ = await home.stranger()
    for number in range(9):
        await _asked(home, 1, f"+7900123450{number}", home.person.user, f"{number + 1} h")
    await _asked(home, 50, "+79001234500", other.user, "25 h")
    first, second = "+79001234510", "+79001234511"
    answers = await asyncio.gather(_ask(home.browser, first), _ask(home.browser, second))
    assert sorted(status for status, _ in answers) == [303, 429], "of two at once the second counts the first"
    status, text = await _ask(home.browser, "+79001234512", "ru")
    assert status == 429 and "вы запросили кодов: 10" in text and "через 15 ч 0 мин" in text


async def test_without_a_trunk_no_call(home: Home) -> None:
    answer = await home.browser.post("/profile/phone", {"phone": PHONE, "way": "call"})
    assert answer.status_code == 409
    assert await home.database.fetchval("select count(*) from one_time_tokens") == 0


async def _called(home: Home) -> int:
    catalogue = Catalogue(home.database)
    await catalogue.set_trunk("carrier", 10, 10)
    await catalogue.add_caller_ids(["+74950000001"], None, carousel=True)
    answer = await home.browser.post("/profile/phone", {"phone": PHONE, "way": "call"})
    assert answer.status_code == 303, answer.text
    return int(await home.database.fetchval("select max(id) from campaigns"))


async def test_a_call_is_a_campaign_of_the_installation_s_own(home: Home) -> None:
    campaign = await _called(home)
    row = await home.database.fetchrow(
        "select c.*, a.system, k.fields, k.phone from campaigns c join accounts a on a.id = c.account_id"
        " join contacts k on k.audience_id = c.audience_id where c.id = $1",
        campaign,
    )
    assert row is not None
    assert (row["state"], row["system"], row["phone"], row["per_minute"], row["hold"]) == ("running", True, PHONE, 0, 0)
    assert row["account_id"] != home.person.account and not row["record"] and row["caller_ids"] == ["+74950000001"]
    assert "about to begin" in (await home.browser.get("/profile/phone/progress?lang=en")).text
    code = _typed(row["fields"]["code"])
    assert (await home.browser.post("/profile/phone/code", {"code": code})).status_code == 303
    assert (await home.user())["phone"] == PHONE
    state = await home.database.fetchval("select state::text from campaigns where id = $1", campaign)
    assert state == "stopped", "a call that was not begun is not made any more"
    assert await home.database.fetchval("select fields from contacts") == {}


def _typed(text: str) -> str:
    words = {spoken(str(digit)): str(digit) for digit in range(10)}
    return "".join(words[word] for word in text.split())


async def test_another_code_ends_the_call_with_the_former(home: Home) -> None:
    first = await _called(home)
    second = await _called(home)
    rows = await home.database.fetch("select id, state::text, scenario_id, project_id from campaigns order by id")
    assert [(row["id"], row["state"]) for row in rows] == [(first, "stopped"), (second, "running")]
    assert len({(row["scenario_id"], row["project_id"]) for row in rows}) == 1, "one project and scenario for all"


async def test_a_call_is_not_made_when_its_code_is_too_old(home: Home, tmp_path: Path) -> None:
    campaign = await _called(home)
    entry = await home.database.fetchrow(
        "select payload, execute_after > now() + interval '9 min' as later from pgqueuer where entrypoint = 'profile.end_call'"
    )
    assert entry is not None and entry["later"]
    await _run_end_call(home, entry["payload"], tmp_path)
    assert await home.database.fetchval("select state::text from campaigns where id = $1", campaign) == "stopped"
    await _run_end_call(home, entry["payload"], tmp_path)  # once more is harmless


async def _run_end_call(home: Home, payload: bytes, folder: Path) -> None:
    registered = handlers(home.database, open_store(folder))
    handler = next(each for each in registered if each.kind == "profile.end_call")
    await handler.run(Job(JobId(1), handler.kind, 1, False), payload)
