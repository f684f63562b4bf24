"""From Asterisk's raw two-channel recording to a WAV file with its duration and checksum.

The dialplan's MixMonitor (option D) writes interleaved 16-bit frames at 8 kHz without a header: left the person, right the robot.
It goes on writing for a moment after the channel is gone.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
import wave
from pathlib import Path

from engine.domain.attempt import Recording

RATE = 8000
FRAME_BYTES = 4
_SETTLE_S = 0.1
_PATIENCE = 20


class Recordings:
    """The folder of a cell's recordings, for those whose call is no longer followed by a session."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def unfinished(self) -> list[str]:
        """Ids of calls with a raw recording; some may be going on."""
        return [file.stem for file in self._folder.glob("*.raw") if _is_id(file.stem)]

    async def rescue(self, call: str) -> Recording | None:
        """Make a WAV of what there is, or find the one that was made before. None when nothing was recorded."""
        raw = self._folder / f"{call}.raw"
        if await asyncio.to_thread(raw.exists):
            return await finish(raw)
        return await asyncio.to_thread(_made_before, raw.with_suffix(".wav"))


def _is_id(name: str) -> bool:
    try:
        uuid.UUID(name)
    except ValueError:
        return False
    return True


def _made_before(target: Path) -> Recording | None:
    if not target.exists():
        return None
    with wave.open(str(target), "rb") as source:
        seconds = source.getnframes() / source.getframerate()
    return Recording(str(target), seconds, _checksum(target))


def _checksum(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


async def finish(raw: Path) -> Recording | None:
    """Wait until ``raw`` no longer grows, make ``NAME.wav`` of it and remove it. None when nothing was recorded."""
    size = -1
    for _ in range(_PATIENCE):
        found = await asyncio.to_thread(_size, raw)
        if found == size:
            break
        size = found
        await asyncio.sleep(_SETTLE_S)
    return await asyncio.to_thread(_convert, raw)


def _size(raw: Path) -> int:
    return raw.stat().st_size if raw.exists() else 0


def _convert(raw: Path) -> Recording | None:
    if _size(raw) < FRAME_BYTES:
        raw.unlink(missing_ok=True)
        return None
    target = raw.with_suffix(".wav")
    partial = target.with_suffix(".part")
    frames = 0
    with raw.open("rb") as source, wave.open(str(partial), "wb") as sink:
        sink.setnchannels(2)
        sink.setsampwidth(2)
        sink.setframerate(RATE)
        while block := source.read(RATE * FRAME_BYTES):
            whole = len(block) - len(block) % FRAME_BYTES
            sink.writeframesraw(block[:whole])
            frames += whole // FRAME_BYTES
    partial.replace(target)
    raw.unlink()
    return Recording(str(target), frames / RATE, _checksum(target))
