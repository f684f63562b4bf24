"""Workers in this process, and what their handlers did."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import msgspec
import pytest

from engine.storage.database import Database
from management.jobs.handling import Handler, Job, Registered, register
from management.jobs.queue import JobId, Kind, enqueue, table_changed
from management.jobs.worker import Limits, Worker
from tests.support.world import until

LONG_S = 30.0


class Word(msgspec.Struct, frozen=True):
    text: str = ""


WORD = Kind("test.word", Word)


class Bench:
    """One database; ``did`` is what handlers did, in order."""

    def __init__(self, dsn: str, database: Database) -> None:
        self.dsn = dsn
        self.database = database
        self.did: list[str] = []
        self._news = asyncio.Event()

    def note(self, text: str) -> None:
        self.did.append(text)
        self._news.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wake up at each note."""
        async with asyncio.timeout(LONG_S):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def put(self, text: str, key: str | None = None) -> JobId | None:
        async with self.database.transaction() as connection:
            return await enqueue(connection, WORD, Word(text), key=key)

    async def failed(self, attempts: int) -> None:
        """Until the only job has failed so often and waits for its next try: written a moment after its handler ended."""
        await self._until_row("select 1 from pgqueuer where attempts = $1 and status = 'queued'", attempts)

    async def due(self, attempts: int) -> None:
        """Once the only job has failed so often, its next try is due at once."""
        await self.failed(attempts)
        await self.database.execute("update pgqueuer set execute_after = now() - interval '1 s'")
        await self.database.execute("select pg_notify('ch_pgqueuer', $1)", table_changed())

    async def empty(self) -> None:
        """Until no job waits or runs."""
        await self._until_row("select 1 where not exists (select 1 from pgqueuer where status <> 'failed')")

    async def _until_row(self, query: str, *args: object) -> None:
        await until(lambda: self.database.fetchval(query, *args), LONG_S)

    async def until_did(self, count: int) -> None:
        """Until handlers have noted so much."""
        await self.until(lambda: len(self.did) >= count)

    @asynccontextmanager
    async def worker(self, *handlers: Registered, limits: Limits | None = None) -> AsyncIterator[Worker]:
        worker = Worker(self.dsn, self.database, handlers or (self.noting(),), limits)
        running = asyncio.create_task(worker.run())
        try:
            yield worker
        finally:
            worker.stop()
            async with asyncio.timeout(LONG_S):
                await running

    def noting(self, fail: Sequence[str] = ()) -> Registered:
        """A handler that notes its words, and fails after noting those of ``fail``."""

        async def handle(_: Job, word: Word) -> None:
            self.note(word.text)
            if word.text in fail:
                raise ValueError(f"cannot say {word.text}")

        return self.handled_by(handle)

    def handled_by(self, handler: Handler[Word]) -> Registered:
        return register(WORD, handler)


@pytest.fixture
def bench(dsn: str, database: Database) -> Bench:
    return Bench(dsn, database)
