"""``./dozvon bench calls``: N play-and-DTMF calls at once by the engine, against the same calls by plain dialplan.

Ours: a running campaign in an engine process of its own: database, dialer, session, ARI; it plays the clip, takes the key
and hangs up. Plain: ``Answer, Playback, Hangup`` on the same Asterisk, originated one by one through ARI. Both call the
same subscribers of the same carrier, at the same even rate, with the same clip; every call lasts ``--length`` seconds and
is followed by the next, so the figures hold the beginnings and ends of calls too. CPU is read from ``/proc`` while N
calls are up, and divided by the calls really up (their RTP sockets, counted from outside).
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import uvloop

from bench.support import carrier
from bench.support.ensemble import LAG, Ensemble, running_engine, scenario
from bench.support.figures import Leg, buckets, middle, quantile, share
from bench.support.proc import Meter, Usage
from bench.support.report import finish, say, show
from bench.support.rig import asterisks, planted, servers
from engine.ari.client import Ari, AriError
from engine.bootstrap import clip_store
from engine.domain.prompt import AudioPrompt
from engine.stack import CARRIER, Stack

RATIO, LAG_MS, RSS_MB = 1.3, 20.0, 250.0
"""The targets."""
SETTLE_S = 2.0
"""After the first calls have ended: beginnings and ends are then in balance."""
SAMPLE_S = 0.25
PACKETS = 50
"""A second, at 20 ms each."""
STARVED = 0.9
"""A leg that got less than this share of its packets has lost some, though no sequence number is missing."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Validity: all must be 0."""

    failed: int
    lost_packets: int
    starved: int
    leaked: int


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of N calls. ``usage`` in CPU seconds, ``up`` calls on average, memory in MiB, lag in ms."""

    n: int
    kind: str
    usage: Usage
    up: float
    memory: float
    lag: float
    legs: Sequence[Leg]
    faults: Faults = Faults(0, 0, 0, 0)

    def cost(self, *names: str) -> float:
        """CPU ms of the named processes for a second of one call."""
        return share(sum(self.usage.cpu.get(name, 0.0) for name in names) * 1000, self.usage.seconds * self.up)


@dataclass(frozen=True, slots=True)
class Bench:
    ensemble: Ensemble
    clip: Path
    material: Path
    length: float
    window: float


def main(arguments: Sequence[str]) -> int:
    options = options_from(arguments)
    with servers("bench") as stack:
        return uvloop.run(_measure(stack, options))


async def _measure(stack: Stack, options: argparse.Namespace) -> int:
    async with planted(stack.dsn) as rig:
        stack.dsn = rig.dsn
        material = carrier.recording(stack.media / "materials", options.length + carrier.KEY_S)
        clip = await clip_store(stack.media, asterisks(stack)[0].install).clip(AudioPrompt(material.name))
        with running_engine(stack) as engine:
            ensemble = await Ensemble.make(stack, rig, engine)
            bench = Bench(ensemble, clip, material, options.length, options.seconds)
            phases = [await _phase(bench, n, kind) for n in options.n for kind in order(options.rounds)]
            return _report(phases, options, await ensemble.machine())


def order(rounds: int) -> list[str]:
    """Plain and ours by turns, changing who begins, so that neither always meets the warmer machine."""
    return [kind for number in range(rounds) for kind in (("plain", "ours") if number % 2 == 0 else ("ours", "plain"))]


async def _phase(bench: Bench, n: int, kind: str) -> Phase:
    say(f"{n} calls, {kind}")
    phase = await (_ours if kind == "ours" else _plain)(bench, n)
    lost, starved = damage(phase.legs)
    phase = replace(phase, faults=replace(phase.faults, lost_packets=lost, starved=starved))
    costs = ", ".join(f"{name} {phase.cost(name):.2f}" for name in phase.usage.cpu)
    say(f"  {phase.up:.1f} up; CPU ms per call-second: {costs}; {phase.faults}")
    return phase


async def _ours(bench: Bench, n: int) -> Phase:
    rate, ensemble = n / bench.length, bench.ensemble
    most = int(rate * (bench.length + SETTLE_S + bench.window) * 1.5) + 10
    campaign = await ensemble.rig.campaign(
        scenario(bench.material),
        carrier.contacts(most, bench.length),
        per_hour=round(rate * 3600),
        burst=3,
        max_channels=2 * n + 5,
        longest_call_s=max(10, 4 * round(bench.length)),
    )
    await ensemble.rig.campaigns.start(campaign)
    phase = await _look(bench, n, "ours")
    rows = await ensemble.rig.calls.report(campaign)
    failed = sum(row["state"] == "ended" and (row["outcome"], row["dtmf"]) != ("answered", "1") for row in rows)
    await ensemble.rig.campaigns.pause(campaign)
    leaked = await ensemble.clear()
    leaked += await ensemble.settled(campaign)
    return replace(phase, faults=Faults(failed, 0, 0, leaked))


async def _plain(bench: Bench, n: int) -> Phase:
    ensemble, received = bench.ensemble, await bench.ensemble.received()
    async with ensemble.ari() as ari:
        originator = Originator(ari, bench)
        calling = asyncio.ensure_future(originator.run(n / bench.length))
        try:
            phase = await _look(bench, n, "plain")
        finally:
            calling.cancel()
            await asyncio.gather(calling, return_exceptions=True)
        await asyncio.sleep(0.5)  # for the last one's INVITE to arrive
    reached = await ensemble.received() - received
    failed = originator.asked - min(reached, originator.asked - originator.refused)
    return replace(phase, faults=Faults(failed, 0, 0, await ensemble.clear()))


class Originator:
    """Starts plain calls at an even rate: straight into the dialplan's context ``bench``."""

    def __init__(self, ari: Ari, bench: Bench) -> None:
        self._ari = ari
        self._bench = bench
        self._flying: set[asyncio.Task[None]] = set()
        self.asked = 0
        self.refused = 0

    async def run(self, rate: float) -> None:
        """Until cancelled."""
        began = time.monotonic()
        try:
            while True:
                await asyncio.sleep(began + self.asked / rate - time.monotonic())
                task = asyncio.ensure_future(self._call(carrier.number(self.asked, self._bench.length)))
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
                variables={"CLIP": str(self._bench.clip.with_suffix(""))},
            )
        except AriError:
            self.refused += 1


