"""The dialer's loop: for every running campaign, claim what its limits allow and begin the calls.

It sleeps until something can have changed: a call ended, a pacer grants the next call, a retry falls due, a window opens, or a
NOTIFY says that a campaign was started, changed or paused.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from engine.dialer.attempts import Attempts, Cannot, persist, retry_policy
from engine.dialer.breaker import BreakerState, Fact, feed, verdict
from engine.dialer.capacity import Hold, Share, share
from engine.dialer.ports import AttemptStore, Caller, CampaignStore
from engine.dialer.retry import RetryPolicy
from engine.dialer.window import Window, next_opening, open_zones, window_from, zone_info
from engine.domain.attempt import CallRecord
from engine.domain.campaign import Campaign, Claim, Room
from engine.domain.errors import BadInput, Refused, Unavailable
from engine.domain.ids import CallId, CampaignId
from engine.domain.text import mark, translate

log = structlog.get_logger("dialer")

LONGEST_SLEEP_S = 5.0
"""A NOTIFY may be lost with its connection; this bounds how long that can matter."""
BATCH = 100
"""Most claims in one transaction: keeps the campaign's lock short."""
AHEAD = 20
"""Contacts whose speech is rendered before they are claimed."""

GATHER_S = 0.04
"""Ends of calls within this begin one round together."""
SHORT_S = 1.0
"""While every campaign's pacer grants its next call within this, the ends of calls begin no round of their own."""
REHEARSE_S = 1.0
"""Shortest time between two looks ahead."""

LIMIT_TEXTS = {
    Hold.LEAD_LIMIT: mark("The limit of leads is reached"),
    Hold.SPEND_LIMIT: mark("The spending limit is reached"),
    Hold.NO_FUNDS: mark("The balance does not cover another call"),
}


@dataclass(slots=True)
class Running:
    """What the loop remembers of a campaign while it runs here."""

    breaker: BreakerState = field(default_factory=BreakerState)
    rehearsal: asyncio.Task[None] | None = None
    rehearsed_at: float = 0.0
    hold: str = ""
    seen: bool = False
    paced: bool = False
    """Only time grants the next call: the end of another one changes nothing."""


