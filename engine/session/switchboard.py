"""All calls of this cell: who gets which event, what a lost connection left over, the supervisor of each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Protocol

import structlog

from engine.domain.attempt import CallRecord
from engine.domain.errors import Unavailable
from engine.domain.telephony import CallEvent, Connected, Ended
from engine.session.call import Call
from engine.session.messages import Lost, Resync, Stop
from engine.session.ports import Phone

log = structlog.get_logger("switchboard")
_ID_LENGTH = 36
"""Every channel of a call begins with its UUID; operators' legs have a suffix."""


class Inbound(Protocol):
    """Answers a call that came in."""

    def __call__(self, event: Connected) -> Coroutine[None, None, None]: ...


class Switchboard:
    """``on_change`` is called whenever the number of calls changes (metrics)."""

    def __init__(self, phone: Phone, inbound: Inbound, on_change: Callable[[int], None] = lambda _: None) -> None:
        self._phone = phone
        self._inbound = inbound
        self._on_change = on_change
        self._calls: dict[str, Call] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping: Stop | None = None
        self._heard_until: datetime | None = None

    def __len__(self) -> int:
        return len(self._calls)

    def __contains__(self, call: str) -> bool:
        return call in self._calls

    async def end_if_live(self, call: str) -> bool:
        """End a channel that may be left over from a dead engine. False when Asterisk has no such channel."""
        if call not in await self._phone.live_channels():
            return False
        await self._phone.hang_up(call)
        return True

    async def run(self, call: Call) -> CallRecord:
        """Run one call under supervision: whatever breaks inside it, its channel is ended and a record comes back."""
        channel = str(call.attempt.call_id)
        self._calls[channel] = call
        self._on_change(len(self._calls))
        if self._stopping is not None:
            call.deliver(self._stopping)
        try:
            return await call.run()
        except Exception:
            log.exception("call_crashed", call=channel)
            await asyncio.gather(*(self._clear(each) for each in (channel, call.leg) if each))
            return call.crashed()
        finally:
            del self._calls[channel]
            self._on_change(len(self._calls))

    def deliver(self, event: CallEvent) -> None:
        """Put ``event`` into its call's mailbox; channels that belong to nobody are ended."""
        call = self._calls.get(event.channel[:_ID_LENGTH])
        if call is not None:
            call.deliver(event)
        elif isinstance(event, Connected):
            inbound = event.args[:1] == ("inbound",)
            self._spawn(self._inbound(event) if inbound else self._clear(event.channel))

    def disconnected(self) -> None:
        """Nothing is heard of Asterisk from now on."""
        self._heard_until = datetime.now(UTC)

    async def reconcile(self) -> None:
        """After a (re)connection: calls whose channels are gone end now; channels and bridges without a call are ended."""
        # Only what was placed before the question was asked can be missed in its answer.
        placed = {channel: (call, call.leg) for channel, call in self._calls.items() if call.placed}
        live = await self._phone.live_channels()
        at = self._heard_until or datetime.now(UTC)
        for channel, (call, leg) in placed.items():
            if channel not in live:
                log.warning("call_lost", call=channel)
                call.deliver(Lost(at))
                continue
            if leg is not None and leg not in live:
                call.deliver(Ended(leg, 0, "", 0, at))
            call.deliver(Resync())
        for channel in live:
            if channel[:_ID_LENGTH] not in self._calls and len(channel) >= _ID_LENGTH:
                log.warning("stray_channel", channel=channel)
                self._spawn(self._clear(channel))
        for bridge in await self._phone.live_bridges():
            if bridge[:_ID_LENGTH] not in self._calls and len(bridge) > _ID_LENGTH:
                log.warning("stray_bridge", bridge=bridge)
                await self._phone.unbridge(bridge)

    def stop_all(self, why: str) -> None:
        """End all calls, and those that are yet to begin."""
        self._stopping = Stop(why)
        for call in list(self._calls.values()):
            call.deliver(Stop(why))

    async def _clear(self, channel: str) -> None:
        try:
            await self._phone.hang_up(channel)
        except Unavailable as error:
            log.warning("channel_not_cleared", channel=channel, error=str(error))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
