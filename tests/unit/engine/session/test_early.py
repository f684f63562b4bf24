"""The tap on a ringing call: put on once, taken off at the answer or the end, and never the call's trouble."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import numpy as np
import pytest

from engine.domain.errors import Unavailable
from engine.media.early import EarlySound
from engine.session.early import EarlyHearing, EarlyTap
from engine.speech.g711 import samples16
from engine.speech.vad import Vad


@dataclass
class PaperTaps:
    sound: bytes = b""
    refused: str = ""
    asked: list[str] = field(default_factory=list)

    async def open(self, call: str) -> None:
        await self._ask("open")

    async def close(self, call: str) -> bytes:
        await self._ask("close")
        return self.sound

    async def _ask(self, what: str) -> None:
        await asyncio.sleep(0)
        self.asked.append(what)
        if what == self.refused:
            raise Unavailable("ari", "Channel not found")


def _tap(taps: PaperTaps) -> EarlyTap:
    return EarlyTap("call", EarlyHearing(taps, Vad, samples16))


async def test_an_unanswered_call() -> None:
    taps = PaperTaps(b"\xd5" * 8000)  # a second of digital silence
    tap = _tap(taps)
    tap.begin()
    tap.begin()  # 183 comes again and again
    assert await tap.end() == EarlySound.SILENCE
    assert taps.asked == ["open", "close"]


async def test_an_answered_call() -> None:
    taps = PaperTaps(b"\xd5" * 8000)
    tap = _tap(taps)
    tap.begin()
    tap.answered()
    assert await tap.end() == ""
    assert taps.asked == ["open", "close"]


@pytest.mark.parametrize(("refused", "asked"), [("open", ["open"]), ("close", ["open", "close"])])
async def test_what_asterisk_refuses(refused: str, asked: list[str]) -> None:
    taps = PaperTaps(refused=refused)
    tap = _tap(taps)
    tap.begin()
    assert await tap.end() == EarlySound.UNHEARD
    assert taps.asked == asked


async def test_a_cell_without_taps() -> None:
    tap = EarlyTap("call", None)
    tap.begin()
    assert await tap.end() == EarlySound.UNHEARD


def test_half_a_frame_is_left_out() -> None:
    hearing = EarlyHearing(PaperTaps(), Vad, samples16)
    assert hearing.judge(b"\xd5" * 100) is EarlySound.UNHEARD
    assert hearing.judge(np.full(500, 0xD5, np.uint8).tobytes()) is EarlySound.SILENCE
