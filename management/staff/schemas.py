"""What the staff's pages take and show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import msgspec

from engine.domain.text import mark
from management.access.caller import Role
from management.mailing.messages import MessageKind, MessageState


class UserState(StrEnum):
    ACTIVE = "active"
    UNCONFIRMED = "unconfirmed"
    """His e-mail address; he cannot sign in yet."""
    BLOCKED = "blocked"
    DELETED = "deleted"

    @property
    def label(self) -> str:
        return {UserState.ACTIVE: mark("Active"), UserState.UNCONFIRMED: mark("Not confirmed"),
                UserState.BLOCKED: mark("Blocked"), UserState.DELETED: mark("Deleted")}[self]  # fmt: skip

    @property
    def tone(self) -> str:
        return {UserState.ACTIVE: "success", UserState.UNCONFIRMED: "warning", UserState.BLOCKED: "danger",
                UserState.DELETED: "neutral"}[self]  # fmt: skip


class UserRow(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    created_at: datetime
    email: str
    name: str
    role: Role
    state: UserState
    seen_at: datetime | None


class Session(msgspec.Struct, frozen=True):
    ip: str | None
    agent: str
    created_at: datetime
    seen_at: datetime


class SignIn(msgspec.Struct, frozen=True):
    """``way``: password, code, link, confirmation."""

    at: datetime
    ip: str | None
    way: str
    device: str


class User(msgspec.Struct, frozen=True, kw_only=True):
    """One user as the staff see him. ``balance``: roubles; None before the first movement."""

    id: int
    account: int
    account_name: str
    role: Role
    email: str
    email_confirmed_at: datetime | None
    phone: str | None
    phone_confirmed_at: datetime | None
    surname: str
    name: str
    patronymic: str
    language: str
    zone: str
    avatar: str | None
    has_password: bool
    totp_at: datetime | None
    blocked_at: datetime | None
    deleted_at: datetime | None
    created_at: datetime
    projects: int
    campaigns: int
    balance: Decimal | None
    sessions: Sequence[Session] = ()
    sign_ins: Sequence[SignIn] = ()

    @property
    def state(self) -> UserState:
        if self.deleted_at:
            return UserState.DELETED
        if self.blocked_at:
            return UserState.BLOCKED
        return UserState.ACTIVE if self.email_confirmed_at else UserState.UNCONFIRMED

    @property
    def full_name(self) -> str:
        return " ".join(part for part in (self.surname, self.name, self.patronymic) if part)


class RoleForm(msgspec.Struct, frozen=True):
    role: str = ""


class InviteForm(msgspec.Struct, frozen=True):
    email: str = ""
    role: str = ""


class JobState(StrEnum):
    WAITING = "waiting"
    LATER = "later"
    """Not before its time: planned, or tried in vain and tried again then."""
    RUNNING = "running"
    DEAD = "dead"

    @property
    def label(self) -> str:
        return {JobState.WAITING: mark("Waits"), JobState.LATER: mark("Later"), JobState.RUNNING: mark("Runs"),
                JobState.DEAD: mark("Failed for good")}[self]  # fmt: skip

    @property
    def tone(self) -> str:
        return {JobState.WAITING: "info", JobState.LATER: "neutral", JobState.RUNNING: "success",
                JobState.DEAD: "danger"}[self]  # fmt: skip


class JobRow(msgspec.Struct, frozen=True, kw_only=True):
    """``attempts``: tries made. ``due``: not before. ``error``: of the last try that failed."""

    id: int
    kind: str
    created: datetime
    updated: datetime
    due: datetime
    attempts: int
    state: JobState
    error: str


class JobDetails(JobRow, frozen=True, kw_only=True):
    """``payload``: as it was queued, JSON; personal."""

    payload: str
    traceback: str


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """Jobs of one kind. ``oldest_s``: how long the first of those that could run has been waiting."""

    kind: str
    waiting: int
    later: int
    running: int
    dead: int
    oldest_s: float


MESSAGE_KINDS = {MessageKind.MAIL: mark("Letter"), MessageKind.SMS: mark("SMS")}
MESSAGE_STATES = {
    MessageState.QUEUED: (mark("Queued"), "info"),
    MessageState.SENT: (mark("Sent"), "success"),
    MessageState.LOCAL: (mark("Stays here"), "warning"),
    MessageState.FAILED: (mark("Failed"), "danger"),
}
"""Label and tone."""


class MessageRow(msgspec.Struct, frozen=True, kw_only=True):
    """``kind`` and ``state``: of MessageKind and MessageState."""

    id: str
    created_at: datetime
    kind: str
    recipient: str
    subject: str
    state: str
    attempts: int
    error: str
