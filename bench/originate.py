"""``./dozvon bench originate``: attempts per second through the dialer and the database, against Asterisk's call files.

The subscribers are busy at once, so an attempt is: an INVITE, a 486, and all that is done around it. Ours: a campaign in an
engine process of its own, from the claim to the settled row. Call files: moved into the spool's ``outgoing`` folder of the
same Asterisk, one for each file that Asterisk has finished. Both are given the same numbers of attempts at once, by turns;
what counts is the best of them with less than 1 % failures.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import uvloop

from bench.support import carrier
from bench.support.ensemble import LAG, Ensemble, at_work, scenario
from bench.support.figures import buckets, middle, quantile, share
from bench.support.phases import numbers
from bench.support.proc import Meter
from bench.support.report import finish, say, show
from bench.support.rig import asterisks, servers
from engine.stack import CARRIER, Stack

RATIO, LAG_MS = 0.7, 20.0
"""The targets."""
FAILURES = 0.01
WARM_S = 1.0
LOOK_S = 0.01
"""Between two looks into the spool."""


@dataclass(frozen=True, slots=True)
class Run:
    """``at_once``: attempts under way. ``cpu``: CPU ms an attempt by process; ``lag``: p99 of the engine's loop in ms."""

    kind: str
    at_once: int
    rate: float
    attempts: int
    failed: int
    leaked: int
    lag: float
    cpu: dict[str, float]

    @property
    def sound(self) -> bool:
        return self.attempts > 0 and self.failed < FAILURES * self.attempts


@dataclass(frozen=True, slots=True)
class Bench:
    ensemble: Ensemble
    material: Path
    seconds: float


def main(arguments: Sequence[str]) -> int:
    options = options_from(arguments)
    with servers("bench") as stack:
        return uvloop.run(_measure(stack, options))


async def _measure(stack: Stack, options: argparse.Namespace) -> int:
    material = carrier.recording(stack.media / "materials", 1.0)
    async with at_work(stack) as ensemble:
        bench = Bench(ensemble, material, options.seconds)
        runs = []
        for number in range(options.rounds):
            for at_once in options.at_once:
                for side in (_files, _ours) if number % 2 == 0 else (_ours, _files):
                    runs.append(await side(bench, at_once))
                    say(f"  {runs[-1]}")
        return _report(runs, options, await bench.ensemble.machine())


async def _ours(bench: Bench, at_once: int) -> Run:
    ensemble = bench.ensemble
    campaign = await ensemble.rig.campaign(
        scenario(bench.material), carrier.contacts(int(1000 * (bench.seconds + WARM_S))), max_channels=at_once
    )
    began = await ensemble.received()
    await ensemble.rig.campaigns.start(campaign)
    await asyncio.sleep(WARM_S)
    lag, meter = buckets(await ensemble.metrics(), LAG), Meter(ensemble.processes())
    first = await _ended(bench, campaign)
    await asyncio.sleep(bench.seconds)
    usage, last = meter.read(), await _ended(bench, campaign)
    late = quantile(lag, buckets(await ensemble.metrics(), LAG), 0.99)
    leaked = await ensemble.settled(campaign) + await ensemble.emptied()
    rows = await ensemble.rig.calls.report(campaign)
    failed = sum((row["outcome"], row["sip"]) != ("busy", 486) for row in rows)
    failed = max(failed, len(rows) - (await ensemble.received() - began))
    done = last - first
    cpu = {name: share(spent * 1000, done) for name, spent in usage.cpu.items()}
    return Run("ours", at_once, done / usage.seconds, len(rows), failed, leaked, (late or 0.0) * 1000, cpu)


async def _ended(bench: Bench, campaign: int) -> int:
    sql = "select count(*) from calls where campaign_id = $1 and state = 'ended'"
    return int(await bench.ensemble.rig.database.fetchval(sql, campaign))


async def _files(bench: Bench, at_once: int) -> Run:
    ensemble, began = bench.ensemble, await bench.ensemble.received()
    spool = Spool(asterisks(ensemble.stack)[0].folder / "spool", bench.material)
    await spool.keep(at_once, WARM_S)
    meter, first = Meter(ensemble.processes()), spool.finished
    await spool.keep(at_once, bench.seconds)
    usage, done = meter.read(), spool.finished - first
    left = await spool.emptied()
    leaked = left + await ensemble.emptied()
    failed = max(0, spool.written - (await ensemble.received() - began))
    cpu = {name: share(spent * 1000, done) for name, spent in usage.cpu.items()}
    return Run("files", at_once, done / usage.seconds, spool.written, failed, leaked, 0.0, cpu)


