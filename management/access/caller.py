"""Who makes a request, and what his role allows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from engine.domain.ids import AccountId
from engine.domain.text import mark

UserId = NewType("UserId", int)
SessionId = NewType("SessionId", int)
KeyId = NewType("KeyId", int)


class Role(StrEnum):
    CUSTOMER = "customer"
    SUPPORT = "support"
    MODERATOR = "moderator"
    FINANCE = "finance"
    ADMIN = "admin"

    @property
    def staff(self) -> bool:
        return self is not Role.CUSTOMER

    @property
    def label(self) -> str:
        return {Role.CUSTOMER: mark("Customer"), Role.SUPPORT: mark("Support agent"), Role.MODERATOR: mark("Moderator"),
                Role.FINANCE: mark("Accountant"), Role.ADMIN: mark("Administrator")}[self]  # fmt: skip


class Right(StrEnum):
    """What only the operator's people may do. What a customer may do with a project stands in ProjectRight."""

    SEE_ALL = "see_all"
    """Every customer's projects and what is in them, without changing any."""
    SEE_USERS = "see_users"
    BLOCK_USERS = "block_users"
    GIVE_ROLES = "give_roles"
    SEE_JOURNAL = "see_journal"
    """The audit log of everybody."""
    SEE_JOBS = "see_jobs"
    RUN_JOBS = "run_jobs"
    """Retry and discard dead jobs."""
    SEE_OUTBOX = "see_outbox"
    """Messages to anybody, with their texts."""
    SEE_SYSTEM = "see_system"
    SEE_MONEY = "see_money"
    """Every customer's transactions."""


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.CUSTOMER: frozenset(),
    Role.SUPPORT: frozenset({Right.SEE_ALL, Right.SEE_USERS, Right.SEE_JOURNAL, Right.SEE_JOBS, Right.SEE_SYSTEM}),
    Role.MODERATOR: frozenset({Right.SEE_ALL, Right.SEE_USERS, Right.SEE_SYSTEM}),
    Role.FINANCE: frozenset({Right.SEE_USERS, Right.SEE_MONEY, Right.SEE_SYSTEM}),
    Role.ADMIN: frozenset(Right),
}
"""The one table of staff rights."""


class Scope(StrEnum):
    """What an API key may be used for; a session may do all that its user may."""

    READ = "read"
    WRITE = "write"
    """Change projects and their contents."""
    RUN = "run"
    """Start what dials or spends."""


@dataclass(frozen=True, slots=True)
class Caller:
    """``account``: his own (money, projects). ``zone``: IANA, in which he is shown dates. One of ``session`` and ``key``
    is set. ``scopes`` are those of the key; a session has all.
    """

    user: UserId
    account: AccountId
    role: Role
    email: str
    name: str
    language: str
    zone: str
    ip: str
    session: SessionId | None = None
    key: KeyId | None = None
    scopes: frozenset[Scope] = frozenset(Scope)
    avatar: str | None = None

    def may(self, right: Right) -> bool:
        return self.session is not None and right in RIGHTS[self.role]

    @property
    def sees_all(self) -> bool:
        return self.may(Right.SEE_ALL)
