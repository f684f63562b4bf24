"""The dialer's surroundings in memory: contacts that wait in a list, calls that end when the test says so."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from engine.dialer.capacity import share
from engine.domain.attempt import Attempt, CallRecord, Marks, PastAttempt
from engine.domain.campaign import Campaign, CampaignState, Claim, NextStep, Room
from engine.domain.errors import Refused, Unavailable
from engine.domain.ids import E164, AccountId, CallId, CampaignId, ContactId, ScenarioId
from engine.domain.outcome import Outcome

ALWAYS = {"opens": "00:00:00", "closes": "00:00:00", "zone": "UTC"}
CAMPAIGN = Campaign(
    id=CampaignId(1),
    account=AccountId(1),
    name="test",
    run=1,
    scenario=ScenarioId(1),
    trunk="trunk",
    caller_ids=("+74951111111",),
    per_hour=360_000,
    burst=1000,
    answer_timeout_s=20,
    action_timeout_s=7,
    longest_call_s=60,
    per_minute=Decimal("2.40"),
    record=False,
    retry={},
    call_window=ALWAYS,
    zones=("",),
)


def claim_of(contact: int, **changes: Any) -> Claim:
    plain = Claim(CallId(f"call-{contact}"), ContactId(contact), E164(f"+7900{contact:07d}"), "", 1, False, None, {})
    return replace(plain, **changes)


def record_of(call: CallId, **changes: Any) -> CallRecord:
    return replace(CallRecord(call, Outcome.ANSWERED, "", 16, 200, None, None, datetime.now(UTC)), **changes)


def away() -> Unavailable:
    return Unavailable("postgres_unreachable", "PostgreSQL is away")


@dataclass
class PaperDatabase:
    """Satisfies ``CampaignStore`` and ``AttemptStore`` for one campaign. ``failures``: calls that raise before one works."""

    campaign: Campaign = CAMPAIGN
    waiting: int = 0
    blocked_zones: list[str] = field(default_factory=list)
    state: CampaignState = CampaignState.RUNNING
    reason: str = ""
    limits: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    open: set[CallId] = field(default_factory=set)
    finished: dict[CallId, tuple[CallRecord, Decimal, NextStep]] = field(default_factory=dict)
    callers: dict[CallId, str] = field(default_factory=dict)
    released: list[CallId] = field(default_factory=list)
    marked: list[Marks] = field(default_factory=list)
    past: list[PastAttempt] = field(default_factory=list)
    failures: dict[str, int] = field(default_factory=dict)
    claimed: int = 0
    rounds: int = 0
    lost_claims: bool = False

    def _look(self, what: str) -> None:
        if self.failures.get(what, 0) > 0:
            self.failures[what] -= 1
            raise away()

    async def running(self) -> list[Campaign]:
        self.rounds += 1
        self._look("running")
        return [self.campaign] if self.state is CampaignState.RUNNING else []

    async def claim(
        self, campaign: CampaignId, zones: Sequence[str], cell: str, wanted: int, now: float
    ) -> tuple[Room | None, list[Claim]]:
        plain = Room(
            state=self.state, run=1, pace_tat=None, rate_tat=None, per_hour=360_000, burst=1000, calls_per_second=1000,
            channels_free=1000, trunk_free=1000, leads_free=None, spend_free=None, balance_free=Decimal(1000),
            hold=Decimal("2.40"), open_calls=len(self.open), account_calls=len(self.open),
        )  # fmt: skip
        room = replace(plain, **self.limits)
        count = min(share(room, now, wanted).count, self.waiting)
        claims = [claim_of(self.claimed + n + 1) for n in range(count)]
        self.claimed += len(claims)
        self.waiting -= len(claims)
        self.open |= {claim.call_id for claim in claims}
        return room, claims

    async def upcoming(self, campaign: CampaignId, count: int, zones: Sequence[str]) -> list[Mapping[str, str]]:
        return []

    async def next_due(self, campaign: CampaignId, zones: Sequence[str]) -> datetime | None:
        return None

    async def finish_if_done(self, campaign: CampaignId) -> bool:
        if self.waiting or self.open:
            return False
        self.state = CampaignState.FINISHED
        return True

    async def pause(self, campaign: CampaignId, reason: str, text: str) -> None:
        if self.state is not CampaignState.RUNNING:
            raise Refused("wrong_state", "no")
        self.state, self.reason = CampaignState.PAUSED, reason

    async def block_zone(self, campaign: CampaignId, zone: str) -> None:
        self.blocked_zones.append(zone)

    async def carousel(self) -> list[str]:
        return self.lines

    async def dialing(self, call: CallId, caller_id: str, at: datetime) -> bool:
        self._look("dialing")
        self.callers[call] = caller_id
        return not self.lost_claims

    async def release(self, call: CallId) -> bool:
        self._look("release")
        self.released.append(call)
        self.open.discard(call)
        self.waiting += 1
        return True

    async def mark(self, call: CallId, marks: Marks) -> None:
        self._look("mark")
        self.marked.append(marks)

    async def history(self, campaign: CampaignId, contact: ContactId, run: int) -> list[PastAttempt]:
        return list(self.past)

    async def finish(self, record: CallRecord, cost: Decimal, following: NextStep) -> bool:
        self._look("finish")
        self.finished[record.call_id] = (record, cost, following)
        self.open.discard(record.call_id)
        return True


@dataclass
class PaperCall:
    attempt: Attempt
    owner: PaperCaller

    async def run(self) -> CallRecord:
        self.owner.talking.append(self.attempt)
        await self.owner.go_on.wait()
        if self.owner.crash:
            raise ZeroDivisionError("a bug")
        return record_of(self.attempt.call_id, **self.owner.ends)


@dataclass
class PaperCaller:
    """Satisfies ``Caller``. Calls last until ``go_on`` is set, and end as ``ends`` says."""

    places: int = 1000
    ends: dict[str, Any] = field(default_factory=dict)
    cannot: Exception | None = None
    crash: bool = False
    talking: list[Attempt] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def free(self) -> int:
        return self.places

    async def rehearse(self, campaign: Campaign, contacts: Sequence[Mapping[str, str]]) -> None:
        return None

    async def prepare(self, attempt: Attempt) -> PaperCall:
        if self.cannot is not None:
            raise self.cannot
        return PaperCall(attempt, self)
