"""Registration and confirmation over HTTP."""

from __future__ import annotations

from decimal import Decimal

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from engine.storage.database import Database
from management.access.caller import Role
from management.access.identity import cookie_name
from management.access.users import create_user
from tests.integration.management.accounts.conftest import (
    OTHER,
    PASSWORD,
    Letters,
    inside,
    known,
    press,
    register,
    sign_in,
)
from tests.support.people import Browser, People

pytestmark = pytest.mark.integration
Client = AsyncTestClient[Litestar]
ANNA = "anna@example.com"


async def balance(database: Database, email: str) -> Decimal:
    found: Decimal = await database.fetchval(
        "select balance from ledger_accounts l join users u using (account_id) where email = $1", email
    )
    return found


async def test_register_confirm_enter(browser: Browser, letters: Letters, database: Database) -> None:
    sent = await register(browser, "  Anna@Example.com ")
    assert (sent.status_code, sent.headers["location"]) == (303, "/confirm/sent")
    assert "Мы написали письмо" in (await browser.get("/confirm/sent")).text
    assert await letters.names(ANNA) == ["confirm_email"]
    link = await letters.link(ANNA, "confirm_email")
    assert not await inside(browser)

    shown = await browser.get(link)
    assert "Подтвердить и войти" in shown.text
    assert await database.fetchval("select email_confirmed_at from users") is None, "mail scanners open links"
    entered = await browser.post(link)
    assert (entered.status_code, entered.headers["location"]) == (303, "/profile")
    assert await inside(browser)

    user = await database.fetchrow("select * from users")
    assert user is not None
    assert (user["email"], user["role"], user["language"]) == (ANNA, "customer", "ru")
    assert await balance(database, ANNA) == 0
    consents = await database.fetch("select * from consents order by document")
    assert [row["document"] for row in consents] == ["offer", "privacy"]
    assert all(row["version"].startswith("ru-") and row["agent"] for row in consents)
    actions = [row["action"] for row in await database.fetch("select action from audit order by id")]
    assert actions == ["user.registered", "user.email_confirmed", "session.opened"]
    assert await letters.names(ANNA) == ["confirm_email"], "the first sign-in of all is no news"


async def test_used_old_and_forged_links_look_alike(browser: Browser, letters: Letters, database: Database) -> None:
    await register(browser, ANNA)
    link = await letters.link(ANNA, "confirm_email")
    await press(browser, link)
    again = await browser.post(link)
    forged = await browser.get("/confirm/forged")
    assert again.status_code == forged.status_code == 410
    assert "Отправить ещё раз" in forged.text
    await browser.post("/logout")
    await register(browser, "boris@example.com")
    late = await letters.link("boris@example.com", "confirm_email")
    await database.execute("update one_time_tokens set expires_at = now() - interval '1 s'")
    assert (await browser.get(late)).status_code == 410
    assert (await browser.post(late)).status_code == 410
    for odd in ("/confirm/%00", "/confirm/" + "x" * 5000, "/confirm/привет"):
        assert (await browser.get(odd)).status_code in (404, 410), odd


async def test_a_link_that_is_no_more_needed_lets_nobody_in(
    browser: Browser, letters: Letters, database: Database
) -> None:
    """A second letter may be written while the first one's link is followed; a second factor may be on by then."""
    await register(browser, ANNA)
    link = await letters.link(ANNA, "confirm_email")
    await database.execute("update users set email_confirmed_at = now() where email = $1", ANNA)
    await browser.get(link)
    assert (await browser.post(link)).status_code == 410
    assert await database.fetchval("select count(*) from sessions") == 0


async def test_nobody_learns_who_is_registered(client: Client, people: People, letters: Letters) -> None:
    await known(people, ANNA)
    answers = []
    for email in (ANNA, "unknown@example.com"):
        browser = Browser(client)
        await browser.get("/health")
        answer = await register(browser, email)
        page = await browser.get(answer.headers["location"])
        answers.append(
            (answer.status_code, answer.headers["location"], answer.text, page.text.replace(browser.csrf, ""))
        )
        assert len(await letters.to(email)) == 1
    assert answers[0] == answers[1]
    assert await letters.names(ANNA) == ["already_registered"]
    assert await letters.names("unknown@example.com") == ["confirm_email"]


