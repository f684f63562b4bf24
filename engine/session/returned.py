"""Knows in one call what the robot says, and so whether a voice on the line is the robot's own."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import structlog

from engine.media.echo import ALIKE, WINDOW_S, Clip, likeness
from engine.media.frames import FRAME, FRAME_S

log = structlog.get_logger("ear")
AGAIN_S = 0.4
"""A voice that is an echo is compared again so often: somebody may speak into it."""
_DOUBTS = 2
"""Comparisons that must fail until he is believed to: the end of an echo is faint, and like little."""
_WINDOW = round(WINDOW_S / FRAME_S)


@dataclass
class _Prompt:
    clip: Clip
    began: float
    known_s: float | None = None
    """The line's delay, once something came back."""


class Returned:
    """Times are those of the ear."""

    def __init__(self, call: str) -> None:
        self._prompts: deque[_Prompt] = deque(maxlen=2)
        self._line: deque[bytes] = deque(maxlen=_WINDOW)
        self.sounding = False
        """Whether the present voice is an echo."""
        self._looked = 0.0
        self._doubts = 0
        self._call = call

    def robot_says(self, clip: Clip, at: float) -> None:
        """``clip`` is read when something may be its echo; may raise OSError then."""
        self._prompts.append(_Prompt(clip, at))

    def frame(self, pcm: bytes) -> None:
        if self._prompts:
            self._line.append(pcm)

    def begins(self, at: float, since: float) -> bool:
        """Whether a voice that has just been noticed, and began at ``since``, is the robot's."""
        self.sounding, self._doubts, self._looked = self._like(at, round((at - since) / FRAME_S)), 0, at
        if self.sounding:
            log.info("echo", call=self._call, at=round(at, 2))
        return self.sounding

    def ends(self) -> None:
        self.sounding = False

    def joined(self, at: float) -> bool:
        """Whether somebody now speaks while, or after, the echo sounds; True once."""
        if not self.sounding or at - self._looked < AGAIN_S:
            return False
        self._looked = at
        self._doubts = 0 if self._like(at) else self._doubts + 1
        self.sounding = self._doubts < _DOUBTS
        return not self.sounding

    def _like(self, at: float, frames: int = _WINDOW) -> bool:
        line = np.frombuffer(b"".join(self._line), dtype=np.int16)[-frames * FRAME :]
        for prompt in self._prompts if len(line) else ():
            try:
                found = likeness(line, prompt.clip, at - prompt.began, prompt.known_s)
            except OSError as error:
                log.warning("clip_not_read", call=self._call, error=str(error))
                continue
            if found.share >= ALIKE:
                prompt.known_s = found.behind_s
                return True
        return False
