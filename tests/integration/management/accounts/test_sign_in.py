"""Signing in and out, by password and by link."""

from __future__ import annotations

import asyncio
import time

import pytest
from argon2 import PasswordHasher
from litestar import Litestar
from litestar.testing import AsyncTestClient

from engine.storage.database import Database
from management.access.callers import Callers
from management.access.identity import cookie_name
from management.access.secrets import Passwords
from management.access.throttle import SIGN_IN, Throttle
from management.access.tokens import Purpose, issue
from management.accounts.assembly import accounts_of
from management.accounts.documents import Documents
from management.accounts.holders import Visit
from management.accounts.signing_in import Outcome, Step
from management.settings import LOCAL_URL, Settings
from tests.integration.management.accounts.conftest import OTHER, PASSWORD, Letters, inside, known, press, sign_in
from tests.support.people import Browser, People
from tests.support.world import until

pytestmark = pytest.mark.integration
Client = AsyncTestClient[Litestar]
ANNA = "anna@example.com"
SESSION = cookie_name(secure=False)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


async def test_in_and_out(browser: Browser, people: People, database: Database) -> None:
    await known(people, ANNA)
    entered = await sign_in(browser, " Anna@example.com")
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    cookie = next(line for line in entered.headers.get_list("set-cookie") if line.startswith(f"{SESSION}="))
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie
    token = browser.cookies[SESSION]
    assert await inside(browser)
    assert (await browser.get("/login")).status_code == 303, "he is in already"
    assert (await browser.get("/logout")).status_code == 405
    left = await browser.post("/logout")
    assert left.headers["location"] == "/login"
    browser.cookies[SESSION] = token
    assert not await inside(browser), "the session has ended, not the cookie only"
    actions = [row["action"] for row in await database.fetch("select action from audit order by id")]
    assert actions == ["session.opened", "session.closed"]


async def test_each_sign_in_has_a_session_of_its_own(browser: Browser, people: People, database: Database) -> None:
    await known(people, ANNA)
    browser.cookies[SESSION] = "planted"
    await sign_in(browser, ANNA)
    first = browser.cookies[SESSION]
    assert first != "planted"
    await browser.get("/profile/security")
    await browser.post("/login", {"email": ANNA, "password": PASSWORD})
    assert browser.cookies[SESSION] != first
    assert await database.fetchval("select count(*) from sessions") == 1, "the former one was ended"


async def test_wrong_unknown_and_blocked_look_alike(
    client: Client, people: People, database: Database, browser: Browser
) -> None:
    await known(people, ANNA)
    blocked = await known(people, "blocked@example.com")
    linked = await people.person(email="linked@example.com")
    await database.execute("update users set blocked_at = now() where id = $1", blocked.user)
    answers = set()
    for email, password in ((ANNA, OTHER), ("unknown@example.com", PASSWORD), (blocked.email, PASSWORD),
                            (linked.email, PASSWORD)):  # fmt: skip
        visitor = Browser(client)
        answer = await sign_in(visitor, email, password)
        await visitor.get("/login")
        shown = answer.text.replace(visitor.csrf, "").replace(email, "")
        answers.add((answer.status_code, shown))
    assert [status for status, _ in answers] == [422]
    for odd in ("x", "x" * 10_000, "a\0@example.com", "not an address", "я@" + "я" * 300):
        assert (await sign_in(browser, odd)).status_code == 422
    assert (await sign_in(browser, ANNA, "x" * 100_000)).status_code == 422


async def test_failures_in_a_row_cost_time_known_or_not(browser: Browser, people: People, database: Database) -> None:
    await known(people, ANNA)
    for email in (ANNA, "unknown@example.com"):
        assert [(await sign_in(browser, email, OTHER)).status_code for _ in range(4)] == [422] * 4
        assert await database.fetchval("select max(count) from failures") == 4
        # The delay after the tenth; that of the fourth is a second, which this machine may need for a request.
        await database.execute("update failures set count = 10, last_at = now()")
        assert (await sign_in(browser, email, OTHER)).status_code == 429
        await database.execute("update failures set count = 4, last_at = now() - interval '1 minute'")
    await database.execute("update failures set count = 10, last_at = now()")
    late = await sign_in(browser, ANNA)
    assert late.status_code == 429, "the right one too"
    assert int(late.headers["retry-after"]) >= 1
    await database.execute("update failures set count = 4, last_at = now() - interval '1 minute'")
    assert (await sign_in(browser, ANNA)).status_code == 303
    opened = await database.fetchval("select after from audit where action = 'session.opened'")
    assert opened["failures_before"] == 4
    assert await database.fetchval("select count(*) from failures") == 1, "only the unknown one's are left"


