"""The timers of one call; each fires into the mailbox."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from engine.session.messages import Timer


class Timers:
    def __init__(self, deliver: Callable[[Timer], None]) -> None:
        self._deliver = deliver
        self._handles: dict[str, asyncio.TimerHandle] = {}

    def arm(self, timer: Timer, seconds: float) -> None:
        """Start ``timer``, or start it anew."""
        self.disarm(timer.name)
        self._handles[timer.name] = asyncio.get_running_loop().call_later(seconds, self._fire, timer)

    def disarm(self, name: str) -> None:
        if handle := self._handles.pop(name, None):
            handle.cancel()

    def close(self) -> None:
        for handle in self._handles.values():
            handle.cancel()
        self._handles.clear()

    def _fire(self, timer: Timer) -> None:
        self._handles.pop(timer.name, None)
        self._deliver(timer)
