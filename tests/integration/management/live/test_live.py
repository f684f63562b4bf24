"""Server-sent events over a real connection: each hears of his own account only."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest
import uvicorn
from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.di import Provide

from engine.domain.errors import DozvonError
from engine.domain.ids import AccountId
from engine.storage.campaigns import Campaigns
from engine.storage.database import Database
from management.access.caller import Caller, Role, SessionId, UserId
from management.errors import NotSignedIn, TooMany, status_of
from management.jobs import tasks
from management.live.controllers import RETRY_MS, LiveController, events
from management.live.schemas import Event, EventKind
from management.live.service import MOST_STREAMS, WAITING, Broker, Stream
from tests.integration.management.conftest import campaign
from tests.support.world import until

pytestmark = pytest.mark.integration
LONG_S = 30.0


def _caller(request: Request[object, object, State]) -> Caller:
    """Who it is stands in a header: signing in is another feature's."""
    user, _, account = request.headers.get("x-caller", "").partition("/")
    if not account:
        raise NotSignedIn
    return Caller(
        UserId(int(user)), AccountId(int(account)), Role.CUSTOMER, "a@example.com", "A", "ru", "Europe/Moscow", "",
        SessionId(1),
    )  # fmt: skip


async def _always() -> bool:
    return True


async def test_the_stream_of_one_who_is_signed_out_ends(dsn: str) -> None:
    broker, looks = Broker(dsn), iter([True, False])

    async def still() -> bool:
        return next(looks)

    with broker.stream(1, AccountId(1)) as stream:
        async with asyncio.timeout(LONG_S):
            got = [message.comment or message.event or "retry" async for message in events(stream, still, 0.01)]
    assert got == ["retry", "refresh", "still here"]
    assert next(looks, None) is None


def _refused(_: Request[object, object, State], error: DozvonError) -> Response[None]:
    headers = {"retry-after": str(error.retry_after_s)} if isinstance(error, TooMany) else {}
    return Response(None, status_code=status_of(error), headers=headers)


@dataclass
class Site:
    broker: Broker
    address: str
    session: aiohttp.ClientSession

    @asynccontextmanager
    async def listening(self, user: int, account: AccountId) -> AsyncIterator[aiohttp.ClientResponse]:
        """A stream that stands: its first event has come."""
        async with self.session.get(f"{self.address}/live", headers={"x-caller": f"{user}/{account}"}) as answer:
            assert answer.status == 200
            assert answer.content_type == "text/event-stream"
            assert await _event(answer) == {"retry": str(RETRY_MS)}
            assert await _event(answer) == {"event": "refresh", "data": "{}"}
            yield answer


async def _event(answer: aiohttp.ClientResponse) -> dict[str, str]:
    fields: dict[str, str] = {}
    async with asyncio.timeout(LONG_S):
        while line := (await answer.content.readline()).decode().rstrip("\r\n"):
            name, _, value = line.partition(": ")
            fields[name] = value
    return fields


