"""What the journal shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from engine.domain.text import mark
from management.filters import Period
from management.journal.titles import ACTIONS


class Party(StrEnum):
    """Who did it, where no name is shown."""

    SYSTEM = "system"
    STAFF = "staff"

    @property
    def label(self) -> str:
        return {Party.SYSTEM: mark("The system"), Party.STAFF: mark("An employee of the operator")}[self]


@dataclass(frozen=True, slots=True)
class Action:
    code: str

    @property
    def label(self) -> str:
        """A message id; the code itself for one that another release wrote."""
        return ACTIONS.get(self.code, self.code)


class Change(msgspec.Struct, frozen=True):
    """``before``, ``after`` None: there was or is no such value."""

    field: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        return f"{self.field}: {'' if self.before is None else self.before + ' → '}{'—' if self.after is None else self.after}"


@dataclass(frozen=True, slots=True)
class Changes:
    all: Sequence[Change]

    def __str__(self) -> str:
        """For a cell of a file."""
        return "; ".join(map(str, self.all))


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """``user``: the id of who did it, if anybody. ``object_id``: of what it was done to."""

    id: int
    at: datetime
    who: str | Party
    user: int | None
    by_key: bool
    action: Action
    object_id: str
    account: int | None
    ip: str | None
    changes: Changes


@dataclass(frozen=True, slots=True)
class Wish:
    """Filters. ``who``: a part of an e-mail address. ``zone``: IANA, whose days ``period`` means."""

    zone: str
    period: Period
    action: str = ""
    who: str = ""
    user: int | None = None
    account: int | None = None
