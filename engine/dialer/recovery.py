"""Ends the attempts that a dead engine left open: this cell's own from before, and those of cells not seen any more.

An attempt that was only claimed was never dialled and is given back. One that was dialled counts, even if we cannot know how it
went: its channel, if it still lives here, is ended, and it is closed as failed, or as answered if the answer was
recorded. So no attempt is dialled twice, and none stays open.
"""

from __future__ import annotations

from collections.abc import Container
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
SILENT_S = 30.0
"""A cell that has not been seen for this long is dead; it beats every ``BEAT_S``."""
BEAT_S = 5.0
Q850_TEMPORARY_FAILURE = 41


class Store(Protocol):
    async def abandoned(self, cell: str, silent_s: float) -> list[OpenAttempt]: ...

    async def release(self, call: CallId) -> bool: ...

    async def history(self, campaign: CampaignId, contact: ContactId, run: int) -> list[PastAttempt]: ...

    async def finish(self, record: CallRecord, cost: Decimal, following: NextStep) -> bool: ...


class Channels(Protocol):
    async def end_if_live(self, call: str) -> bool: ...


async def recover(store: Store, channels: Channels, cell: str, in_progress: Container[CallId]) -> int:
    """Close what is abandoned; returns how many attempts that were. Raises Unavailable when the outside is away.

    ``in_progress``: the attempts that this process is at work on, until they are settled. It is looked at after the
    database, so an attempt that is settled in between is only found ended already.
    """
    closed = 0
    for attempt in await store.abandoned(cell, SILENT_S):
        if attempt.call_id in in_progress:
            continue
        if attempt.state == "claimed" and await store.release(attempt.call_id):
            log.warning("claim_released", call=attempt.call_id)
        else:
            await _close(store, attempt, await channels.end_if_live(str(attempt.call_id)))
        closed += 1
    return closed


async def _close(store: Store, attempt: OpenAttempt, was_live: bool) -> None:
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
    history = await store.history(attempt.campaign, attempt.contact, attempt.run)
    this = PastAttempt(outcome, attempt.result, attempt.carousel)
    await store.finish(record, cost, interrupted(now, policy, [*history, this]))
    log.warning("attempt_closed", call=attempt.call_id, outcome=outcome, was_live=was_live)
