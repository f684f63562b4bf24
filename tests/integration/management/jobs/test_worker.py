"""Workers on a real queue: jobs are done, tried again, given back, and never by two at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import msgspec
import pytest

from engine.host.paths import State
from engine.host.postgres import EmbeddedPostgres
from engine.storage.database import migrate, open_database
from management.jobs import dead
from management.jobs.handling import DELAYS, MOST_TRIES, Job, Registered
from management.jobs.queue import Kind, enqueue
from management.jobs.worker import Limits
from tests.integration.management.jobs.conftest import WORD, Bench, Word

pytestmark = pytest.mark.integration


async def test_a_job_exists_with_the_transaction_that_causes_it(bench: Bench) -> None:
    async with bench.worker():
        with pytest.raises(RuntimeError):
            async with bench.database.transaction() as connection:
                assert await enqueue(connection, WORD, Word("undone")) is not None
                raise RuntimeError
        await bench.put("done")
        await bench.until(lambda: bool(bench.did))
        await bench.empty()
    assert bench.did == ["done"]


async def test_a_worker_hears_of_a_job_at_once(bench: Bench) -> None:
    """Without its announcement it would be found at the next poll only, later than the test waits."""
    async with bench.worker(limits=Limits(stale_s=3600)):
        for number in range(5):
            await bench.put(str(number))
            async with asyncio.timeout(10):
                await bench.until_did(number + 1)
            await bench.empty()


async def test_one_key_is_one_job_while_it_waits_and_free_when_it_is_done(bench: Bench) -> None:
    first = await bench.put("a", "key")
    assert first is not None
    assert await bench.put("b", "key") is None
    async with bench.worker():
        await bench.until(lambda: bench.did == ["a"])
        await bench.empty()
        assert await bench.put("c", "key") is not None
        await bench.until(lambda: bench.did == ["a", "c"])


async def test_not_before_its_time(bench: Bench) -> None:
    async with bench.database.transaction() as connection:
        await enqueue(connection, WORD, Word("later"), after=timedelta(hours=1))
    async with bench.worker():
        await bench.put("now")
        await bench.until(lambda: bench.did == ["now"])
        await bench.due(0)
        await bench.until(lambda: bench.did == ["now", "later"])


async def test_failures_are_tried_again_by_the_table_then_the_job_is_dead(bench: Bench) -> None:
    job = await bench.put("bad")
    waits: list[float] = []
    async with bench.worker(bench.noting(fail=["bad"])):
        for attempt in range(1, MOST_TRIES + 1):
            await bench.until_did(attempt)
            if attempt < MOST_TRIES:
                await bench.failed(attempt)
                waits.append(
                    await bench.database.fetchval(
                        "select extract(epoch from execute_after - updated)::float8 from pgqueuer"
                    )
                )
                await bench.due(attempt)
        await bench.empty()
    assert waits == [delay.total_seconds() for delay in DELAYS]
    (found,) = await dead.list_dead(bench.database)
    assert (found.id, found.kind, found.payload, found.attempts) == (job, "test.word", '{"text":"bad"}', MOST_TRIES)
    assert (found.error_type, found.error_text) == ("ValueError", "cannot say bad")
    assert "Traceback" in found.traceback


async def test_the_staff_retries_and_discards(bench: Bench) -> None:
    kept, gone = await bench.put("kept", "key"), await bench.put("gone")
    assert kept is not None and gone is not None
    await bench.database.execute("update pgqueuer set status = 'failed', attempts = 5")
    assert await dead.count_dead(bench.database) == 2
    assert [job.id for job in await dead.list_dead(bench.database, limit=1)] == [gone]
    assert [job.id for job in await dead.list_dead(bench.database, before=gone)] == [kept]
    assert await dead.discard(bench.database, gone)
    assert not await dead.discard(bench.database, gone)
    newer = await bench.put("newer", "key")
    assert newer is not None
    assert not await dead.retry(bench.database, kept)  # the newer one stands for both
    async with bench.worker():
        await bench.until(lambda: bench.did == ["newer"])
        await bench.empty()
        assert not await dead.retry(bench.database, newer)  # it is done, not dead
        assert await dead.retry(bench.database, kept)
        await bench.until(lambda: bench.did == ["newer", "kept"])
        await bench.empty()
    assert await dead.count_dead(bench.database) == 0


async def test_what_cannot_be_read_is_dead_at_once_and_fields_of_other_releases_are_no_matter(bench: Bench) -> None:
    async with bench.database.transaction() as connection:
        await enqueue(connection, Kind("test.word", Newer), Newer("fine", 3))
        await enqueue(connection, Kind("test.word", Broken), Broken(["no", "word"]))
    async with bench.worker():
        await bench.empty()
    assert bench.did == ["fine"]
    (found,) = await dead.list_dead(bench.database)
    assert (found.error_type, found.attempts) == ("HopelessJob", 1)


class Newer(Word, frozen=True):
    volume: int = 0


class Broken(msgspec.Struct, frozen=True):
    text: list[str]


async def test_two_workers_share_the_jobs_and_none_is_done_twice(bench: Bench) -> None:
    for number in range(60):
        await bench.put(str(number))
    turns: Counter[str] = Counter()
    both = asyncio.Event()

    def named(name: str) -> Registered:
        async def handle(_: Job, word: Word) -> None:
            turns[name] += 1
            bench.note(word.text)
            if len(turns) == 2:
                both.set()
            await both.wait()

        return bench.handled_by(handle)

    async with bench.worker(named("one")), bench.worker(named("two")):
        await bench.until(lambda: len(bench.did) == 60)
        await bench.empty()
    assert sorted(bench.did, key=int) == [str(number) for number in range(60)]


async def test_not_more_at_once_than_allowed(bench: Bench) -> None:
    running = most = 0

    async def handle(_: Job, word: Word) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await bench.database.fetchval("select 1")
        running -= 1
        bench.note(word.text)

    for number in range(30):
        await bench.put(str(number))
    async with bench.worker(bench.handled_by(handle), limits=Limits(most=4)):
        await bench.until(lambda: len(bench.did) == 30)
    assert 1 <= most <= 4


async def test_a_stopped_worker_finishes_what_it_has_in_hand(bench: Bench) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def handle(_: Job, word: Word) -> None:
        begun.set()
        await go.wait()
        bench.note(word.text)

    await bench.put("slow")
    async with bench.worker(bench.handled_by(handle)) as worker:
        await begun.wait()
        worker.stop()
        await bench.put("not any more")
        go.set()
    assert bench.did == ["slow"]
    assert [row["status"] for row in await bench.database.fetch("select status::text from pgqueuer")] == ["queued"]


async def test_what_does_not_end_in_time_is_given_back_and_no_failed_try(bench: Bench) -> None:
    begun = asyncio.Event()

    async def handle(_: Job, word: Word) -> None:
        begun.set()
        await asyncio.Event().wait()

    await bench.put("endless")
    async with bench.worker(bench.handled_by(handle), limits=Limits(grace_s=0.0)):
        await begun.wait()
    row = await bench.database.fetchrow("select status::text, attempts from pgqueuer")
    assert row is not None
    assert (row["status"], row["attempts"]) == ("queued", 0)
    async with bench.worker():
        await bench.until(lambda: bench.did == ["endless"])


async def test_a_job_that_kills_its_workers_is_dead_at_last(bench: Bench) -> None:
    """Three were killed with it: picked, and never heard of again."""
    job = await bench.put("killer")
    assert job is not None
    for _ in range(3):
        await bench.database.execute(
            "insert into pgqueuer_log (job_id, status, entrypoint, priority) values ($1, 'picked', 'test.word', 0)", job
        )
    async with bench.worker():
        await bench.empty()
        (found,) = await dead.list_dead(bench.database)
        assert (found.error_type, bench.did) == ("HopelessJob", [])
        assert await dead.retry(bench.database, job)  # the staff may try it all the same
        await bench.until(lambda: bench.did == ["killer"])


async def test_a_job_of_a_worker_without_a_sign_of_life_is_taken_over(bench: Bench) -> None:
    await bench.put("left")
    await bench.database.execute(
        "update pgqueuer set status = 'picked', queue_manager_id = gen_random_uuid(), heartbeat = now() - interval '1 h'"
    )
    async with bench.worker():
        await bench.until(lambda: bench.did == ["left"])


async def test_postgres_restarted_under_a_worker(state: State) -> None:
    server = EmbeddedPostgres(state.root / "restarted-pg")
    dsn = await asyncio.to_thread(server.start)
    begun, go = asyncio.Event(), asyncio.Event()
    try:
        async with open_database(dsn, size=4) as database:
            await migrate(database)
            bench = Bench(dsn, database)

            async def handle(_: Job, word: Word) -> None:
                begun.set()
                await go.wait()
                bench.note(word.text)

            await bench.put("held")
            async with bench.worker(bench.handled_by(handle), limits=Limits(stale_s=3600)):
                await begun.wait()
                await asyncio.to_thread(server.stop)
                go.set()
                await bench.until(lambda: bench.did == ["held"])
                assert await asyncio.to_thread(server.start) == dsn
                await bench.empty()  # its end was written though it came while the server was away
                await bench.put("after")
                await bench.until(lambda: bench.did == ["held", "after"])
                await bench.empty()
            assert bench.did == ["held", "after"]
    finally:
        await asyncio.to_thread(server.stop)
