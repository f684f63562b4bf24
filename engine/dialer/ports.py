"""What the dialer needs of the outside. Satisfied by structure; all raise domain Unavailable when the outside is away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from engine.domain.attempt import Attempt, CallRecord, Marks, PastAttempt
from engine.domain.campaign import Campaign, Claim, NextStep, Room
from engine.domain.ids import CallId, CampaignId, ContactId


class CampaignStore(Protocol):
    async def running(self) -> list[Campaign]: ...

    async def claim(
        self, campaign: CampaignId, zones: Sequence[str], cell: str, wanted: int, now: float
    ) -> tuple[Room | None, list[Claim]]: ...

    async def upcoming(self, campaign: CampaignId, count: int, zones: Sequence[str]) -> list[Mapping[str, str]]: ...

    async def next_due(self, campaign: CampaignId, zones: Sequence[str]) -> datetime | None: ...

    async def finish_if_done(self, campaign: CampaignId) -> bool: ...

    async def pause(self, campaign: CampaignId, reason: str, text: str) -> None: ...

    async def block_zone(self, campaign: CampaignId, zone: str) -> None: ...

    async def carousel(self) -> list[str]: ...


class AttemptStore(Protocol):
    async def dialing(self, call: CallId, caller_id: str, at: datetime) -> bool: ...

    async def release(self, call: CallId) -> bool: ...

    async def mark(self, call: CallId, marks: Marks) -> None: ...

    async def history(self, campaign: CampaignId, contact: ContactId, run: int) -> list[PastAttempt]: ...

    async def finish(self, record: CallRecord, cost: Decimal, following: NextStep) -> bool: ...


class Prepared(Protocol):
    """A call whose prompts are rendered."""

    async def run(self) -> CallRecord: ...


class Caller(Protocol):
    """Makes calls."""

    async def rehearse(self, campaign: Campaign, contacts: Sequence[Mapping[str, str]]) -> None:
        """Render ahead what these contacts will hear. Raises BadInput or Unavailable when something cannot be played."""

    async def prepare(self, attempt: Attempt) -> Prepared:
        """Ready to be dialled. Raises BadInput or Unavailable when something cannot be played."""

    @property
    def free(self) -> int:
        """How many more calls this cell takes."""
