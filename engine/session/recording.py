"""Recordings after their call: each waits until its attempt is written, is converted, and then entered in its row.

The dialplan's MixMonitor writes ``ID.raw`` while the call goes on, and for a moment after the channel is gone. The raw file is
removed last, so whatever dies in between, the next start finds what is left to do.
"""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import Protocol

import structlog

from engine.domain.attempt import Recording
from engine.domain.errors import DozvonError, Unavailable
from engine.domain.ids import CallId

log = structlog.get_logger("recording")
_SETTLE_S = 0.5
"""Asterisk buffers two seconds of what it writes, and its thread for it may have to wait for its last turn in a busy machine."""
_PATIENCE = 20
_AGAIN_S = 5.0


class Converter(Protocol):
    async def keep(self, raw: Path) -> Recording | None:
        """Raises Unavailable when it cannot be done; ``raw`` stays in any case."""


class Store(Protocol):
    async def recorded(self, call: CallId, recording: Recording) -> None: ...


class Recordings:
    """The folder of a cell's recordings."""

    def __init__(self, folder: Path, converter: Converter, store: Store) -> None:
        self._folder = folder
        self._converter = converter
        self._store = store
        self._tasks: set[asyncio.Task[None]] = set()

    def unfinished(self) -> list[str]:
        """Ids of calls with a raw recording; some may be going on."""
        return [file.stem for file in self._folder.glob("*.raw") if _is_id(file.stem)]

    def add(self, call: CallId) -> None:
        """The attempt has ended and is written: keep what was recorded of it, if anything was."""
        task = asyncio.ensure_future(self._finish(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self, seconds: float) -> None:
        """Give those that are left ``seconds``; the rest is for the next start."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _finish(self, call: CallId) -> None:
        raw = self._folder / f"{call}.raw"
        try:
            await _whole(raw)
            if recording := await self._converter.keep(raw):
                await self._enter(call, recording)
                log.info("recording_kept", call=call, seconds=recording.seconds)
            await asyncio.to_thread(self._clear, call)
        except (DozvonError, OSError) as error:
            log.error("recording_not_kept", call=call, raw=str(raw), error=str(error))

    def _clear(self, call: CallId) -> None:
        """Also of what a converter that was killed had begun."""
        for left in (self._folder / f"{call}.raw", *self._folder.glob(f"{call}.*.part")):
            left.unlink(missing_ok=True)

    async def _enter(self, call: CallId, recording: Recording) -> None:
        while True:
            try:
                return await self._store.recorded(call, recording)
            except Unavailable as error:
                log.error("recording_not_entered", call=call, error=str(error))
                await asyncio.sleep(_AGAIN_S)


async def _whole(raw: Path) -> None:
    """Until ``raw`` no longer grows."""
    size = -1
    for _ in range(_PATIENCE):
        found = await asyncio.to_thread(_size, raw)
        if found == size:
            return
        size = found
        await asyncio.sleep(_SETTLE_S)


def _size(raw: Path) -> int:
    return raw.stat().st_size if raw.exists() else 0


def _is_id(name: str) -> bool:
    try:
        uuid.UUID(name)
    except ValueError:
        return False
    return True