class Dialer:
    """``on_grant`` and ``on_end`` feed the metrics."""

    def __init__(
        self,
        campaigns: CampaignStore,
        attempts: AttemptStore,
        caller: Caller,
        cell: str,
        on_end: Callable[[CallRecord], None] = lambda _: None,
    ) -> None:
        self._campaigns = campaigns
        self._caller = caller
        self._cell = cell
        self._attempts = Attempts(attempts, caller, self._ended)
        self._report_end = on_end
        self._running: dict[CampaignId, Running] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._paced_until = 0.0
        self._soon: asyncio.TimerHandle | None = None
        self._open = False
        self._closing = False
        self._rounds = asyncio.Lock()
        self.in_progress: set[CallId] = set()
        """Attempts from their claim to their settlement."""

    def wake(self) -> None:
        """Something may have changed."""
        self._wake.set()

    def _wake_soon(self) -> None:
        """Calls end one by one; what a round costs is paid once for those of a moment."""
        if self._soon is None or self._soon.when() < asyncio.get_running_loop().time():
            self._soon = asyncio.get_running_loop().call_later(GATHER_S, self.wake)

    def connected(self, up: bool) -> None:
        """Whether calls can be placed: while Asterisk is out of reach nothing is claimed."""
        self._open = up
        self.wake()

    async def run(self) -> None:
        """Until cancelled or closed. Attempts in progress are left to ``drain``."""
        while not self._closing:
            self._wake.clear()
            try:
                async with self._rounds:
                    sleep = await self._round()
            except Unavailable as error:
                log.error("round_failed", error=str(error))
                sleep = 1.0
            except Exception:
                log.exception("round_crashed")  # one campaign's trouble, or a server's, must not end all dialling
                sleep = LONGEST_SLEEP_S
            try:
                await asyncio.wait_for(self._wake.wait(), timeout=min(sleep, LONGEST_SLEEP_S))
            except TimeoutError:
                continue

    def close(self) -> None:
        """Claim no more, and give back what is claimed but not dialled yet."""
        self._open, self._closing, self._attempts.closing = False, True, True
        self.wake()

    async def drain(self) -> None:
        """Wait for the attempts in progress, after ``close``; the caller has asked their calls to end."""
        async with self._rounds:  # a claim under way becomes attempts first
            pass
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _round(self) -> float:
        if not self._open:
            return LONGEST_SLEEP_S
        campaigns = await self._campaigns.running()
        for gone in self._running.keys() - {campaign.id for campaign in campaigns}:
            del self._running[gone]
        sleep = LONGEST_SLEEP_S
        began = time.monotonic()
        for campaign in campaigns:
            memory = self._running.setdefault(campaign.id, Running())
            try:
                sleep = min(sleep, await self._dial(campaign, memory))
            except BadInput as error:  # settings that cannot be: nobody must be called by guesswork
                await self._pause(campaign, error.code, str(error))
        paced = sleep < SHORT_S and all(self._running[campaign.id].paced for campaign in campaigns)
        self._paced_until = began + sleep if paced else 0.0
        return sleep

    async def _dial(self, campaign: Campaign, memory: Running) -> float:
        memory.paced = False
        now = datetime.now(UTC)
        window = window_from(campaign.call_window)
        policy = retry_policy(campaign)
        if not memory.seen:
            memory.seen = True
            await self._block_unknown_zones(campaign, window)
        zones = sorted(zone or "" for zone in open_zones(window, now, [zone or None for zone in campaign.zones]))
        if not zones:
            return await self._closed(campaign, window, now, memory)
        self._rehearse(campaign, memory, zones)
        wanted = min(BATCH, self._caller.free)
        moment = time.time()
        free, claims = await self._campaigns.claim(campaign.id, zones, self._cell, wanted, moment)
        if free is None:
            return LONGEST_SLEEP_S
        self._begin(campaign, policy, claims)
        granted = share(free, moment, wanted)
        if len(claims) < granted.count:
            return await self._nothing_due(campaign, zones, memory)
        return await self._held(campaign, granted, free, memory)

    def _begin(self, campaign: Campaign, policy: RetryPolicy, claims: Sequence[Claim]) -> None:
        for claim in claims:
            log.debug("claimed", call=claim.call_id, campaign=campaign.id, attempt=claim.number)
            self.in_progress.add(claim.call_id)
            task = asyncio.ensure_future(self._attempt(campaign, policy, claim))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _attempt(self, campaign: Campaign, policy: RetryPolicy, claim: Claim) -> None:
        try:
            carousel = await persist(self._campaigns.carousel) if claim.carousel else []
            failed = await self._attempts.run(campaign, policy, claim, carousel)
            if isinstance(failed, Cannot):
                await self._pause(campaign, failed.code, failed.text)
        except Exception:
            log.exception("attempt_crashed", call=claim.call_id)  # its row stays open until the next recovery
        finally:
            self.in_progress.discard(claim.call_id)
            if time.monotonic() >= self._paced_until:
                self._wake_soon()

    def _ended(self, campaign: Campaign, record: CallRecord, fact: Fact) -> None:
        self._report_end(record)
        memory = self._running.get(campaign.id)
        if memory is None:
            return
        memory.breaker = feed(memory.breaker, fact)
        if trip := verdict(memory.breaker):
            memory.breaker = BreakerState()
            task = asyncio.ensure_future(self._pause(campaign, "trunk_failing", trip.reason))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _nothing_due(self, campaign: Campaign, zones: Sequence[str], memory: Running) -> float:
        if await self._finished(campaign):
            return 0.0
        self._note(campaign, memory, "nothing_due")
        due = await self._campaigns.next_due(campaign.id, zones)
        return LONGEST_SLEEP_S if due is None else max(0.01, (due - datetime.now(UTC)).total_seconds())

    async def _finished(self, campaign: Campaign) -> bool:
        finished = await self._campaigns.finish_if_done(campaign.id)
        if finished:
            log.info("campaign_finished", campaign=campaign.id)
        return finished

    async def _held(self, campaign: Campaign, granted: Share, free: Room, memory: Running) -> float:
        if granted.hold is None:
            return 0.0 if granted.count else 0.2
        if granted.count == 0 and free.open_calls == 0 and await self._finished(campaign):
            return 0.0  # with nobody left to call, neither the pace nor a limit keeps it from being finished
        self._note(campaign, memory, granted.hold.value)
        waiting = free.account_calls if granted.hold is Hold.NO_FUNDS else free.open_calls
        if granted.hold in LIMIT_TEXTS and granted.count == 0 and waiting == 0:
            await self._pause(campaign, granted.hold.value, translate(LIMIT_TEXTS[granted.hold]))
        memory.paced = granted.wait_s is not None
        return LONGEST_SLEEP_S if granted.wait_s is None else max(granted.wait_s, 0.001)

    async def _closed(self, campaign: Campaign, window: Window, now: datetime, memory: Running) -> float:
        if await self._finished(campaign):
            return 0.0
        openings = [next_opening(window, now, zone or None) for zone in campaign.zones or ("",)]
        times = [opening for opening in openings if opening is not None]
        if not times:
            await self._pause(campaign, "window_over", translate(mark("The calling window does not open again")))
            return LONGEST_SLEEP_S
        self._note(campaign, memory, "window_closed")
        return max(0.01, (min(times) - now).total_seconds())

    async def _block_unknown_zones(self, campaign: Campaign, window: Window) -> None:
        """A zone that nobody understands never opens: its contacts must not keep the campaign from its end."""
        for zone in campaign.zones:
            if zone and window.by_contact_zone and zone_info(zone) is None:
                log.warning("unknown_zone", campaign=campaign.id, zone=zone)
                await self._campaigns.block_zone(campaign.id, zone)

    def _rehearse(self, campaign: Campaign, memory: Running, zones: Sequence[str]) -> None:
        """Render the speech of the next contacts, one such task at a time."""
        idle = memory.rehearsal is None or memory.rehearsal.done()
        if idle and time.monotonic() - memory.rehearsed_at >= REHEARSE_S:
            memory.rehearsed_at = time.monotonic()
            memory.rehearsal = asyncio.ensure_future(self._rehearsal(campaign, zones))

    async def _rehearsal(self, campaign: Campaign, zones: Sequence[str]) -> None:
        try:
            await self._caller.rehearse(campaign, await self._campaigns.upcoming(campaign.id, AHEAD, zones))
        except BadInput as error:
            await self._pause(campaign, error.code, str(error))
        except Unavailable as error:
            log.warning("rehearsal_failed", campaign=campaign.id, error=str(error))

    async def _pause(self, campaign: Campaign, reason: str, text: str) -> None:
        try:
            await persist(lambda: self._campaigns.pause(campaign.id, reason, text))
            log.warning("campaign_paused", campaign=campaign.id, reason=reason, text=text)
        except Refused:
            return  # somebody was faster

    def _note(self, campaign: Campaign, memory: Running, hold: str) -> None:
        if memory.hold != hold:
            memory.hold = hold
            log.info("campaign_waits", campaign=campaign.id, reason=hold)
