"""What the pages of keys take and show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from management.access.caller import Scope


class Lasts(StrEnum):
    """Days."""

    MONTH = "30"
    QUARTER = "90"
    YEAR = "365"
    FOR_EVER = "0"


class KeyForm(msgspec.Struct, frozen=True):
    """As a browser sends it: a box that is not ticked is not sent."""

    name: str = ""
    lasts: str = ""
    read: str = ""
    write: str = ""
    run: str = ""

    @property
    def scopes(self) -> Sequence[Scope]:
        ticked = {Scope.READ: self.read, Scope.WRITE: self.write, Scope.RUN: self.run}
        return [scope for scope, box in ticked.items() if box]


class KeyRow(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    name: str
    prefix: str
    scopes: Sequence[Scope]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_ip: str | None
    revoked_at: datetime | None
    expired: bool

    @property
    def works(self) -> bool:
        return self.revoked_at is None and not self.expired


class Created(msgspec.Struct, frozen=True):
    """``secret``: the key itself, known to nobody from now on but its owner."""

    name: str
    secret: str
    expires_at: datetime | None