async def test_a_registered_password_stays(browser: Browser, people: People) -> None:
    await known(people, ANNA)
    await register(browser, ANNA, OTHER)
    assert (await sign_in(browser, ANNA, OTHER)).status_code == 422
    assert (await sign_in(browser, ANNA, PASSWORD)).status_code == 303


async def test_an_address_never_confirmed_belongs_to_who_registers_last(browser: Browser, letters: Letters) -> None:
    await register(browser, ANNA, OTHER)
    first = await letters.link(ANNA, "confirm_email")
    await register(browser, ANNA, PASSWORD)
    assert (await browser.post(first)).status_code == 410, "the first link works no more"
    await press(browser, (await letters.link(ANNA, "confirm_email")))
    await browser.post("/logout")
    assert (await sign_in(browser, ANNA, OTHER)).status_code == 422


async def test_who_is_invited_to_the_staff_gets_no_password_of_a_stranger(
    browser: Browser, letters: Letters, database: Database
) -> None:
    """An employee who takes the stranger's confirmation for his invitation would give him his rights."""
    async with database.transaction() as connection:
        await create_user(connection, ANNA, Role.ADMIN, "ru")
    answer = await register(browser, ANNA, OTHER)
    assert (answer.status_code, answer.headers["location"]) == (303, "/confirm/sent"), "as for any address"
    assert await letters.names(ANNA) == ["already_registered"]
    assert await database.fetchval("select password from users where email = $1", ANNA) is None


async def test_what_is_wrong_is_told_at_the_fields(browser: Browser, letters: Letters, database: Database) -> None:
    await browser.get("/registration")
    empty = await browser.post("/registration", {"email": "", "password": ""})
    assert empty.status_code == 422
    assert empty.text.count("Без этого согласия") == 4, "in the summary and at the field, for each document"
    # Nearly no mail server takes the last one, and ours would not send to it.
    for email in ("anna", "anna@", "@example.com", "a b@example.com", "a..b@example.com", "a@b@example.com",
                  "anna@localhost", "a@" + "x" * 300 + ".ru", "x" * 5000 + "@example.com", "a\0b@example.com",
                  "anna@example.com\nBcc: x@example.com", "почта@example.com"):  # fmt: skip
        assert (await register(browser, email)).status_code == 422, email
    for password in ("короткий", "1234567890", "anna@example.com", "manchester", "я" * 129):
        assert (await register(browser, ANNA, password)).status_code == 422, password
    assert await database.fetchval("select count(*) from users") == 0
    assert await letters.to(ANNA) == []


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("pochta@пример.рф", "pochta@xn--e1afmkfd.xn--p1ai"), ("Anna@BÜCHER.example", "anna@xn--bcher-kva.example")],
)
async def test_domains_of_every_script(browser: Browser, letters: Letters, typed: str, kept: str) -> None:
    assert (await register(browser, typed)).status_code == 303
    assert (await press(browser, await letters.link(kept, "confirm_email"))).status_code == 303
    await browser.post("/logout")
    assert (await sign_in(browser, typed.upper())).status_code == 303


async def test_a_document_that_changed_is_read_again(browser: Browser) -> None:
    answer = await register(browser, ANNA, offer="ru-000000000000")
    assert answer.status_code == 422
    assert "Документ тем временем изменился" in answer.text


async def test_documents_are_shown(browser: Browser) -> None:
    offer = await browser.get("/documents/offer")
    assert offer.status_code == 200
    assert "Оператор ещё не поместил сюда свой текст" in offer.text
    assert "152" in (await browser.get("/documents/privacy?lang=en")).text
    for name in ("other", "...", "%2e%2e%2fprivacy"):
        assert (await browser.get(f"/documents/{name}")).status_code == 404


async def test_a_promo_code_pays_once_at_confirmation(browser: Browser, letters: Letters, database: Database) -> None:
    await database.execute("insert into promo_codes (code, bonus, uses_left) values ('ОСЕНЬ', 300, 1)")
    assert (await register(browser, ANNA, promo="нет такого")).status_code == 422
    await register(browser, ANNA, promo=" осень ")
    await register(browser, "boris@example.com", promo="осень")
    assert await balance(database, ANNA) == 0
    await press(browser, await letters.link(ANNA, "confirm_email"))
    assert await balance(database, ANNA) == 300
    assert "300,00" in (await browser.get("/profile/security")).text
    await press(browser, await letters.link("boris@example.com", "confirm_email"))
    assert await balance(database, "boris@example.com") == 0, "it was for one"
    assert await database.fetchval("select uses_left from promo_codes") == 0


