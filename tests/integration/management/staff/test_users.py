"""Users as the staff see and change them."""

from __future__ import annotations

import csv
import io

import pytest

from engine.storage.database import Database
from management.access.caller import Role
from management.access.callers import Callers
from management.access.tokens import Purpose, issue
from management.errors import Forbidden
from management.staff.schemas import RoleForm
from management.staff.users import Users
from tests.integration.management.profile.conftest import link_in
from tests.integration.management.staff.conftest import Office
from tests.support.people import Browser

pytestmark = pytest.mark.integration
HOME = "/staff/users"


async def test_the_list_filters_and_sorts(office: Office) -> None:
    anna = await office.people.person(email="anna@example.com", name="Анна")
    await office.people.person(Role.SUPPORT, email="boris@example.com", name="Борис")
    await office.database.execute("update users set blocked_at = now() where id = $1", anna.user)

    async def found(query: str) -> list[bool]:
        page = (await office.browser.get(f"{HOME}?{query}")).text
        return [
            email in page
            for email in ("anna@example.com", "boris@example.com", '<td class="kind-text" data-label="Email"><a')
        ]

    assert await found("") == [True, True, True]
    assert await found("who=ANNA%40") == [True, False, True]
    assert await found("who=борис") == [False, True, True]
    assert await found("who=%25%25") == [False, False, False]
    assert await found("role=support") == [False, True, True]
    assert await found("state=blocked") == [True, False, True]
    assert await found("state=nonsense&role=nonsense") == [True, True, True]
    page = (await office.browser.get(f"{HOME}?sort=email")).text
    assert (
        page.index("anna@example.com")
        < page.index("boris@example.com")
        < page.index("olga@operator.example", page.index("boris"))
    )


async def test_the_list_as_a_file(office: Office) -> None:
    await office.people.person(email="anna@example.com", name="=cmd()")
    answer = await office.browser.get(f"{HOME}?format=csv&sort=email")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    assert rows[0][2] == "Email"
    assert rows[1][2:6] == ["anna@example.com", "'=cmd()", "Клиент", "Активен"]
    xlsx = await office.browser.get(f"{HOME}?format=xlsx")
    assert xlsx.content.startswith(b"PK")


async def test_the_page_size_is_kept(office: Office) -> None:
    for _ in range(30):
        await office.people.person()
    page = (await office.browser.get(f"{HOME}?size=10")).text
    assert page.count('data-label="Email"') == 10


async def test_a_user_s_page(office: Office) -> None:
    anna = await office.people.person(email="anna@example.com", name="Анна")
    await office.at(anna)
    await office.database.execute(
        "insert into audit (user_id, account_id, action, ip, after) values ($1, $2, 'session.opened', '192.0.2.9', $3)",
        anna.user,
        anna.account,
        {"way": "password", "device": "Firefox, Linux"},
    )
    page = (await office.browser.get(f"{HOME}/{anna.user}")).text
    for text in ("Анна", "anna@example.com", "192.0.2.9", "Firefox, Linux", "Клиент", "Активен", "Europe/Moscow"):
        assert text in page
    assert (await office.browser.get(f"{HOME}/{anna.user + 1000}")).status_code == 404


async def test_blocking_signs_him_out_everywhere_and_for_good(office: Office) -> None:
    anna = await office.people.person(email="anna@example.com")
    hers, key = await office.at(anna), await office.people.key(anna)
    async with office.database.transaction() as connection:
        link = await issue(connection, Purpose.SIGN_IN, anna.user)
    assert (await office.browser.post(f"{HOME}/{anna.user}/block")).status_code == 303
    assert (await hers.get("/profile")).status_code == 303
    bearer = {"authorization": f"Bearer {key}"}
    assert (await office.client.get("/api/v1/me", headers=bearer)).status_code == 401
    assert (await Browser(office.client).get(f"/sign-in/{link}")).status_code == 410
    assert await office.audited() == [
        ("user.blocked", office.admin.user, anna.account, {}, {}),
        ("key.revoked", office.admin.user, anna.account, {"name": "test", "prefix": key[:8]}, {}),
    ]
    page = (await office.browser.get(f"{HOME}/{anna.user}")).text
    assert "Заблокирован" in page and "Разблокировать" in page
    assert "уже заблокирован" in await _told(office, f"{HOME}/{anna.user}/block")
    assert (await office.browser.post(f"{HOME}/{anna.user}/unblock")).status_code == 303
    assert (await hers.get("/profile")).status_code == 303, "her old session stays dead"
    assert (await office.client.get("/api/v1/me", headers=bearer)).status_code == 401, "and so does her key"
    anew = {"authorization": f"Bearer {await office.people.key(anna)}"}
    assert (await office.client.get("/api/v1/me", headers=anew)).status_code == 200
    assert (await (await office.at(anna)).get("/profile")).status_code == 200
    assert "не заблокирован" in await _told(office, f"{HOME}/{anna.user}/unblock")


async def test_what_came_into_being_during_the_block_is_worth_nothing_after_it(office: Office) -> None:
    """A request that had begun before may still make a session or a key."""
    anna, boris = await office.people.person(), await office.people.person()
    his = {"authorization": f"Bearer {await office.people.key(boris)}"}
    await office.browser.post(f"{HOME}/{anna.user}/block")
    hers, key = await office.at(anna), await office.people.key(anna)
    assert (await office.browser.post(f"{HOME}/{anna.user}/unblock")).status_code == 303
    assert (await hers.get("/profile")).status_code == 303
    answer = await office.client.get("/api/v1/me", headers={"authorization": f"Bearer {key}"})
    assert answer.status_code == 401
    assert (await office.client.get("/api/v1/me", headers=his)).status_code == 200, "nobody else's"