class Spool:
    """Call files on their way through Asterisk: written whole beside its folder, then moved in, as its manual asks."""

    def __init__(self, spool: Path, clip: Path) -> None:
        self._outgoing = spool / "outgoing"
        self._written = spool / "bench"
        self._clip = clip
        self._outgoing.mkdir(parents=True, exist_ok=True)
        self._written.mkdir(exist_ok=True)
        self.written = 0
        self.finished = 0

    async def keep(self, at_once: int, seconds: float) -> None:
        """For so long keep that many files under way."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            waiting = self._count()
            for _ in range(at_once - waiting):
                self._write()
            await asyncio.sleep(LOOK_S)
        self._count()

    async def emptied(self) -> int:
        """Wait for the rest; how many files remain."""
        end = time.monotonic() + 15
        left = self._count()
        while left and time.monotonic() < end:
            await asyncio.sleep(0.1)
            left = self._count()
        return left

    def _count(self) -> int:
        waiting = sum(1 for _ in self._outgoing.iterdir())
        self.finished = self.written - waiting
        return waiting

    def _write(self) -> None:
        file = self._written / f"{self.written}.call"
        file.write_text(
            f"Channel: PJSIP/{carrier.number(self.written)}@{CARRIER}\nCallerID: <+74951234567>\nMaxRetries: 0\n"
            f"WaitTime: 30\nCodecs: alaw,ulaw\nContext: bench\nExtension: s\nPriority: 1\nSetvar: CLIP={self._clip}\n"
        )
        file.rename(self._outgoing / file.name)
        self.written += 1


def best(runs: Sequence[Run], kind: str) -> float:
    """The highest rate of ``kind`` with few enough failures: for each number at once the median of its rounds. 0: none."""
    sound = [run for run in runs if run.kind == kind and run.sound]
    levels = {run.at_once for run in sound}
    return max((middle([run.rate for run in sound if run.at_once == level]) for level in levels), default=0.0)


def result_of(runs: Sequence[Run]) -> dict[str, object]:
    ours, files = best(runs, "ours"), best(runs, "files")
    chosen = [run for run in runs if run.kind == "ours" and run.sound]
    top = max(chosen, key=lambda run: run.rate, default=None)
    return {
        "ratio": share(ours, files),
        "targets": {"ratio": RATIO, "loop_lag_p99_ms": LAG_MS},
        "valid": ours > 0 and files > 0 and not any(run.leaked for run in runs),
        "attempts_per_second": {"ours": ours, "files": files},
        "loop_lag_p99_ms": top.lag if top else None,
        "leaked": sum(run.leaked for run in runs),
        "failed": sum(run.failed for run in runs if run.sound),
        "runs": [asdict(run) for run in runs],
    }


def _report(runs: Sequence[Run], options: argparse.Namespace, where: dict[str, object]) -> int:
    result = result_of(runs)
    names = ("asterisk", "carrier", "engine", "postgres")
    rows = [
        (run.kind, run.at_once, run.rate, run.failed, run.leaked, run.lag or None, *(run.cpu.get(n) for n in names))
        for run in sorted(runs, key=lambda run: (run.kind, run.at_once))
    ]
    show(
        "Attempts per second; CPU in ms an attempt",
        ("", "at once", "attempts/s", "failed", "leaked", "lag p99 ms", *names),
        rows,
        [f"ratio {result['ratio']:.2f} (target ≥ {RATIO}); loop lag p99 {result['loop_lag_p99_ms']} ms (< {LAG_MS:g})"],
    )
    return finish("originate", {**result, "seconds": options.seconds, "machine": where}, as_json=options.json)


def options_from(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dozvon bench originate", description="Attempts per second.")
    parser.add_argument("--json", action="store_true", help="the last line is the result as JSON")
    parser.add_argument("--at-once", type=numbers, default=(40, 80, 120), help="attempts under way: 40,80,120")
    parser.add_argument("--seconds", type=float, default=8.0, help="length of a measurement")
    parser.add_argument("--rounds", type=int, default=1, help="measurements of each kind for each number at once")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