async def test_invitations_become_memberships(
    browser: Browser, letters: Letters, people: People, database: Database
) -> None:
    owner = await people.person()
    project = await database.fetchval(
        "insert into projects (account_id, name) values ($1, 'x') returning id", owner.account
    )
    await database.execute(
        "insert into project_invitations values ($1, $2, 'edit', $3)", project, ANNA, owner.user
    )  # fmt: skip
    await register(browser, ANNA)
    assert await database.fetchval("select count(*) from project_members") == 0
    await press(browser, await letters.link(ANNA, "confirm_email"))
    member = await database.fetchrow("select m.*, u.email from project_members m join users u on u.id = m.user_id")
    assert member is not None
    assert (member["project_id"], member["right"], member["email"]) == (project, "edit", ANNA)
    assert await database.fetchval("select count(*) from project_invitations") == 0
    assert await database.fetchval("select account_id from audit where action = 'member.joined'") == owner.account


async def test_another_letter_for_any_address_alike(
    browser: Browser, letters: Letters, people: People, database: Database
) -> None:
    await known(people, "known@example.com")
    await database.execute("insert into promo_codes (code, bonus, uses_left) values ('X', 5, 9)")
    await register(browser, ANNA, promo="x")
    answers = []
    for email in (ANNA, "known@example.com", "unknown@example.com"):
        await browser.get("/confirm/again")
        answer = await browser.post("/confirm/again", {"email": email})
        answers.append((answer.status_code, answer.headers["location"], answer.text))
    assert answers[0][:2] == (303, "/confirm/sent")
    assert answers == answers[:1] * 3
    former = await letters.link(ANNA, "confirm_email")
    await letters.written()
    assert await letters.names("known@example.com") == ["already_registered"]
    assert await letters.names("unknown@example.com") == []
    assert await letters.names(ANNA) == ["confirm_email"] * 2
    assert (await browser.get(former)).status_code == 410
    keys = {row["text"] for row in await letters.to(ANNA)}
    newest = next(path for text in keys if (path := text.split("8080")[1].split()[0]) != former)
    await press(browser, newest)
    assert await balance(database, ANNA) == 5, "the promo code is remembered"


async def test_an_unconfirmed_user_is_told_so_only_with_the_right_password(browser: Browser) -> None:
    await register(browser, ANNA)
    wrong = await sign_in(browser, ANNA, OTHER)
    right = await sign_in(browser, ANNA)
    assert wrong.status_code == right.status_code == 422
    assert "не подтверждён" not in wrong.text
    assert "не подтверждён" in right.text
    assert not await inside(browser)


async def test_letters_to_one_address_are_braked_known_or_not(client: Client, people: People, browser: Browser) -> None:
    await known(people, ANNA)
    for email in (ANNA, "unknown@example.com"):
        await browser.get("/confirm/again")
        codes = [(await browser.post("/confirm/again", {"email": email})).status_code for _ in range(4)]
        assert codes == [303, 303, 303, 429]


async def test_registrations_from_one_place_are_braked(browser: Browser, database: Database) -> None:
    codes = [(await register(browser, f"n{number}@example.com")).status_code for number in range(6)]
    assert codes == [303] * 5 + [429]
    assert await database.fetchval("select count(*) from users") == 5


async def test_no_form_is_taken_from_elsewhere(browser: Browser, database: Database) -> None:
    form = {"email": ANNA, "password": PASSWORD, "offer": "1", "privacy": "1"}
    assert (await browser.post("/registration", form)).status_code == 403, "no token"
    await browser.get("/registration")
    assert (await browser.post("/registration", {**form, "_csrf_token": "x" * 128})).status_code == 403
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        for path in ("/registration", "/login", "/logout", "/recovery", "/profile/security/begin"):
            assert (await browser.post(path, form, **headers)).status_code == 403, (path, headers)
    assert await database.fetchval("select count(*) from users") == 0


async def test_a_planted_session_is_worth_nothing(browser: Browser, letters: Letters) -> None:
    await register(browser, ANNA)
    browser.cookies[cookie_name(secure=False)] = "planted"
    await press(browser, await letters.link(ANNA, "confirm_email"))
    assert browser.cookies[cookie_name(secure=False)] != "planted"
