"""Ends the attempts that a dead engine left open: this cell's own from before, and those of cells not seen any more.

An attempt that was only claimed was never dialled and is given back. One that was dialled counts, even if we cannot know how it
went: its channel, if it still lives here, is ended, and it is closed as failed, or as answered if the answer was
recorded. So no attempt is dialled twice, and none stays open. What was recorded until then is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Protocol

import msgspec
import structlog

from engine.dialer.attempts import interrupted
from engine.dialer.retry import RetryPolicy
from engine.domain.attempt import CallRecord, OpenAttempt, PastAttempt
from engine.domain.campaign import NextStep
from engine.domain.ids import CallId, CampaignId, ContactId
from engine.domain.money import Tariff
from engine.domain.outcome import Outcome

log = structlog.get_logger("recovery")
BEATS = 6
"""A cell tells this often, in the time after which it would be taken for dead, that it lives."""
YOUNG_S = 5.0
"""Claims younger than this may be our own dialer's, whose tasks are about to begin."""
Q850_TEMPORARY_FAILURE = 41


class Store(Protocol):
    async def beat(self, cell: str) -> None: ...

    async def abandoned(self, cell: str, silent_s: float | None, young_s: float) -> list[OpenAttempt]: ...

    async def release(self, call: CallId) -> bool: ...

    async def history(self, campaign: CampaignId, contact: ContactId, run: int) -> list[PastAttempt]: ...

    async def finish(self, record: CallRecord, cost: Decimal, following: NextStep) -> bool: ...

    async def unrecorded(self, calls: Iterable[str]) -> list[CallId]: ...


class Channels(Protocol):
    async def end_if_live(self, call: str) -> bool: ...


class Recordings(Protocol):
    def unfinished(self) -> list[str]: ...

    def add(self, call: CallId) -> None: ...


class Recovery:
    """``silent_s``: a cell that was not seen for this long is dead. ``in_progress``: the attempts that this process is
    at work on, until they are settled. It is looked at after the database, so an attempt that is settled in between
    is only found ended already.

    All methods raise Unavailable when the outside is away; they may be repeated.
    """

    def __init__(
        self,
        store: Store,
        channels: Channels,
        recordings: Recordings,
        cell: str,
        in_progress: Container[CallId],
        silent_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._channels = channels
        self._recordings = recordings
        self._cell = cell
        self._in_progress = in_progress
        self._silent_s = silent_s
        self._clock = clock
        self._first = True
        self._watching_since = self._last_beat = clock()

    @property
    def beat_s(self) -> float:
        return self._silent_s / BEATS

    async def take_up(self) -> int:
        """After Asterisk was reached, and before anything is dialled: close what this cell left open before; returns how
        many attempts that were."""
        if not self._first:
            return await self._close_all(None, YOUNG_S)
        # Nothing was claimed by this process yet: all of the cell's open attempts are a dead one's, however young.
        closed = await self._close_all(None, 0.0)
        await self._finish_recordings()
        self._first = False
        return closed

    async def beat(self) -> int:
        """Tell that this cell lives; close what dead ones left.

        Nobody is judged dead by a time in which nobody could have told: after the database was away, and at our own
        start, the others get the whole time again.
        """
        await self._store.beat(self._cell)
        now = self._clock()
        if now - self._last_beat > self._silent_s / 2:
            self._watching_since = now
        self._last_beat = now
        watched = now - self._watching_since >= self._silent_s
        return await self._close_all(self._silent_s if watched else None, YOUNG_S)

    async def _close_all(self, silent_s: float | None, young_s: float) -> int:
        closed = 0
        for attempt in await self._store.abandoned(self._cell, silent_s, young_s):
            if attempt.call_id in self._in_progress:
                continue
            if attempt.state == "claimed" and await self._store.release(attempt.call_id):
                log.warning("claim_released", call=attempt.call_id)
            else:
                await self._close(attempt)
            closed += 1
        return closed

    async def _close(self, attempt: OpenAttempt) -> None:
        was_live = await self._channels.end_if_live(str(attempt.call_id))
        now = datetime.now(UTC)
        answered = attempt.answered_at is not None
        outcome = Outcome.ANSWERED if answered else Outcome.FAILED
        record = CallRecord(
            call_id=attempt.call_id,
            outcome=outcome,
            cause="interrupted: engine restarted",
            q850=Q850_TEMPORARY_FAILURE,
            sip=0,
            ringing_at=attempt.ringing_at,
            answered_at=attempt.answered_at,
            ended_at=now,
            result=attempt.result,
            hung_up_by="engine",
        )
        # Nobody can say when a conversation ended whose channel is gone; it is not charged.
        cost = Tariff(attempt.per_minute).cost(record.talk_seconds if was_live else 0)
        policy = msgspec.convert(dict(attempt.retry), RetryPolicy, strict=False)
        history = await self._store.history(attempt.campaign, attempt.contact, attempt.run)
        this = PastAttempt(outcome, attempt.result, attempt.carousel)
        await self._store.finish(record, cost, interrupted(now, policy, [*history, this]))
        if answered:
            self._recordings.add(attempt.call_id)
        log.warning("attempt_closed", call=attempt.call_id, outcome=outcome, was_live=was_live)

    async def _finish_recordings(self) -> None:
        """Those whose call is over and written, but whose engine died, or broke, before they became a file."""
        for call in await self._store.unrecorded(self._recordings.unfinished()):
            log.warning("recording_left", call=call)
            self._recordings.add(call)
