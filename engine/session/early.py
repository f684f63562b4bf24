"""Early media of one call: tapped when the network announces it, judged when the call has ended without an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import structlog
from numpy.typing import NDArray

from engine.domain.errors import Unavailable
from engine.media.early import EarlyMedia, EarlySound
from engine.media.frames import FRAME
from engine.session.ports import Taps, Vad

log = structlog.get_logger("call")
_VAD = 2


@dataclass(frozen=True, slots=True)
class EarlyHearing:
    """What all calls of a cell share."""

    taps: Taps
    make_vad: Callable[[int], Vad]
    decode: Callable[[bytes], NDArray[np.int16]]

    def judge(self, alaw: bytes) -> EarlySound:
        """Some milliseconds for a second of sound."""
        early, vad, samples = EarlyMedia(), self.make_vad(_VAD), self.decode(alaw)
        for start in range(0, len(samples) - FRAME + 1, FRAME):
            frame = samples[start : start + FRAME]
            early.feed(frame, vad.voiced(frame.tobytes()))
        return early.verdict()


class EarlyTap:
    """Costs nothing until ``begin``. Nothing here may fail the call."""

    def __init__(self, call: str, hearing: EarlyHearing | None) -> None:
        self._call = call
        self._hearing = hearing
        self._opening: asyncio.Task[bool] | None = None
        self._closing: asyncio.Task[bytes] | None = None

    def begin(self) -> None:
        """The network announces early media; may be told more than once."""
        if self._hearing is not None and self._opening is None:
            self._opening = asyncio.ensure_future(self._open(self._hearing))

    def answered(self) -> None:
        """What came before does not matter any more; the call does not wait for the tap to be taken off."""
        if self._hearing is not None and self._opening is not None:
            self._closing = asyncio.ensure_future(self._close(self._hearing, self._opening))

    async def end(self) -> str:
        """The call has ended; what its early media was, empty when it led to an answer."""
        if self._closing is not None:
            await self._closing
            return ""
        if self._hearing is None or self._opening is None:
            return EarlySound.UNHEARD
        sound = await asyncio.to_thread(self._hearing.judge, await self._close(self._hearing, self._opening))
        log.info("early_media", call=self._call, sound=sound)
        return sound

    async def _open(self, hearing: EarlyHearing) -> bool:
        try:
            await hearing.taps.open(self._call)
        except Unavailable as error:  # often: the call has just ended, or was answered
            log.info("early_media_unheard", call=self._call, error=str(error))
            return False
        return True

    async def _close(self, hearing: EarlyHearing, opening: asyncio.Task[bool]) -> bytes:
        if not await opening:
            return b""
        try:
            return await hearing.taps.close(self._call)
        except Unavailable as error:
            log.warning("early_media_lost", call=self._call, error=str(error))
            return b""
