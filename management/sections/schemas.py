"""Rows of the sections, and what their states are called in the manual."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

import msgspec

from engine.domain.text import mark
from engine.scenario.events import MachineKind


class State(StrEnum):
    """Of a campaign; the manual's four (5.1) and the draft before the first start."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"

    @property
    def label(self) -> str:
        return {State.DRAFT: mark("Draft"), State.RUNNING: mark("Running"), State.PAUSED: mark("Paused"),
                State.STOPPED: mark("Stopped"), State.FINISHED: mark("Finished")}[self]  # fmt: skip

    @property
    def tone(self) -> str:
        tones = {State.RUNNING: "success", State.PAUSED: "warning", State.STOPPED: "danger", State.FINISHED: "info"}
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


class Status(StrEnum):
    """Of a call (manual, 12)."""

    SUCCESSFUL = "successful"
    UNSUCCESSFUL = "unsuccessful"

    @property
    def label(self) -> str:
        return mark("Successful") if self is Status.SUCCESSFUL else mark("Not successful")

    @property
    def tone(self) -> str:
        return "success" if self is Status.SUCCESSFUL else "neutral"


class Result(StrEnum):
    """Of a call (manual, 12)."""

    LEAD = "lead"
    BLACKLIST = "blacklist"
    MACHINE = "machine"

    @property
    def label(self) -> str:
        return {Result.LEAD: mark("Lead"), Result.BLACKLIST: mark("Blacklist"),
                Result.MACHINE: mark("Answering machine")}[self]  # fmt: skip

    @property
    def tone(self) -> str:
        return {Result.LEAD: "success", Result.BLACKLIST: "danger", Result.MACHINE: "warning"}[self]


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

    id: int
    created_at: datetime
    name: str
    state: State
    reason: str
    reason_text: str
    done: int
    contacts: int
    per_hour: int
    leads: int
    spent: Decimal

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

    id: str
    ended_at: datetime
    phone: str
    campaign: str
    duration: int
    status: Status
    result: Result | None
    cost: Decimal
    machine: MachineKind | None = None

    @property
    def machine_label(self) -> str | None:
        return MACHINES.get(self.machine) if self.machine is not None else None


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


class Period(msgspec.Struct, frozen=True):
    """Days of the reader's calendar, both included; None: no limit on that side."""

    first: date | None = None
    last: date | None = None
