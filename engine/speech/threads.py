"""A few threads for what computes; of the work that waits, what is due first is next."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

Job = Callable[[], Any]
Done = Callable[["asyncio.Future[Any]"], None]


class Threads:
    """Used in the loop's thread. An executor's own queue would let a call that awaits its answer wait for others that
    still speak.
    """

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="speech")
        self._free = count
        self._waiting: list[tuple[float, int, Job, Done]] = []
        self._numbers = itertools.count()

    def run(self, job: Job, due: float, done: Done) -> None:
        """``due`` in loop time; ``done`` is called in the loop's thread. RuntimeError when closed."""
        heapq.heappush(self._waiting, (due, next(self._numbers), job, done))
        self._begin()

    async def close(self) -> None:
        await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)

    def _begin(self) -> None:
        while self._free and self._waiting:
            _, _, job, done = heapq.heappop(self._waiting)
            running = asyncio.get_running_loop().run_in_executor(self._pool, job)
            self._free -= 1
            running.add_done_callback(partial(self._done, done))

    def _done(self, done: Done, result: asyncio.Future[Any]) -> None:
        self._free += 1
        try:
            done(result)
        finally:
            self._begin()