@pytest.fixture
async def site(dsn: str) -> AsyncIterator[Site]:
    broker = Broker(dsn)
    app = Litestar(
        [LiveController],
        lifespan=[broker.kept()],
        dependencies={
            "broker": Provide(lambda: broker, sync_to_thread=False),
            "caller": Provide(_caller, sync_to_thread=False),
            "still": Provide(lambda: _always, sync_to_thread=False),
        },
        exception_handlers={DozvonError: _refused},
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, log_config=None, lifespan="on", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await until(lambda: server.started, LONG_S)
        async with aiohttp.ClientSession() as session:
            yield Site(broker, f"http://127.0.0.1:{listener.getsockname()[1]}", session)
        server.should_exit = True
        await serving


async def _account(database: Database, name: str) -> AccountId:
    return AccountId(await database.fetchval("insert into accounts (name) values ($1) returning id", name))


async def _task(database: Database, account: AccountId) -> str:
    async with database.transaction() as connection:
        return str(await tasks.create(connection, account, 1, "import", "Import of contacts.csv"))


async def test_two_accounts_hear_of_their_own_only(site: Site, database: Database) -> None:
    one, two = await _account(database, "one"), await _account(database, "two")
    async with site.listening(1, one) as first, site.listening(2, two) as second:
        await _heard_of(site, database, first, second, one, two)


async def _heard_of(
    site: Site,
    database: Database,
    first: aiohttp.ClientResponse,
    second: aiohttp.ClientResponse,
    one: AccountId,
    two: AccountId,
) -> None:
    """What is written for ``two`` first would come first to ``first``, were it to come there at all."""
    theirs, ours = await _task(database, two), await _task(database, one)
    for answer, task in ((first, ours), (second, theirs)):
        event = await _settled(answer)
        assert (event["event"], json.loads(event["data"])["task"]) == ("task", task)
        assert "contacts.csv" not in event["data"]


async def _settled(answer: aiohttp.ClientResponse) -> dict[str, str]:
    """The next event that is no ``refresh``: one more may come when the process has begun to listen."""
    while (event := await _event(answer)).get("event") == "refresh":
        pass
    return event


async def test_a_campaign_s_state(site: Site, database: Database) -> None:
    made = await campaign(database, "Осенняя")
    account = await database.fetchval("select account_id from campaigns where id = $1", made)
    async with site.listening(1, account) as answer:
        await until(lambda: database.fetchval(LISTENS), LONG_S)
        await Campaigns(database).start(made)
        event = await _settled(answer)
    told = json.loads(event["data"])
    assert (event["event"], told["campaign"], told["state"]) == ("campaign", made, "running")


LISTENS = "select count(*) from pg_stat_activity where datname = current_database() and query ilike 'listen%campaign%'"


async def test_after_a_lost_connection_everybody_looks_again_and_hears_on(site: Site, database: Database) -> None:
    one = await _account(database, "one")
    async with site.listening(1, one) as answer:
        await until(lambda: database.fetchval(LISTENS), LONG_S)
        await database.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query ilike 'listen%'"
        )
        assert (await _event(answer))["event"] == "refresh"
        await until(lambda: database.fetchval(LISTENS), LONG_S)
        task = await _task(database, one)
        assert json.loads((await _settled(answer))["data"])["task"] == task


async def test_a_stream_that_is_gone_makes_room(site: Site, database: Database) -> None:
    one = await _account(database, "one")
    async with site.listening(1, one):
        assert len(site.broker._all()) == 1
    await until(lambda: not site.broker._all(), LONG_S)


async def test_nobody_and_too_many(site: Site, database: Database) -> None:
    one = await _account(database, "one")
    async with site.session.get(f"{site.address}/live") as answer:
        assert answer.status == 401
    streams = [site.broker.stream(1, one) for _ in range(MOST_STREAMS)]
    for stream in streams:
        stream.__enter__()
    async with site.session.get(f"{site.address}/live", headers={"x-caller": f"1/{one}"}) as answer:
        assert (answer.status, answer.headers["retry-after"]) == (429, "60")
    async with site.listening(2, one):  # others are not kept out
        pass
    streams[0].__exit__(None, None, None)
    async with site.listening(1, one):
        pass


async def test_of_many_at_once_so_many_open(site: Site, database: Database) -> None:
    headers = {"x-caller": f"1/{await _account(database, 'one')}"}
    asking = [site.session.get(f"{site.address}/live", headers=headers) for _ in range(2 * MOST_STREAMS)]
    answers = await asyncio.gather(*asking)
    statuses = sorted(answer.status for answer in answers)
    for answer in answers:
        answer.close()
    assert statuses == [200] * MOST_STREAMS + [429] * MOST_STREAMS
    await until(lambda: not site.broker._all(), LONG_S)


async def test_a_slow_stream_ends_and_keeps_nothing() -> None:
    stream = Stream(AccountId(1))
    event = Event(EventKind.TASK, "{}")
    assert all(stream.give(event) for _ in range(WAITING))
    assert not stream.give(event)
    assert not stream.give(event)
    assert await stream.next() is None