async def _look(bench: Bench, n: int, kind: str) -> Phase:
    """Wait until N calls are up, then measure."""
    ensemble, up = bench.ensemble, []
    await asyncio.sleep(bench.length + SETTLE_S)
    lag = buckets(await ensemble.metrics(), LAG)
    meter = Meter(ensemble.processes())
    end = time.monotonic() + bench.window
    while time.monotonic() < end:
        up.append(ensemble.calls_up())
        await asyncio.sleep(SAMPLE_S)
    usage = meter.read()
    late = quantile(lag, buckets(await ensemble.metrics(), LAG), 0.99)
    legs = await ensemble.media()
    return Phase(n, kind, usage, sum(up) / len(up), ensemble.engine_mb(), (late or 0.0) * 1000, legs)


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


def _report(phases: Sequence[Phase], options: argparse.Namespace, where: Mapping[str, object]) -> int:
    results = [result_of(phases, n) for n in options.n]
    result = {
        "ratio": max(float(str(each["ratio"])) for each in results),
        "targets": {"ratio": RATIO, "loop_lag_p99_ms": LAG_MS, "engine_mb": RSS_MB},
        "valid": all(each["valid"] for each in results),
        "results": results,
        "length_s": options.length,
        "rounds": options.rounds,
        "window_s": options.seconds,
        "machine": where,
    }
    rows = [_row(phases, each) for each in results]
    show(
        f"Calls of {options.length:g} s, CPU ms per second of a call (medians of {options.rounds} rounds)",
        "N,plain Asterisk,our Asterisk,engine,ratio,engine MiB,lag p99 ms,failed,lost,starved,leaked,valid".split(","),
        rows,
        [f"targets: ratio ≤ {RATIO}, lag p99 < {LAG_MS:g} ms, memory ≤ {RSS_MB:g} MiB at 200 calls"],
    )
    return finish("calls", result, as_json=options.json)


def _row(phases: Sequence[Phase], result: Mapping[str, object]) -> list[object]:
    n = result["n"]
    plain, ours = ([phase for phase in phases if (phase.n, phase.kind) == (n, kind)] for kind in ("plain", "ours"))
    costs = [(plain, "asterisk"), (ours, "asterisk"), (ours, "engine")]
    names = ("ratio", "engine_mb", "loop_lag_p99_ms", *Faults.__slots__, "valid")
    return [
        n,
        *(middle([phase.cost(name) for phase in side]) for side, name in costs),
        *(result[name] for name in names),
    ]


def options_from(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dozvon bench calls", description="CPU of calls, by the engine and plain.")
    parser.add_argument("--json", action="store_true", help="the last line is the result as JSON")
    parser.add_argument("--n", type=numbers, default=(50, 100, 200), help="calls at once: 50,100,200")
    parser.add_argument("--seconds", type=float, default=8.0, help="length of a measurement")
    parser.add_argument("--length", type=float, default=20.0, help="length of a call, seconds")
    parser.add_argument("--rounds", type=int, default=1, help="measurements of each kind for each N")
    return parser.parse_args(arguments)


def numbers(text: str) -> tuple[int, ...]:
    """``50,100`` → (50, 100)."""
    return tuple(int(part) for part in text.split(","))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