async def test_one_place_is_braked_whatever_addresses_it_tries(browser: Browser) -> None:
    """One more is let through for each time that has passed: a slow machine makes more tries."""
    began, codes = time.monotonic(), list[int]()
    while 429 not in codes:
        codes.append((await sign_in(browser, f"n{len(codes)}@example.com")).status_code)
        assert len(codes) <= SIGN_IN.times + 1 + (time.monotonic() - began) / SIGN_IN.every_s
    assert codes[:-1] == [422] * (len(codes) - 1)
    assert len(codes) > SIGN_IN.times


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "javascript:alert(1)",
     "/\n//evil.example", "evil.example", "/login", "", "///evil.example", "/" + "x" * 3000],
)  # fmt: skip
async def test_next_leads_to_no_other_site(browser: Browser, people: People, elsewhere: str) -> None:
    await known(people, ANNA)
    answer = await sign_in(browser, ANNA, next=elsewhere)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert (await browser.get("/login?next=//evil.example")).headers["location"] == "/"


async def test_next_leads_back(browser: Browser, people: People) -> None:
    await known(people, ANNA)
    sent = await browser.get("/profile/security?name=Осень&sort=-id")
    assert sent.status_code == 303
    shown = await browser.get(sent.headers["location"])
    assert 'name="next" value="/profile/security?name=' in shown.text
    answer = await browser.post("/login", {"email": ANNA, "password": PASSWORD, "next": "/projects?name=Осень&size=25"})
    assert answer.headers["location"] == "/projects?name=%D0%9E%D1%81%D0%B5%D0%BD%D1%8C&size=25"


async def test_with_htmx_it_is_told_where_to_go(browser: Browser, people: People) -> None:
    await known(people, ANNA)
    await browser.get("/login")
    form = {"email": ANNA, "password": PASSWORD, "next": "/projects"}
    answer = await browser.post("/login", form, **{"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (204, "/projects")
    assert await inside(browser)


async def test_a_new_device_is_told_by_letter(
    client: Client, people: People, letters: Letters, browser: Browser
) -> None:
    await known(people, ANNA)

    async def enter(agent: str) -> None:
        await browser.get("/login")
        form = {"email": ANNA, "password": PASSWORD}
        assert (await browser.post("/login", form, **{"user-agent": agent})).status_code == 303
        await browser.post("/logout")

    await enter(FIREFOX)
    await enter(FIREFOX.replace("140.0", "141.0"))
    assert await letters.names(ANNA) == [], "the first of all, and an update"
    await enter(CHROME)
    await enter(CHROME)
    assert await letters.names(ANNA) == ["new_sign_in"]
    assert "Chrome, Windows" in (await letters.to(ANNA))[0]["text"]


async def test_a_weakly_hashed_password_is_hashed_anew(browser: Browser, people: People, database: Database) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD)
    await people.person(email=ANNA, password=weak)
    assert (await sign_in(browser, ANNA)).status_code == 303
    stored = await database.fetchval("select password from users")
    assert stored != weak
    assert PasswordHasher().verify(stored, PASSWORD)


async def test_composed_and_decomposed_letters_are_one_password(browser: Browser, people: People) -> None:
    await known(people, ANNA)
    assert (await sign_in(browser, ANNA, PASSWORD.replace("й", "и\u0306"))).status_code == 303


async def test_a_link_signs_in_once(browser: Browser, people: People, database: Database) -> None:
    person = await people.person()
    async with database.transaction() as connection:
        secret = await issue(connection, Purpose.SIGN_IN, person.user)
    link = f"/sign-in/{secret}"
    await browser.get(link)
    assert not await inside(browser), "looking uses nothing up"
    assert (await press(browser, link)).status_code == 303
    assert await inside(browser)
    assert (await browser.post(link)).status_code == 410
    assert (await browser.get("/sign-in/forged")).status_code == 410


async def test_a_link_of_a_blocked_user_is_none(browser: Browser, people: People, database: Database) -> None:
    person = await people.person()
    async with database.transaction() as connection:
        secret = await issue(connection, Purpose.SIGN_IN, person.user)
    await database.execute("update users set blocked_at = now()")
    await browser.get("/login")
    assert (await browser.post(f"/sign-in/{secret}")).status_code == 410
    assert not await inside(browser)


async def test_a_password_changed_while_it_is_compared_opens_nothing(
    people: People, database: Database, dsn: str
) -> None:
    """Else whoever knows the old one and is quick keeps a session that outlives the recovery."""
    anna = await known(people, ANNA)
    changed, ours = await Passwords().hash(OTHER), lambda: database
    documents = Documents(Settings(dsn).documents)
    accounts = accounts_of(ours, Callers(ours), Passwords(), Throttle(ours), documents, LOCAL_URL)
    async with database.transaction() as connection:
        await connection.execute("update users set password = $2 where id = $1", anna.user, changed)
        entering = asyncio.create_task(accounts.sign_in.by_password(ANNA, PASSWORD, Visit("192.0.2.1", FIREFOX, "ru")))
        await until(lambda: _waits_or_done(database, entering), 20)
    assert (await entering).step is Step.WRONG
    assert await database.fetchval("select count(*) from sessions") == 0


async def _waits_or_done(database: Database, task: asyncio.Task[Outcome]) -> bool:
    waits = (
        "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"
    )
    return task.done() or await database.fetchval(waits)
