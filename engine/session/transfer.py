"""The operator's leg of a call: rung while the person hears ringback, bridged on answer, gone when either leaves."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable

import structlog

from engine.domain.errors import Unavailable
from engine.domain.outcome import Outcome, classify
from engine.domain.telephony import Connected, EarlyMedia, Ended, HangupRequested, LeftControl, Ringing
from engine.scenario import events as said
from engine.session.ports import Phone

LegEvent = Connected | Ringing | EarlyMedia | Ended | HangupRequested | LeftControl

log = structlog.get_logger("call")
OPERATOR = "operator"
"""What an operator's channel says of itself when it is answered."""


class Transfer:
    """One operator at a time. ``leg`` is the id of the newest leg's channel: the call's id and a number."""

    def __init__(self, phone: Phone, channel: str, trunk: str, caller_id: str, longest_s: int) -> None:
        self._phone = phone
        self._channel = channel
        self._trunk = trunk
        self._caller_id = caller_id
        self._longest_s = longest_s
        self._number = ""
        self._legs = 0
        self._open = False
        self._bridged = False
        self.placed = False
        """Whether Asterisk has taken the newest leg and was not heard to end it."""

    @property
    def leg(self) -> str:
        return f"{self._channel}-op{self._legs}"

    @property
    def _ringback(self) -> str:
        return f"{self.leg}.ringback"

    @property
    def _bridge(self) -> str:
        return f"{self._channel}-bridge"

    async def dial(self, number: str, timeout_s: float) -> None:
        """Ring ``number``; Asterisk gives up by itself after ``timeout_s``."""
        self._legs += 1
        self.placed = False
        self._number = number
        self._open = True
        await self._phone.play_ringback(self._channel, self._ringback)
        try:
            await self._phone.originate(
                channel=self.leg,
                trunk=self._trunk,
                number=number,
                caller_id=self._caller_id,
                timeout_s=math.ceil(timeout_s),
                args=OPERATOR,
                record_to=None,
                longest_s=self._longest_s,
            )
        except Unavailable:
            # Asterisk may ring the operator all the same: the answer was lost on the way.
            await self._quietly(self._phone.hang_up(self.leg))
            raise
        self.placed = True

    async def take(self, event: LegEvent) -> said.Event | None:
        """What an event of a leg means to the machine."""
        if event.channel != self.leg or not self._open:
            # An operator who was given up may answer after all.
            if isinstance(event, Connected) and OPERATOR in event.args:
                await self._quietly(self._phone.hang_up(event.channel))
            return None
        match event:
            case Connected():
                return await self._connect()
            case Ended():
                self._open = self.placed = False
                if self._bridged:
                    await self._quietly(self._phone.unbridge(self._bridge))
                    self._bridged = False
                    return said.TransferEnded(said.Party.OPERATOR)
                await self._quietly(self._phone.stop_playback(self._ringback))
                outcome = classify(answered=False, q850=event.cause, sip=event.tech_cause)
                return said.TransferFailed(self._number, outcome.value)
            case _:
                return None

    async def _connect(self) -> said.Event:
        self._bridged = True  # even half made it must be taken down
        try:
            await self._phone.stop_playback(self._ringback)
            await self._phone.bridge(self._bridge, self._channel, self.leg)
        except Unavailable as error:
            log.error("operator_not_connected", leg=self.leg, error=str(error))
            await self.close()
            return said.TransferFailed(self._number, Outcome.FAILED.value)
        return said.TransferAnswered(self._number)

    async def close(self) -> None:
        """End the leg and the bridge, whatever state they are in."""
        if not self._open:
            return
        self._open = self.placed = False
        leg, ringback = self._phone.hang_up(self.leg), self._phone.stop_playback(self._ringback)
        await asyncio.gather(self._quietly(leg), self._quietly(ringback))
        if self._bridged:
            self._bridged = False
            await self._quietly(self._phone.unbridge(self._bridge))

    async def _quietly(self, work: Awaitable[None]) -> None:
        """What cannot be taken down now, reconciling takes down when Asterisk is back."""
        try:
            await work
        except Unavailable as error:
            log.warning("operator_leg_not_closed", leg=self.leg, error=str(error))
