"""A campaign as the dialer sees it, and the room it has for further calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from engine.domain.ids import E164, AccountId, CallId, CampaignId, ContactId, ScenarioId


class CampaignState(StrEnum):
    """The manual's four states (section 7) and the draft before the first start."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Campaign:
    """Wanted state and settings; money in roubles, times in seconds."""

    id: CampaignId
    account: AccountId
    name: str
    run: int
    scenario: ScenarioId
    trunk: str
    caller_ids: tuple[str, ...]
    per_hour: int
    burst: int
    answer_timeout_s: int
    action_timeout_s: int
    longest_call_s: int
    per_minute: Decimal
    record: bool
    retry: Mapping[str, object]
    call_window: Mapping[str, object]
    zones: tuple[str, ...]
    """Distinct zones of its contacts; '' stands for unknown."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a campaign may still use at one moment, measured under its lock. None: no such limit."""

    state: CampaignState
    run: int
    pace_tat: float | None
    rate_tat: float | None
    per_hour: int
    burst: int
    calls_per_second: int
    channels_free: int
    trunk_free: int
    leads_free: int | None
    spend_free: Decimal | None
    balance_free: Decimal
    hold: Decimal
    open_calls: int
    """Calls of this campaign in progress."""
    account_calls: int
    """Calls of the customer's campaigns in progress; they hold money."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A contact taken for one attempt; its row in ``calls`` has this id."""

    call_id: CallId
    contact: ContactId
    phone: E164
    zone: str
    number: int
    carousel: bool
    last_caller: str | None
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NextStep:
    """What becomes of the contact after an attempt: waiting until ``at``, or done with a reason code."""

    at: datetime | None
    carousel: bool
    reason: str
