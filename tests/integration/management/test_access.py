"""Sessions, keys, brakes, one-time links and codes, the audit log: on a real PostgreSQL."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from engine.storage.database import Database
from management.access.audit import audit
from management.access.caller import Role, Scope
from management.access.callers import Callers
from management.access.throttle import Brake, Throttle, delay_s
from management.access.tokens import Purpose, issue, issue_code, peek, redeem, redeem_code
from management.errors import TooMany
from tests.support.people import People

pytestmark = pytest.mark.integration
HOME = "192.0.2.7"


@pytest.fixture
def callers(database: Database) -> Callers:
    return Callers(lambda: database)


async def test_a_session_is_known_until_it_is_closed(callers: Callers, people: People) -> None:
    person = await people.person(Role.SUPPORT, name="Анна")
    token = await people.cookie(person)
    caller = await callers.of_session(token, HOME)
    assert caller is not None
    assert (caller.user, caller.account, caller.role, caller.name) == (
        person.user,
        person.account,
        Role.SUPPORT,
        "Анна",
    )
    assert await callers.of_session(token + "x", HOME) is None
    await callers.close(token)
    assert await callers.of_session(token, HOME) is None


async def test_a_session_without_its_second_factor_is_nobody(
    callers: Callers, people: People, database: Database
) -> None:
    person = await people.person()
    async with database.transaction() as connection:
        token = await callers.open(connection, person.user, HOME, "", half=True)
    assert await callers.of_session(token, HOME) is None


@pytest.mark.parametrize("change", ["blocked_at = now()", "deleted_at = now()"])
async def test_a_blocked_user_is_out_at_once(callers: Callers, people: People, database: Database, change: str) -> None:
    person = await people.person()
    token, key = await people.cookie(person), await people.key(person)
    assert await callers.of_session(token, HOME)
    await database.execute(f"update users set {change} where id = $1", person.user)
    await callers.forget()
    assert await callers.of_session(token, HOME) is None
    assert await callers.of_key(key, HOME) is None


async def test_another_process_hears_of_it(callers: Callers, people: People, database: Database, dsn: str) -> None:
    heard = asyncio.Event()
    listener = await asyncpg.connect(dsn)
    await listener.add_listener("dozvon_access", lambda *_: heard.set())
    await callers.forget()
    await asyncio.wait_for(heard.wait(), 10)
    await listener.close()


async def test_a_key_has_its_scopes_and_its_last_use(callers: Callers, people: People, database: Database) -> None:
    person = await people.person(Role.ADMIN)
    key = await people.key(person, [Scope.READ])
    caller = await callers.of_key(key, HOME)
    assert caller is not None
    assert caller.scopes == {Scope.READ}
    assert not caller.sees_all, "a key has its user's own rights only"
    await callers.write_use()
    assert await database.fetchval("select last_used_at from api_keys") is not None
    assert str(await database.fetchval("select host(last_ip) from api_keys")) == HOME


async def test_an_expired_key_is_none(callers: Callers, people: People, database: Database) -> None:
    key = await people.key(await people.person())
    await database.execute("update api_keys set expires_at = now() - interval '1 s'")
    assert await callers.of_key(key, HOME) is None


async def test_the_brake_lets_its_burst_through_and_no_more(database: Database) -> None:
    throttle = Throttle(lambda: database)
    brake = Brake("test", 3, 60)
    results = await asyncio.gather(*(throttle.take(brake, "a") for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(result, TooMany) for result in results) == 2
    await throttle.take(brake, "b")
    with pytest.raises(TooMany) as caught:
        await throttle.take(brake, "a")
    assert 50 < caught.value.retry_after_s <= 60


async def test_failures_in_a_row_cost_ever_more_time(database: Database) -> None:
    throttle = Throttle(lambda: database)
    for _ in range(4):
        await throttle.attempt("a")
    await _failures(database, 10)
    with pytest.raises(TooMany) as caught:
        await throttle.attempt("a")
    assert 60 < caught.value.retry_after_s <= 64
    await throttle.attempt("b")
    await throttle.succeeded("a")
    await throttle.attempt("a")
    await _failures(database, 1000, "25 h")
    for _ in range(4):
        await throttle.attempt("a")


async def test_of_many_guesses_at_once_one_is_looked_at(database: Database) -> None:
    throttle = Throttle(lambda: database)
    await throttle.attempt("a")
    await _failures(database, 8, "1 h")
    results = await asyncio.gather(*(throttle.attempt("a") for _ in range(8)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["NoneType", *["TooMany"] * 7]


async def _failures(database: Database, count: int, ago: str = "0 s") -> None:
    await database.execute("update failures set count = $1, last_at = now() - $2::text::interval", count, ago)


def test_the_delay_grows_to_a_quarter_of_an_hour() -> None:
    assert [delay_s(count) for count in (0, 3, 4, 5, 10, 14, 1000)] == [0, 0, 1, 2, 64, 900, 900]


async def test_a_link_serves_once_and_only_the_newest(database: Database, people: People) -> None:
    user = (await people.person()).user
    async with database.transaction() as connection:
        old = await issue(connection, Purpose.RECOVER, user)
        new = await issue(connection, Purpose.RECOVER, user, {"to": "x"})
    assert await peek(database, Purpose.RECOVER, old) is None
    assert await peek(database, Purpose.SIGN_IN, new) is None, "it serves its own purpose only"
    assert await peek(database, Purpose.RECOVER, new) is not None
    async with database.transaction() as connection:
        token = await redeem(connection, Purpose.RECOVER, new)
        assert token is not None
        assert (token.user, token.payload) == (user, {"to": "x"})
        assert await redeem(connection, Purpose.RECOVER, new) is None


async def test_an_old_link_is_none(database: Database, people: People) -> None:
    async with database.transaction() as connection:
        secret = await issue(connection, Purpose.RECOVER, (await people.person()).user)
        await connection.execute("update one_time_tokens set expires_at = now() - interval '1 s'")
        assert await redeem(connection, Purpose.RECOVER, secret) is None


async def test_a_code_has_five_tries(database: Database, people: People) -> None:
    user = (await people.person()).user

    async def fresh() -> str:
        async with database.transaction() as connection:
            return await issue_code(connection, Purpose.CONFIRM_PHONE, user, {"phone": "+79001234500"})

    code = await fresh()
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(4):
        assert await redeem_code(database, Purpose.CONFIRM_PHONE, user, wrong) is None
    assert await redeem_code(database, Purpose.CONFIRM_PHONE, user, code) == {"phone": "+79001234500"}
    assert await redeem_code(database, Purpose.CONFIRM_PHONE, user, code) is None
    code = await fresh()
    for _ in range(5):
        assert await redeem_code(database, Purpose.CONFIRM_PHONE, user, "x") is None
    assert await redeem_code(database, Purpose.CONFIRM_PHONE, user, code) is None


async def test_the_audit_log_keeps_what_changed_and_cannot_be_changed(
    callers: Callers, people: People, database: Database
) -> None:
    person = await people.person()
    caller = await callers.of_session(await people.cookie(person), HOME)
    async with database.transaction() as connection:
        await audit(connection, caller, "project.changed", 7, before={"a": 1, "b": 1}, after={"a": 2, "b": 1})
    row = await database.fetchrow("select *, host(ip) as host from audit")
    assert row is not None
    assert (row["object"], row["object_id"], row["before"], row["after"]) == ("project", "7", {"a": 1}, {"a": 2})
    assert (row["account_id"], row["user_id"], row["host"]) == (person.account, person.user, HOME)
    with pytest.raises(asyncpg.RestrictViolationError):
        await database.execute("delete from audit")
