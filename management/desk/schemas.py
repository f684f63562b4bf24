"""What the desk shows."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec


class Recent(msgspec.Struct, frozen=True):
    """A project."""

    id: int
    created_at: datetime
    name: str


class Money(msgspec.Struct, frozen=True):
    """Roubles. ``least`` and ``most``: a minute's price in the account's campaigns; None before the first one."""

    balance: Decimal
    least: Decimal | None
    most: Decimal | None


class Manager(msgspec.Struct, frozen=True):
    """``phone``: E.164 where he gave one."""

    name: str
    email: str
    phone: str | None


class System(msgspec.Struct, frozen=True):
    """``engines``: alive. ``calls``: in progress. ``customers``: their users."""

    engines: int
    campaigns: int
    calls: int
    customers: int
