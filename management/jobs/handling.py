"""What a handler is, when a job that failed is tried again, and the one way a job is run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, TypeVar

import msgspec

from engine.domain.errors import DozvonError
from engine.domain.text import mark
from management.jobs.queue import JobId, Kind

DELAYS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
)
"""Before the second, third, … try. No chance in it: jobs are taken one by one, there is no herd to scatter."""
MOST_TRIES = len(DELAYS) + 1

P = TypeVar("P", bound=msgspec.Struct)
P_in = TypeVar("P_in", bound=msgspec.Struct, contravariant=True)


@dataclass(frozen=True, slots=True)
class Job:
    """``attempt``: 1 for the first try. ``last``: a failure now makes the job dead."""

    id: JobId
    kind: str
    attempt: int
    last: bool


class Handler(Protocol[P_in]):
    """Does a job. It may be called again for a job it has done: a worker can die before that is written.

    An exception means another try later; raise HopelessJob where no try would help.
    """

    async def __call__(self, job: Job, payload: P_in, /) -> None: ...


class HopelessJob(DozvonError):
    """The job is dead at once, whatever tries are left."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A handler together with the name of its jobs."""

    kind: str
    run: Callable[[Job, bytes], Awaitable[None]]


def register(kind: Kind[P], handler: Handler[P]) -> Registered:
    """Payloads are decoded leniently: unknown fields are passed over, "5" is taken for 5."""
    decoder = msgspec.json.Decoder(kind.payload, strict=False)

    async def run(job: Job, payload: bytes) -> None:
        try:
            decoded = decoder.decode(payload)
        except msgspec.MsgspecError as error:
            raise HopelessJob("job_payload", mark("The job cannot be read: {error}"), error=str(error)) from error
        await handler(job, decoded)

    return Registered(kind.name, run)


def delay_after(attempt: int) -> timedelta | None:
    """How long to wait after the failed try number ``attempt``; None: no more tries."""
    return DELAYS[attempt - 1] if attempt <= len(DELAYS) else None
