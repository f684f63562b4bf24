"""Tells listeners which calls changed, a moment after the commit and several at once.

A transaction with a NOTIFY takes a lock of the whole server until it has been written to disk; were every change of a call to
carry its own, they would all queue up for it (measured: 140 instead of 210 attempts a second).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog

from engine.domain.errors import Unavailable
from engine.domain.ids import CallId

log = structlog.get_logger("storage")
PAUSE_S = 0.05
"""How long changes are gathered; of several changes of one call only the last is told."""


class Announcer:
    """``send`` announces the present state of calls. Use from one event loop."""

    def __init__(self, send: Callable[[list[CallId]], Awaitable[object]]) -> None:
        self._send = send
        self._changed: dict[CallId, None] = {}
        self._task: asyncio.Task[None] | None = None

    def add(self, calls: Iterable[CallId]) -> None:
        self._changed.update(dict.fromkeys(calls))
        if self._changed and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._later())

    async def close(self) -> None:
        """Wait until everything has been told."""
        while self._task is not None:
            await asyncio.wait({self._task})

    async def _later(self) -> None:
        try:
            await asyncio.sleep(PAUSE_S)
            calls, self._changed = list(self._changed), {}
            await self._send(calls)
        except Unavailable as error:
            log.warning(
                "changes_not_announced", error=str(error)
            )  # listeners look for themselves when they connect again
        finally:
            self._task = None
            self.add(())
