"""Keeps the parts of an installation running: one that ended is started again, so that a crash costs its calls and no more.

(Asterisk 22.10.1 was seen to crash twice in benchmarks of some 100,000 refused calls: docs/performance.md.)
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from engine.domain.errors import Unavailable
from engine.domain.text import mark

log = structlog.get_logger("keeper")
LOOK_S = 0.5
MOST, WITHIN_S = 5, 300.0
"""A part that ends more often than this is not kept alive: something is wrong that restarting does not mend."""
PAUSES_S = (0.0, 1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Part:
    """``running``: whether its process lives. ``start``: returns when it is at work again; raises Unavailable."""

    name: str
    running: Callable[[], bool]
    start: Callable[[], None]


@dataclass(slots=True)
class Keeper:
    parts: Sequence[Part]
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _ends: dict[str, deque[float]] = field(default_factory=dict)

    def keep(self) -> None:
        """For ever. Raises Unavailable when a part ends again and again."""
        while True:
            self.look()
            self.sleep(LOOK_S)

    def look(self) -> None:
        """Start what has ended."""
        for part in self.parts:
            if not part.running():
                self._again(part)

    def _again(self, part: Part) -> None:
        ends = self._ends.setdefault(part.name, deque())
        while ends and ends[0] < self.now() - WITHIN_S:
            ends.popleft()
        if len(ends) >= MOST:
            raise Unavailable(
                "part_ends",
                mark("{name} ended {count} times within five minutes; see its log"),
                name=part.name,
                count=MOST,
            )
        log.error("part_ended", name=part.name, times=len(ends) + 1)
        self.sleep(PAUSES_S[len(ends)])
        ends.append(self.now())
        try:
            part.start()
            log.info("part_restarted", name=part.name)
        except Unavailable as error:
            log.error("part_not_started", name=part.name, error=str(error))  # the next look tries again
