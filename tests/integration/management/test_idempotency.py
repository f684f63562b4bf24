"""Repeated requests: who holds a key, for how long, and what becomes of it when he dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response
from litestar import Litestar, Request, post
from litestar import Response as Answered

from engine.domain.errors import DozvonError
from engine.storage.database import Database
from management.access.caller import Scope, UserId
from management.access.callers import Callers
from management.access.idempotency import Answer, Hold, Idempotency, Idempotent
from management.access.identity import Identity, needs
from management.errors import Conflict, Invalid, status_of
from tests.support.people import People
from tests.support.world import until

pytestmark = pytest.mark.integration
ANSWER = Answer(201, [(b"etag", b'"1"')], b"{}")


@pytest.fixture
def answers(database: Database) -> Idempotency:
    return Idempotency(lambda: database)


@pytest.fixture
async def user(people: People) -> UserId:
    return (await people.person()).user


async def _held(answers: Idempotency, user: UserId, request: bytes = b"one") -> Hold:
    hold = await answers.begin(user, "k", request)
    assert isinstance(hold, Hold)
    return hold


async def _age(database: Database, lease: str, created: str = "0 s") -> None:
    await database.execute(
        "update idempotency set held_until = now() - $1::text::interval, created_at = now() - $2::text::interval",
        lease,
        created,
    )


async def test_a_repeated_request_gets_the_first_answer(answers: Idempotency, user: UserId, people: People) -> None:
    hold = await _held(answers, user)
    with pytest.raises(Conflict):
        await answers.begin(user, "k", b"one")
    with pytest.raises(Invalid):
        await answers.begin(user, "k", b"two")
    await answers.end(hold, ANSWER)
    assert await answers.begin(user, "k", b"one") == ANSWER
    with pytest.raises(Invalid):
        await answers.begin(user, "k", b"two")
    other = (await people.person()).user
    theirs = await _held(answers, other, b"two")  # keys are each user's own
    await answers.drop(theirs)
    await _held(answers, other, b"three")


async def test_a_key_whose_process_died_is_free_after_a_while(
    answers: Idempotency, user: UserId, database: Database
) -> None:
    dead = await _held(answers, user)
    await _age(database, "1 s")
    hold = await _held(answers, user)
    assert not await answers.renew(dead)
    await answers.end(dead, Answer(500, [], b"dead"))
    await answers.drop(dead)
    with pytest.raises(Conflict):
        await answers.begin(user, "k", b"one")
    await answers.end(hold, ANSWER)
    await answers.drop(hold)
    assert await answers.begin(user, "k", b"one") == ANSWER


async def test_of_many_at_once_one_holds_the_key(answers: Idempotency, user: UserId, database: Database) -> None:
    for _ in range(2):
        found = await asyncio.gather(*(answers.begin(user, "k", b"one") for _ in range(8)), return_exceptions=True)
        assert sorted(type(each).__name__ for each in found) == [*["Conflict"] * 7, "Hold"]
        await _age(database, "1 s")


async def test_a_renewed_key_stays_held(answers: Idempotency, user: UserId, database: Database) -> None:
    hold = await _held(answers, user)
    await _age(database, "1 s", "20 h")
    assert await answers.renew(hold)
    with pytest.raises(Conflict):
        await answers.begin(user, "k", b"one")


async def test_answers_are_kept_for_a_day(
    answers: Idempotency, user: UserId, people: People, database: Database
) -> None:
    await answers.end(await _held(answers, user), ANSWER)
    await _age(database, "1 s", "23 h")
    assert await answers.begin(user, "k", b"one") == ANSWER
    await _age(database, "1 s", "25 h")
    hold = await _held(answers, user, b"two")
    await answers.drop(hold)
    await answers.end(await _held(answers, user), ANSWER)
    await _age(database, "1 s", "25 h")
    other = (await people.person()).user
    await _held(answers, other)
    assert [row["user_id"] for row in await database.fetch("select user_id from idempotency")] == [other]


class Slow:
    """An application with one operation, which lasts until it is told to end; its leases are renewed at once."""

    def __init__(self, database: Database) -> None:
        self.begun, self.ending, self.times = asyncio.Event(), asyncio.Event(), 0

        @post("/api/slow", guards=[needs(Scope.RUN)])
        async def slow() -> str:
            self.times += 1
            self.begun.set()
            await self.ending.wait()
            return f"number {self.times}"

        def refused(_: Request[Any, Any, Any], error: DozvonError) -> Answered[None]:
            return Answered(None, status_code=status_of(error))

        answers = Idempotency(lambda: database, renew_s=0.01)
        self.app: Any = Litestar(
            [slow],
            middleware=[Identity(Callers(lambda: database), secure=False), Idempotent(answers)],
            exception_handlers={DozvonError: refused},
            openapi_config=None,
        )


@pytest.fixture
async def slow(database: Database) -> AsyncIterator[Slow]:
    made = Slow(database)
    yield made
    made.ending.set()


async def test_a_request_holds_its_key_as_long_as_it_runs(slow: Slow, people: People, database: Database) -> None:
    headers = {"authorization": f"Bearer {await people.key(await people.person())}", "idempotency-key": "k"}
    async with AsyncClient(transport=ASGITransport(slow.app), base_url="http://test") as client:

        async def ask() -> Response:
            return await client.post("/api/slow", headers=headers)

        first = asyncio.create_task(ask())
        await asyncio.wait_for(slow.begun.wait(), 30)
        await _age(database, "1 h")
        await until(lambda: database.fetchval("select held_until > now() from idempotency"), 30)
        assert (await ask()).status_code == 409
        slow.ending.set()
        assert (await first).text == "number 1"
        again = await ask()
        assert (again.text, again.headers["idempotency-replayed"], slow.times) == ("number 1", "true", 1)
