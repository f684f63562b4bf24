"""Brakes on guessing and on flooding. What is to be exact over all processes is counted in PostgreSQL; requests of the API are
counted in each process, since a write for each would cost more than the request.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.storage.database import Database
from engine.storage.queries import load
from management.errors import TooMany

_SQL = load(Path(__file__).parent / "queries.sql")
FREE_FAILURES = 3
"""Wrong passwords before the first delay."""
LONGEST_DELAY_S = 900
FORGET_S = 86_400


@dataclass(frozen=True, slots=True)
class Brake:
    """``times`` at once, then one in ``every_s`` seconds."""

    name: str
    times: int
    every_s: float


SIGN_IN = Brake("sign_in", 20, 6)
REGISTRATION = Brake("registration", 5, 120)
LETTER = Brake("letter", 3, 120)
"""Letters that a stranger can have us send to one address."""
RECOVERY = Brake("recovery", 5, 60)
CODE = Brake("code", 3, 120)
"""Codes by SMS or call to one number: each costs money."""
PROMO = Brake("promo", 5, 300)
SHARING = Brake("sharing", 20, 30)
"""Of one user: each sends a letter to somebody and tells whether that address has an account."""

EXPORT = Brake("export", 10, 30)
"""Lists as files, of one user."""
OWN_EXPORT = Brake("own_export", 5, 1800)
"""Archives of one's data: each reads all that there is of one, and is kept for a week."""


class Throttle:
    def __init__(self, database: Callable[[], Database]) -> None:
        self._database = database

    async def take(self, brake: Brake, whom: str) -> None:
        """Raises TooMany."""
        wait = await self._database().fetchval(_SQL["throttle"], f"{brake.name}:{whom}", brake.every_s, brake.times)
        if wait > 0:
            raise TooMany(wait)

    async def attempt(self, whom: str) -> None:
        """Counts as failed until ``succeeded``. Raises TooMany while the delay after the last failure lasts: 1 s after the fourth
        in a row, then twice as long each time, 15 minutes at most. Of many at once each sees those before it."""
        async with self._database().transaction() as connection:
            row = await connection.fetchrow(_SQL["hold_failures"], whom, float(FORGET_S))
            assert row is not None
            if (wait := delay_s(row["count"]) - row["ago"]) > 0:
                raise TooMany(wait)
            await connection.execute(_SQL["count_failure"], whom, row["count"] + 1)

    async def succeeded(self, whom: str) -> None:
        await self._database().execute(_SQL["succeeded"], whom)


def delay_s(failures: int) -> float:
    """Seconds to wait after so many failures in a row."""
    return float(min(LONGEST_DELAY_S, 2 ** min(failures - FREE_FAILURES - 1, 20))) if failures > FREE_FAILURES else 0.0


@dataclass(frozen=True, slots=True)
class Left:
    """For the headers RateLimit-*: the limit, what is left of it, seconds until it is whole again."""

    limit: int
    remaining: int
    reset_s: int


class Bucket:
    """``per_minute`` requests for each key in this process; a burst of all of them is allowed."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._interval = 60 / per_minute
        self._now = now
        self._full_at: dict[int, float] = {}

    def take(self, whom: int) -> Left:
        """Raises TooMany."""
        now = self._now()
        full_at = max(self._full_at.get(whom, now), now)
        used = (full_at - now) / self._interval
        if used > self._per_minute - 1:
            raise TooMany((used - self._per_minute + 1) * self._interval)
        self._full_at[whom] = full_at + self._interval
        if len(self._full_at) > 10_000:
            self._full_at = {key: at for key, at in self._full_at.items() if at > now}
        return Left(self._per_minute, int(self._per_minute - used - 1), round(full_at + self._interval - now))
