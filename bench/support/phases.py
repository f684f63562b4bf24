"""One stretch of N calls, by the engine or by plain dialplan: how the plain ones are made, and how both are measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.support.ensemble import LAG, Ensemble
from bench.support.figures import Leg, buckets, middle, quantile, share
from bench.support.proc import Meter, Usage
from bench.support.report import say
from engine.ari.client import Ari, AriError
from engine.stack import CARRIER

SAMPLE_S = 0.25
PACKETS = 50
"""A second, at 20 ms each."""
STARVED = 0.9
"""A leg that got less than this share of its packets has lost some, though no sequence number is missing."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Validity: all must be 0."""

    failed: int = 0
    lost_packets: int = 0
    starved: int = 0
    leaked: int = 0
    lost_frames: int = 0


@dataclass(frozen=True, slots=True)
class Phase:
    """``usage`` in CPU seconds, ``up`` calls on average, memory in MiB, lag in ms."""

    n: int
    kind: str
    usage: Usage
    up: float
    memory: float
    lag: float
    legs: Sequence[Leg]
    faults: Faults = Faults()

    def cost(self, *names: str) -> float:
        """CPU ms of the named processes for a second of one call."""
        return share(sum(self.usage.cpu.get(name, 0.0) for name in names) * 1000, self.usage.seconds * self.up)


class Originator:
    """Starts plain calls at an even rate: straight into the dialplan's context ``bench``."""

    def __init__(self, ari: Ari, clip: Path, number: Callable[[int], str]) -> None:
        self._ari = ari
        self._clip = clip
        self._number = number
        self._flying: set[asyncio.Task[None]] = set()
        self.asked = 0
        self.refused = 0

    async def run(self, rate: float, most: int | None = None) -> None:
        """``most`` calls, or until cancelled."""
        began = time.monotonic()
        try:
            while self.asked != most:
                await asyncio.sleep(began + self.asked / rate - time.monotonic())
                task = asyncio.ensure_future(self._call(self._number(self.asked)))
                self.asked += 1
                self._flying.add(task)
                task.add_done_callback(self._flying.discard)
        finally:
            await asyncio.gather(*self._flying)

    async def _call(self, number: str) -> None:
        try:
            await self._ari.channels.originate(
                endpoint=f"PJSIP/{number}@{CARRIER}",
                context="bench",
                extension="s",
                priority=1,
                callerId="+74951234567",
                timeout=30,
                formats="alaw,ulaw",
                variables={"CLIP": str(self._clip.with_suffix(""))},
            )
        except AriError:
            self.refused += 1


async def look(ensemble: Ensemble, n: int, kind: str, window: float) -> Phase:
    """Measure for ``window`` seconds."""
    up = []
    lag = buckets(await ensemble.metrics(), LAG)
    meter = Meter(ensemble.processes())
    end = time.monotonic() + window
    while time.monotonic() < end:
        up.append(ensemble.calls_up())
        await asyncio.sleep(SAMPLE_S)
    usage = meter.read()
    late = quantile(lag, buckets(await ensemble.metrics(), LAG), 0.99)
    legs = await ensemble.media()
    return Phase(n, kind, usage, sum(up) / len(up), ensemble.engine_mb(), (late or 0.0) * 1000, legs)


async def plain(
    ensemble: Ensemble, originator: Originator, rate: float, most: int | None, looking: Awaitable[Phase]
) -> Phase:
    """``looking`` while ``originator`` makes ``most`` calls, or as many as it can until that is done."""
    received = await ensemble.received()
    calling = asyncio.ensure_future(originator.run(rate, most))
    try:
        phase = await looking
    finally:
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
    await asyncio.sleep(0.5)  # for the last one's INVITE to arrive
    reached = await ensemble.received() - received
    failed = originator.asked - min(reached, originator.asked - originator.refused)
    return replace(phase, faults=Faults(failed=failed, leaked=await ensemble.clear()))


def judged(phase: Phase) -> Phase:
    """``phase`` with what its legs tell, and said aloud."""
    lost, starved = damage(phase.legs)
    phase = replace(phase, faults=replace(phase.faults, lost_packets=lost, starved=starved))
    costs = ", ".join(f"{name} {phase.cost(name):.2f}" for name in phase.usage.cpu)
    say(f"  {phase.up:.1f} up; CPU ms per call-second: {costs}; {phase.faults}")
    return phase


def order(rounds: int) -> list[str]:
    """Plain and ours by turns, changing who begins, so that neither always meets the warmer machine."""
    return [kind for number in range(rounds) for kind in (("plain", "ours") if number % 2 == 0 else ("ours", "plain"))]


def damage(legs: Sequence[Leg]) -> tuple[int, int]:
    """Packets lost on the way, and legs that got too few to hear a voice in. The clock of a leg shows whole seconds, and a
    call's first packets wait for its prompt: legs younger than two seconds are not judged.
    """
    starved = sum(leg.seconds >= 2 and leg.received < STARVED * PACKETS * (leg.seconds - 1) for leg in legs)
    return sum(leg.lost_in for leg in legs), starved


def result_of(phases: Sequence[Phase], n: int) -> dict[str, object]:
    """The figures of one N, medians over its rounds; ratios are of neighbouring rounds."""
    plain, ours = ([phase for phase in phases if (phase.n, phase.kind) == (n, kind)] for kind in ("plain", "ours"))
    ratios = [share(o.cost("asterisk", "engine"), p.cost("asterisk")) for o, p in zip(ours, plain, strict=True)]

    def cost(side: Sequence[Phase], name: str) -> float:
        return middle([phase.cost(name) for phase in side])

    counters = {name: sum(getattr(phase.faults, name) for phase in (*plain, *ours)) for name in Faults.__slots__}
    return {
        "n": n,
        "ratio": middle(ratios),
        "ratios": ratios,
        "cpu_ms_per_call_second": {
            "plain": {name: cost(plain, name) for name in ("asterisk", "carrier")},
            "ours": {name: cost(ours, name) for name in ("asterisk", "engine", "carrier", "postgres")},
        },
        "calls_up": {"plain": middle([phase.up for phase in plain]), "ours": middle([phase.up for phase in ours])},
        "engine_mb": max(phase.memory for phase in ours),
        "loop_lag_p99_ms": max(phase.lag for phase in ours),
        **counters,
        "valid": not any(counters.values()) and all(abs(phase.up - n) <= 0.1 * n + 1 for phase in (*plain, *ours)),
    }


COLUMNS = (
    "N",
    "plain Asterisk",
    "our Asterisk",
    "engine",
    "ratio",
    "engine MiB",
    "lag p99 ms",
    "failed",
    "lost",
    "starved",
    "leaked",
    "unheard",
    "valid",
)


def row_of(phases: Sequence[Phase], n: int) -> list[object]:
    """What ``COLUMNS`` name."""
    result = result_of(phases, n)
    plain, ours = ([phase for phase in phases if (phase.n, phase.kind) == (n, kind)] for kind in ("plain", "ours"))
    costs = [(plain, "asterisk"), (ours, "asterisk"), (ours, "engine")]
    names = ("ratio", "engine_mb", "loop_lag_p99_ms", *Faults.__slots__, "valid")
    return [
        n,
        *(middle([phase.cost(name) for phase in side]) for side, name in costs),
        *(result[name] for name in names),
    ]


def numbers(text: str) -> tuple[int, ...]:
    """``50,100`` → (50, 100)."""
    return tuple(int(part) for part in text.split(","))
