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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import uvloop

from bench.support import carrier, phases
from bench.support.ensemble import Ensemble, at_work, scenario
from bench.support.phases import Faults, Originator, Phase
from bench.support.report import finish, say, show
from bench.support.rig import asterisks, servers
from engine.bootstrap import clip_store
from engine.domain.prompt import AudioPrompt
from engine.stack import Stack

RATIO, LAG_MS, RSS_MB = 1.3, 20.0, 250.0
"""The targets."""
SETTLE_S = 2.0
"""After the first calls have ended: beginnings and ends are then in balance."""


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
    material = carrier.recording(stack.media / "materials", options.length + carrier.KEY_S)
    clip = await clip_store(stack.media, asterisks(stack)[0].install).clip(AudioPrompt(material.name))
    async with at_work(stack) as ensemble:
        bench = Bench(ensemble, clip, material, options.length, options.seconds)
        found = [await _phase(bench, n, kind) for n in options.n for kind in phases.order(options.rounds)]
        return _report(found, options, await ensemble.machine())


async def _phase(bench: Bench, n: int, kind: str) -> Phase:
    say(f"{n} calls, {kind}")
    return phases.judged(await (_ours if kind == "ours" else _plain)(bench, n))


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
    return replace(phase, faults=Faults(failed=failed, leaked=leaked))


async def _plain(bench: Bench, n: int) -> Phase:
    async with bench.ensemble.ari() as ari:
        originator = Originator(ari, bench.clip, lambda index: carrier.number(index, bench.length))
        return await phases.plain(bench.ensemble, originator, n / bench.length, None, _look(bench, n, "plain"))


async def _look(bench: Bench, n: int, kind: str) -> Phase:
    """Wait until N calls are up, then measure."""
    await asyncio.sleep(bench.length + SETTLE_S)
    return await phases.look(bench.ensemble, n, kind, bench.window)


def _report(found: Sequence[Phase], options: argparse.Namespace, where: Mapping[str, object]) -> int:
    results = [phases.result_of(found, n) for n in options.n]
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
    show(
        f"Calls of {options.length:g} s, CPU ms per second of a call (medians of {options.rounds} rounds)",
        phases.COLUMNS,
        [phases.row_of(found, n) for n in options.n],
        [f"targets: ratio ≤ {RATIO}, lag p99 < {LAG_MS:g} ms, memory ≤ {RSS_MB:g} MiB at 200 calls"],
    )
    return finish("calls", result, as_json=options.json)


def options_from(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dozvon bench calls", description="CPU of calls, by the engine and plain.")
    parser.add_argument("--json", action="store_true", help="the last line is the result as JSON")
    parser.add_argument("--n", type=phases.numbers, default=(50, 100, 200), help="calls at once: 50,100,200")
    parser.add_argument("--seconds", type=float, default=8.0, help="length of a measurement")
    parser.add_argument("--length", type=float, default=20.0, help="length of a call, seconds")
    parser.add_argument("--rounds", type=int, default=1, help="measurements of each kind for each N")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
