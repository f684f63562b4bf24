"""How the installation is: all of it for the staff, and what of it everybody is told."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from engine.domain.campaign import CampaignState


class Status(StrEnum):
    """``degraded``: the database is away, or no engine is alive to place calls."""

    OK = "ok"
    DEGRADED = "degraded"


class DatabaseHealth(msgspec.Struct, frozen=True):
    """``version``: the server's, such as "18.0"; null while it is away."""

    ok: bool
    version: str | None = None


class CellHealth(msgspec.Struct, frozen=True):
    """An engine that was seen within the last day."""

    id: str
    seen_seconds_ago: float
    alive: bool


class CampaignProgress(msgspec.Struct, frozen=True):
    """``done``: contacts that will not be called any more in this run. ``open``: calls in progress. ``spent``: roubles.

    ``reason`` is a stable code of why the campaign is in its state, ``reason_text`` the engine's details.
    """

    id: int
    name: str
    state: CampaignState
    reason: str
    reason_text: str
    contacts: int
    done: int
    open: int
    leads: int
    spent: Decimal


class Works(msgspec.Struct, frozen=True):
    ok: bool


class PublicHealth(msgspec.Struct, frozen=True):
    """What ``/health`` answers: only what works. Names and meanings are part of the interface: monitoring reads them.

    ``engine``: whether any is alive; null while nobody knows, since the database is away.
    """

    status: Status
    database: Works
    engine: Works | None


class Health(msgspec.Struct, frozen=True):
    """Cells and campaigns are empty while the database is away."""

    status: Status
    database: DatabaseHealth
    cells: tuple[CellHealth, ...] = ()
    campaigns: tuple[CampaignProgress, ...] = ()

    @property
    def public(self) -> PublicHealth:
        engine = Works(any(cell.alive for cell in self.cells)) if self.database.ok else None
        return PublicHealth(self.status, Works(self.database.ok), engine)
