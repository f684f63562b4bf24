"""What the database is told of a call while it goes on. The call goes on without it, too."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime

import structlog

from engine.domain.attempt import Marks
from engine.domain.errors import Unavailable
from engine.domain.ids import CallId
from engine.session.ports import CallStore

log = structlog.get_logger("call")


class Notes:
    """``saved``: the marks that the database has."""

    def __init__(self, call: CallId, store: CallStore) -> None:
        self._call = call
        self._store = store
        self.saved = Marks()

    async def ringing(self, at: datetime) -> None:
        await self.quietly(self._store.ringing(self._call, at))

    async def answered(self, at: datetime) -> None:
        await self.quietly(self._store.answered(self._call, at))

    async def mark(self, marks: Marks) -> None:
        """What cannot be saved is kept, and handed over with the record or with the next marks."""
        if news := marks.news(self.saved):
            try:
                await self._store.mark(self._call, news)
                self.saved = marks
            except Unavailable as error:
                log.error("marks_not_saved", call=str(self._call), error=str(error))

    async def quietly(self, work: Awaitable[None]) -> None:
        """What the call can do without, when the database or Asterisk does not answer."""
        try:
            await work
        except Unavailable as error:
            log.error("not_done", call=str(self._call), error=str(error))
