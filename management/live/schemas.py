"""What ``/live`` sends. Names and meanings are part of the interface: the cabinet's scripts read them."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class EventKind(StrEnum):
    """``task``: a long task's state or progress. ``campaign``: a campaign's state. ``refresh``: something may have been
    missed; look again at everything.
    """

    TASK = "task"
    CAMPAIGN = "campaign"
    REFRESH = "refresh"


class Event(msgspec.Struct, frozen=True):
    """``data``: a JSON object as the database announced it; see migration 0005."""

    kind: EventKind
    data: str


class Announced(msgspec.Struct, frozen=True):
    """What every announcement in the database has."""

    account: int
