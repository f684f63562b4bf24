"""Long tasks: progress that listeners hear, cancelling, and what the user is told when one fails."""

from __future__ import annotations

import asyncio
import json
import math

import asyncpg
import pytest

from engine.domain.errors import BadInput
from engine.domain.ids import AccountId
from engine.storage.catalogue import Catalogue
from management.jobs import dead, tasks
from management.jobs.handling import MOST_TRIES, register
from management.jobs.queue import Kind
from management.jobs.tasks import Progress, TaskId, TaskPayload, TaskState, Work, task_handler
from tests.integration.management.jobs.conftest import Bench

pytestmark = pytest.mark.integration
USER = 7


class Count(TaskPayload, frozen=True):
    to: int


COUNT = Kind("test.count", Count)


class Desk:
    """One account, its tasks, and what was announced of them."""

    def __init__(self, bench: Bench, account: AccountId, work: Work[Count]) -> None:
        self.bench = bench
        self.account = account
        self.handler = register(COUNT, task_handler(bench.database, work))
        self.heard: list[dict[str, object]] = []

    async def start(self, to: int) -> TaskId:
        async with self.bench.database.transaction() as connection:
            task = await tasks.create(connection, self.account, USER, "count", "Counting", to)
            await tasks.enqueue_task(connection, COUNT, Count(task, to))
        return task

    async def state(self, task: TaskId) -> TaskState:
        found = await tasks.get(self.bench.database, task, self.account)
        assert found is not None
        return found.state


async def _desk(bench: Bench, work: Work[Count]) -> Desk:
    return Desk(bench, await Catalogue(bench.database).create_account("customer"), work)


async def test_progress_is_written_and_announced_to_the_account(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "REPORT_S", math.inf)  # however long the machine has been up

    async def count(progress: Progress, payload: Count) -> str:
        for number in range(payload.to + 1):
            await progress.report(number, payload.to, now=number == 50)
        return "accounts/1/result/count.txt"

    desk = await _desk(bench, count)
    listener = await asyncpg.connect(bench.dsn)
    try:
        await listener.add_listener("dozvon_task", lambda *args: desk.heard.append(json.loads(args[3])))
        task = await desk.start(1000)
        async with bench.worker(desk.handler):
            await bench.empty()
        await listener.execute("select 1")  # whatever was announced before has arrived with its answer
    finally:
        await listener.close()
    found = await tasks.get(bench.database, task, desk.account)
    assert found is not None
    assert (found.state, found.done, found.total, found.result) == ("done", 1000, 1000, "accounts/1/result/count.txt")
    assert found.started_at is not None and found.ended_at is not None
    assert [(event["state"], event["done"]) for event in desk.heard] == [
        ("queued", 0),
        ("running", 0),
        ("running", 0),
        ("running", 50),
        ("done", 1000),
    ]  # of a thousand reports two were due: the first of all, and the one that was to be written in any case
    assert {(event["account"], event["user"], event["task"]) for event in desk.heard} == {
        (desk.account, USER, str(task))
    }


async def test_a_running_task_is_cancelled_and_stays_so(bench: Bench) -> None:
    begun = asyncio.Event()

    async def endless(progress: Progress, _: Count) -> None:
        begun.set()
        while True:
            await progress.report(1, now=True)

    desk = await _desk(bench, endless)
    task = await desk.start(1)
    async with bench.worker(desk.handler):
        await begun.wait()
        assert await tasks.cancel(bench.database, task, desk.account)
        await bench.empty()
    assert await desk.state(task) == "cancelled"
    assert not await tasks.cancel(bench.database, task, desk.account)
    assert await dead.count_dead(bench.database) == 0


async def test_a_waiting_task_is_cancelled_at_once_and_never_begun(bench: Bench) -> None:
    async def never(_: Progress, __: Count) -> None:
        bench.note("begun")

    desk = await _desk(bench, never)
    task = await desk.start(1)
    assert await tasks.cancel(bench.database, task, desk.account)
    assert await desk.state(task) == "cancelled"
    async with bench.worker(desk.handler):
        await bench.empty()
    assert (await desk.state(task), bench.did) == ("cancelled", [])


async def test_another_account_neither_sees_nor_cancels_it(bench: Bench) -> None:
    async def never(_: Progress, __: Count) -> None: ...

    desk = await _desk(bench, never)
    task = await desk.start(1)
    other = await Catalogue(bench.database).create_account("other")
    assert await tasks.get(bench.database, task, other) is None
    assert await tasks.latest(bench.database, other) == []
    assert not await tasks.cancel(bench.database, task, other)
    assert [found.id for found in await tasks.latest(bench.database, desk.account)] == [task]


async def test_what_the_user_gave_ends_the_task_with_its_reason_and_no_other_try(bench: Bench) -> None:
    async def refuse(_: Progress, payload: Count) -> None:
        raise BadInput("too_far", "Cannot count to {number}", number=payload.to)

    desk = await _desk(bench, refuse)
    task = await desk.start(10)
    async with bench.worker(desk.handler):
        await bench.empty()
    found = await tasks.get(bench.database, task, desk.account)
    assert found is not None
    assert (found.state, found.error_code, found.error_text) == ("failed", "too_far", "Cannot count to {number}")
    assert found.error_params == {"number": "10"}
    assert await dead.count_dead(bench.database) == 0


async def test_our_own_failures_are_tried_again_and_told_without_details(bench: Bench) -> None:
    async def broken(_: Progress, __: Count) -> None:
        bench.note("try")
        raise KeyError("secret detail")

    desk = await _desk(bench, broken)
    task = await desk.start(10)
    async with bench.worker(desk.handler):
        for attempt in range(1, MOST_TRIES + 1):
            await bench.until_did(attempt)
            assert attempt == MOST_TRIES or await desk.state(task) == "running"
            if attempt < MOST_TRIES:
                await bench.due(attempt)
        await bench.empty()
    found = await tasks.get(bench.database, task, desk.account)
    assert found is not None
    assert (found.state, found.error_code) == ("failed", "internal")
    assert "secret" not in found.error_text
    assert await dead.count_dead(bench.database) == 1
