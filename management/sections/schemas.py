"""Rows of the sections, and what their states are called in the manual."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import msgspec

from engine.domain.text import mark
from engine.scenario.events import MachineKind
from management.api import example


class CampaignState(StrEnum):
    """Of a campaign; the manual's four (5.1) and the draft before the first start."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"

    @property
    def label(self) -> str:
        return {CampaignState.DRAFT: mark("Draft"), CampaignState.RUNNING: mark("Running"), CampaignState.PAUSED: mark("Paused"),
                CampaignState.STOPPED: mark("Stopped"), CampaignState.FINISHED: mark("Finished")}[self]  # fmt: skip

    @property
    def tone(self) -> str:
        tones = {
            CampaignState.RUNNING: "success",
            CampaignState.PAUSED: "warning",
            CampaignState.STOPPED: "danger",
            CampaignState.FINISHED: "info",
        }
        return tones.get(self, "neutral")


REASONS = {
    "by_user": mark("Paused by the user"),
    "lead_limit": mark("The limit of leads is reached"),
    "spend_limit": mark("The spending limit is reached"),
    "no_funds": mark("The balance does not cover another call"),
    "window_over": mark("The calling window does not open again"),
    "trunk_failing": mark("The trunk fails"),
}
"""Why a campaign is paused, by the engine's stable codes; other reasons are told in the engine's own words."""


class CallStatus(StrEnum):
    """Of a call (manual, 12)."""

    SUCCESSFUL = "successful"
    UNSUCCESSFUL = "unsuccessful"

    @property
    def label(self) -> str:
        return mark("Successful") if self is CallStatus.SUCCESSFUL else mark("Not successful")

    @property
    def tone(self) -> str:
        return "success" if self is CallStatus.SUCCESSFUL else "neutral"


class CallResult(StrEnum):
    """Of a call (manual, 12)."""

    LEAD = "lead"
    BLACKLIST = "blacklist"
    MACHINE = "machine"

    @property
    def label(self) -> str:
        return {CallResult.LEAD: mark("Lead"), CallResult.BLACKLIST: mark("Blacklist"),
                CallResult.MACHINE: mark("Answering machine")}[self]  # fmt: skip

    @property
    def tone(self) -> str:
        return {CallResult.LEAD: "success", CallResult.BLACKLIST: "danger", CallResult.MACHINE: "warning"}[self]


MACHINES = {
    MachineKind.ANNOUNCEMENT: mark("Operator's announcement"),
    MachineKind.SECRETARY: mark("Virtual secretary"),
    MachineKind.IVR: mark("Voice menu"),
    MachineKind.FAX: mark("Fax"),
}
"""What kind of machine has answered, where it is known to be another than an answering machine."""


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """``done`` of ``contacts`` will not be called any more in this run. Money in roubles; ``lead_price`` None before the
    first lead. ``per_hour``: calls."""

    id: Annotated[int, example(12)]
    project: Annotated[int, example(7)]
    created_at: datetime
    name: Annotated[str, example("Напоминание о визите")]
    state: CampaignState
    reason: Annotated[str, example("by_user", about="Why it is paused, stopped or finished: a stable code")]
    reason_text: Annotated[str, example("", about="Details of the reason, for people")]
    done: Annotated[int, example(420)]
    contacts: Annotated[int, example(1000)]
    per_hour: Annotated[int, example(600, about="Calls")]
    leads: Annotated[int, example(17)]
    spent: Annotated[Decimal, example("1234.5000", about="Roubles")]

    @property
    def lead_price(self) -> Decimal | None:
        return self.spent / self.leads if self.leads else None

    @property
    def progress(self) -> str:
        return f"{self.done} / {self.contacts}"

    @property
    def why(self) -> str:
        """A message id, or the engine's own words."""
        return REASONS.get(self.reason) or self.reason_text or self.reason


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """``duration``: seconds from the answer to the end. ``cost``: roubles. ``machine``: its kind, when one has answered."""

    id: Annotated[str, example("019ac0de-5b1e-7c3a-9d2f-0a1b2c3d4e5f")]
    ended_at: datetime
    project: Annotated[int, example(7)]
    campaign: Annotated[int, example(12)]
    campaign_name: Annotated[str, example("Напоминание о визите")]
    phone: Annotated[str, example("+79001234567")]
    duration: Annotated[int, example(34, about="Seconds from the answer to the end")]
    status: CallStatus
    outcome: Annotated[str, example("answered", about="What the network said: answered, busy, no_answer, …")]
    result: Annotated[CallResult | None, example("lead")]
    cost: Annotated[Decimal, example("2.4000", about="Roubles")]
    machine: Annotated[MachineKind | None, example("secretary", about="Which machine answered")] = None

    @property
    def machine_label(self) -> str | None:
        return MACHINES.get(self.machine) if self.machine is not None else None


class CampaignList(msgspec.Struct, frozen=True):
    """``next`` and ``previous``: cursors of the pages beside this one."""

    items: list[Campaign]
    next: str | None
    previous: str | None


class CallList(msgspec.Struct, frozen=True):
    """``next`` and ``previous``: cursors of the pages beside this one."""

    items: list[Call]
    next: str | None
    previous: str | None


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """A segment with its contacts, or a scenario with the campaigns that use it."""

    id: int
    created_at: datetime
    name: str
    count: int


class Number(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    phone: str
    campaigns: int


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """``amount``: roubles, negative where money went away."""

    id: int
    created_at: datetime
    comment: str
    amount: Decimal


class Payment(StrEnum):
    """A top-up is written to the ledger when it is paid, so there is no other state yet."""

    CREDITED = "credited"

    @property
    def label(self) -> str:
        return mark("Credited")


class TopUp(Movement, frozen=True, kw_only=True):
    status: Payment = Payment.CREDITED


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """A day in the reader's zone."""

    day: date
    calls: int
    answered: int
    leads: int
    spent: Decimal