async def test_signing_somebody_out(office: Office) -> None:
    anna = await office.people.person()
    hers = await office.at(anna)
    assert (await office.browser.post(f"{HOME}/{anna.user}/sign-out")).status_code == 303
    assert (await hers.get("/profile")).status_code == 303
    assert (await (await office.at(anna)).get("/profile")).status_code == 200
    assert [entry[0] for entry in await office.audited()] == ["user.signed_out"]


async def test_a_role_is_changed_and_holds_at_the_next_sign_in(office: Office) -> None:
    anna = await office.people.person(email="anna@example.com")
    hers = await office.at(anna)
    assert (await hers.get(HOME)).status_code == 404
    assert (await office.browser.post(f"{HOME}/{anna.user}/role", {"role": "support"})).status_code == 303
    assert (await hers.get(HOME)).status_code == 303, "signed out"
    assert (await (await office.at(anna)).get(HOME)).status_code == 200
    role = ("user.role_changed", office.admin.user, anna.account, {"role": "customer"}, {"role": "support"})
    assert await office.audited() == [role]
    again = await office.browser.post(f"{HOME}/{anna.user}/role", {"role": "support"})
    assert again.status_code == 303 and await office.audited() == [role], "nothing changed, nothing written"
    wrong = await office.browser.post(f"{HOME}/{anna.user}/role", {"role": "king"})
    assert wrong.status_code == 422 and 'id="role-role-error"' in wrong.text


async def test_nobody_changes_himself_or_the_deleted(office: Office) -> None:
    for act, form in (("block", {}), ("unblock", {}), ("sign-out", {}), ("role", {"role": "customer"})):
        assert "другого администратора" in await _told(office, f"{HOME}/{office.admin.user}/{act}", form)
    gone = await office.people.person()
    await office.database.execute("update users set deleted_at = now() where id = $1", gone.user)
    assert (await office.browser.post(f"{HOME}/{gone.user}/block")).status_code == 404
    assert await office.audited() == []


async def test_an_unconfirmed_address_gets_no_role(office: Office) -> None:
    anna = await office.people.person()
    await office.database.execute("update users set email_confirmed_at = null where id = $1", anna.user)
    assert "не подтверждён" in await _told(office, f"{HOME}/{anna.user}/role", {"role": "admin"})
    assert await office.database.fetchval("select role::text from users where id = $1", anna.user) == "customer"


async def test_rights_that_were_taken_meanwhile_do_not_count(office: Office) -> None:
    """The process may remember a caller for some seconds; what changes somebody asks the database."""
    anna = await office.people.person()
    assert (await office.browser.get(HOME)).status_code == 200
    await office.database.execute("update users set role = 'support' where id = $1", office.admin.user)
    assert (await office.browser.post(f"{HOME}/{anna.user}/block")).status_code in (403, 404)
    assert (await office.browser.post(f"{HOME}/new", {"email": "x@example.com", "role": "admin"})).status_code in (
        403,
        404,
    )
    assert await office.database.fetchval("select blocked_at from users where id = $1", anna.user) is None


async def test_an_invited_employee_chooses_a_password_and_is_in(office: Office) -> None:
    assert (await office.browser.get(f"{HOME}/new")).status_code == 200
    answer = await office.browser.post(f"{HOME}/new", {"email": " Boris@Example.com ", "role": "moderator"})
    assert answer.status_code == 303
    row = await office.database.fetchrow("select * from messages where recipient = 'boris@example.com'")
    assert row is not None and "Ольга" in row["text"]
    user = await office.database.fetchrow("select * from users where email = 'boris@example.com'")
    assert user is not None and user["role"] == "moderator" and user["email_confirmed_at"] is None
    his = Browser(office.client)
    assert (await his.get(link_in(row["text"]))).status_code == 200
    password = "лошадь ест яблоки"
    assert (await his.post(link_in(row["text"]), {"password": password})).status_code == 303
    await his.get("/login")
    assert (await his.post("/login", {"email": "boris@example.com", "password": password})).status_code == 303
    assert (await his.get(HOME)).status_code == 200
    assert (await his.get("/staff/outbox")).status_code == 404
    invited = [entry for entry in await office.audited() if entry[0] == "user.invited"]
    assert invited == [
        ("user.invited", office.admin.user, user["account_id"], {}, {"email": "boris@example.com", "role": "moderator"})
    ]


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"email": "olga@operator.example", "role": "support"}, "email"),
        ({"email": "nothing", "role": "support"}, "email"),
        ({"email": "x@example.com", "role": "customer"}, "role"),
        ({"email": "x@example.com", "role": ""}, "role"),
    ],
)
async def test_invitations_that_cannot_be(office: Office, form: dict[str, str], field: str) -> None:
    answer = await office.browser.post(f"{HOME}/new", form)
    assert answer.status_code == 422 and f'id="invite-{field}-error"' in answer.text
    assert await office.database.fetchval("select count(*) from users") == 1


async def test_who_has_deleted_himself_meanwhile_changes_nobody(office: Office, database: Database) -> None:
    """His other tab could take the last administrator's role away."""
    boris = await office.people.person(Role.ADMIN)
    caller = await Callers(lambda: database).of_session(await office.people.cookie(office.admin), "")
    assert caller is not None
    await database.execute("update users set deleted_at = now() where id = $1", office.admin.user)
    users = Users(lambda: database, Callers(lambda: database), "")
    with pytest.raises(Forbidden):
        await users.set_role(caller, boris.user, RoleForm("customer"))


async def _told(office: Office, path: str, form: dict[str, str] | None = None) -> str:
    """The toast after an action."""
    answer = await office.browser.post(path, form or {})
    assert answer.status_code == 303, answer.text
    return (await office.browser.get(answer.headers["location"])).text
