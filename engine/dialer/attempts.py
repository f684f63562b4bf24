"""One attempt from its claim to its settlement."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import structlog

from engine.dialer.breaker import Fact
from engine.dialer.carousel import choose
from engine.dialer.ports import AttemptStore, Caller
from engine.dialer.retry import Again, RetryPolicy, plan
from engine.domain.attempt import Attempt, CallRecord, PastAttempt
from engine.domain.campaign import Campaign, Claim, NextStep
from engine.domain.errors import BadInput, Unavailable
from engine.domain.money import Tariff

log = structlog.get_logger("dialer")
DATABASE_AWAY = "postgres_unreachable"
"""Code of the Unavailable that passes by itself; it is no reason to stop a campaign."""
BACKOFF_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Cannot:
    """Why an attempt was given back undialled: the whole campaign suffers from it."""

    code: str
    text: str


def retry_policy(campaign: Campaign) -> RetryPolicy:
    """The campaign's stored policy. Raises BadInput for one that cannot be."""
    try:
        return msgspec.convert(dict(campaign.retry), RetryPolicy, strict=False)
    except msgspec.ValidationError as error:
        raise BadInput("bad_retry", "{error}", error=error) from error


class Attempts:
    """Carries attempts out; shared by all campaigns of the cell. ``on_end`` is told of every ended attempt."""

    def __init__(
        self, store: AttemptStore, caller: Caller, on_end: Callable[[Campaign, CallRecord, Fact], None]
    ) -> None:
        self._store = store
        self._caller = caller
        self._on_end = on_end
        self.closing = False
        """Set at the end of the process: claims that are not dialled yet are given back."""

    async def run(self, campaign: Campaign, policy: RetryPolicy, claim: Claim, carousel: list[str]) -> Cannot | None:
        """Call the contact and write what became of it. Returns only when the database has it."""
        caller_id = caller_for(campaign, claim, carousel)
        attempt = _attempt(campaign, claim, caller_id)
        try:
            call = await self._caller.prepare(attempt)
        except (BadInput, Unavailable) as error:
            await persist(lambda: self._store.release(claim.call_id))
            return None if error.code == DATABASE_AWAY else Cannot(error.code, str(error))
        if self.closing:
            await persist(lambda: self._store.release(claim.call_id))
            return None
        begun = datetime.now(UTC)  # the same at each repetition: so the store knows a write whose answer was lost
        if not await persist(lambda: self._store.dialing(claim.call_id, caller_id, begun)):
            log.error("claim_lost", call=claim.call_id)
            return None
        record = await call.run()
        await persist(lambda: self._settle(campaign, policy, claim, record))
        self._on_end(campaign, record, Fact(record.outcome, record.sip, record.q850, record.hung_up_by == "engine"))
        return None

    async def _settle(self, campaign: Campaign, policy: RetryPolicy, claim: Claim, record: CallRecord) -> None:
        if record.unsaved:
            await self._store.mark(record.call_id, record.unsaved)
        first = claim.number == 1
        history = [] if first else await self._store.history(campaign.id, claim.contact, campaign.run)
        this = PastAttempt(record.outcome, record.result, claim.carousel)
        cost = Tariff(campaign.per_minute).cost(record.talk_seconds)
        following = next_step(policy, [*history, this], record.ended_at)
        await self._store.finish(record, cost, following)


def next_step(policy: RetryPolicy, history: list[PastAttempt], ended_at: datetime) -> NextStep:
    """The policy's plan in the store's terms."""
    following = plan(policy, history, ended_at)
    if isinstance(following, Again):
        return NextStep(following.at, following.carousel, "retry")
    return NextStep(None, False, following.reason.value)


def caller_for(campaign: Campaign, claim: Claim, carousel: list[str]) -> str:
    """The caller ID: always the same of the campaign's numbers for one contact; another one from the carousel."""
    if claim.carousel:
        used = [claim.last_caller] if claim.last_caller else []
        chosen = choose(carousel, used, claim.contact, f"{campaign.id}:{campaign.run}:{claim.number}")
        if chosen:
            return chosen
    return choose(campaign.caller_ids, (), claim.contact, str(campaign.id)) or ""


def _attempt(campaign: Campaign, claim: Claim, caller_id: str) -> Attempt:
    return Attempt(
        call_id=claim.call_id,
        campaign=campaign.id,
        phone=claim.phone,
        caller_id=caller_id,
        trunk=campaign.trunk,
        scenario=campaign.scenario,
        fields={**claim.fields, "phone": claim.phone},
        answer_timeout_s=campaign.answer_timeout_s,
        action_timeout_s=campaign.action_timeout_s,
        longest_call_s=campaign.longest_call_s,
        record=campaign.record,
    )


async def persist(write: Callable[[], Any]) -> Any:
    """Do ``write`` until the database takes it: an outcome is never dropped because the database was away."""
    failures = 0
    while True:
        try:
            return await write()
        except Unavailable as error:
            log.error("not_stored", error=str(error), attempt=failures + 1)
            await asyncio.sleep(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])
            failures += 1


def interrupted(ended_at: datetime, policy: RetryPolicy, history: list[PastAttempt]) -> NextStep:
    """After a crash: as the policy has it, but not sooner than its interval."""
    following = next_step(policy, history, ended_at)
    if following.at is not None and following.at < ended_at + timedelta(seconds=policy.interval_s):
        return NextStep(ended_at + timedelta(seconds=policy.interval_s), following.carousel, following.reason)
    return following
