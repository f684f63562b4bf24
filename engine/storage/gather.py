"""Gathers the writes of a moment into one statement: one round trip and one commit for many calls, each with its own answer.

While one batch is being written the next gathers. A write that comes alone is not kept waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import asyncpg
import structlog

Item = TypeVar("Item")
Answer = TypeVar("Answer")

log = structlog.get_logger("storage")
PACE_S = 0.02
"""Batches begin at least this far apart, so that under load several calls share one. At 500 attempts a second 20 ms cost PostgreSQL
0.19 ms an attempt, 10 ms 0.33; a phone rings for seconds."""
MOST = 100
"""Items of one batch: bounds how long its rows stay locked, and what its repetition costs."""


@dataclass(eq=False, slots=True)
class _Batch(Generic[Item, Answer]):
    items: list[Item] = field(default_factory=list)
    answers: list[asyncio.Future[Answer]] = field(default_factory=list)
    written: asyncio.Task[Sequence[Answer]] | None = None

    def tell(self, written: asyncio.Task[Sequence[Answer]]) -> None:
        """To each who still waits what became of his item."""
        waiting = [(place, answer) for place, answer in enumerate(self.answers) if not answer.done()]
        if written.cancelled():
            for _, answer in waiting:
                answer.cancel()
        elif error := written.exception():
            for _, answer in waiting:
                answer.set_exception(error)
        else:
            given = written.result()
            for place, answer in waiting:
                answer.set_result(given[place])


class Gatherer(Generic[Item, Answer]):
    """``write`` stores items in one transaction, all or none, and gives an answer for each, in their order.

    Use from one event loop.
    """

    def __init__(self, write: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]]) -> None:
        self._write = write
        self._open: _Batch[Item, Answer] | None = None
        self._turn = asyncio.Lock()
        self._not_before = 0.0

    async def put(self, item: Item) -> Answer:
        """Store ``item``; returns when it is committed.

        Raises Unavailable for a whole batch: as after any lost answer, it may be stored or not. What PostgreSQL refuses is
        raised for the item that it refuses alone. An item that was put is written even if who waits for it is cancelled.
        """
        batch = self._open
        if batch is None or len(batch.items) >= MOST:
            batch = self._open = _Batch()
            batch.written = asyncio.create_task(self._batch(batch))
            batch.written.add_done_callback(batch.tell)
        # A future for each costs half of what shielding the task from each who waits for it does.
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        batch.items.append(item)
        batch.answers.append(answer)
        try:
            return await answer
        except asyncpg.PostgresError as error:
            if len(batch.items) == 1:
                raise
            log.error("batch_refused", items=len(batch.items), error=str(error))
        return (await self._write([item]))[0]  # nothing of it is stored; whose fault it was shows when each goes alone

    async def _batch(self, batch: _Batch[Item, Answer]) -> Sequence[Answer]:
        async with self._turn:
            loop = asyncio.get_running_loop()
            if (pause := self._not_before - loop.time()) > 0:
                await asyncio.sleep(pause)
            if self._open is batch:
                self._open = None
            self._not_before = loop.time() + PACE_S
            return await self._write(batch.items)
