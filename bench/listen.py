"""``./dozvon bench listen``: N calls that are listened to, against plain dialplan playback; and how fast the robot answers.

Cost. Ours: a campaign whose scenario says a recording and must hear (silence detection), so voice activity detection runs
on every frame of every call. Plain: ``Answer, Playback`` of the same recording. Both call the same people, who say a
sentence every few seconds, and no call begins or ends while it is measured. How much was heard is compared with what
Asterisk received on the same calls.

Turn. Other people hear a question out and say «да»; the carrier records both directions of each call. From the last loud
frame of the answer to the first loud frame of the robot's next prompt, as the callee hears them.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import uvloop

from bench.support import carrier, phases, turns
from bench.support.ensemble import Ensemble, at_work
from bench.support.figures import value_of
from bench.support.phases import Faults, Originator, Phase
from bench.support.report import finish, say, show
from bench.support.rig import asterisks, servers
from engine.bootstrap import clip_store
from engine.domain.prompt import AudioPrompt
from engine.stack import Stack
from engine.storage.catalogue import NewContact

RATIO, LAG_MS, TURN_P50_S, TURN_P95_S = 2.0, 20.0, 0.6, 0.9
"""The targets."""
PER_SECOND = 20
"""Calls begun in a second."""
ANSWERS_PER_S = 5
"""Fifty people in conversation answer something every ten seconds each."""
SETTLE_S = 3.0
"""After the last call has begun."""
COMPARED_S = 4.0
UNHEARD = 0.005
"""Share of Asterisk's packets that may be missing in a count: two counts at two moments differ by a packet or so a call."""
FRAMES, LOST = "dozvon_ear_frames", "dozvon_ear_lost_frames"


@dataclass(frozen=True, slots=True)
class Bench:
    ensemble: Ensemble
    window: float

    def length(self, n: int) -> float:
        """Seconds that a call must last so that none ends while it is measured."""
        return n / PER_SECOND + SETTLE_S + self.window + COMPARED_S + 8


def main(arguments: Sequence[str]) -> int:
    options = options_from(arguments)
    with servers("bench") as stack:
        return uvloop.run(_measure(stack, options))


async def _measure(stack: Stack, options: argparse.Namespace) -> int:
    async with at_work(stack) as ensemble:
        bench = Bench(ensemble, options.seconds)
        found = [await _phase(bench, n, kind) for n in options.n for kind in phases.order(options.rounds)]
        say(f"turns at {options.turns} calls")
        answered = await _turns(bench, options.turns, options.answers)
        return _report(found, answered, options, await ensemble.machine())


async def _phase(bench: Bench, n: int, kind: str) -> Phase:
    say(f"{n} calls, {kind}")
    material = carrier.recording(bench.ensemble.stack.media / "materials", bench.length(n))
    return phases.judged(await (_ours if kind == "ours" else _plain)(bench, n, material))


async def _ours(bench: Bench, n: int, material: Path) -> Phase:
    ensemble = bench.ensemble
    talkers = [NewContact(carrier.talker(each, 99), {}) for each in range(n)]
    campaign = await ensemble.rig.campaign(
        listening(material), talkers, per_hour=PER_SECOND * 3600, burst=3, max_channels=n
    )
    await ensemble.rig.campaigns.start(campaign)
    phase = await _look(bench, n, "ours")
    unheard = await _unheard(ensemble)
    rows = await ensemble.rig.calls.report(campaign)
    failed = n - sum(row["state"] == "answered" for row in rows)
    await ensemble.rig.campaigns.pause(campaign)
    leaked = await ensemble.clear() + await ensemble.settled(campaign)
    return replace(phase, faults=Faults(failed=failed, leaked=leaked, lost_frames=unheard))


async def _plain(bench: Bench, n: int, material: Path) -> Phase:
    stack = bench.ensemble.stack
    clip = await clip_store(stack.media, asterisks(stack)[0].install).clip(AudioPrompt(material.name))
    async with bench.ensemble.ari() as ari:
        originator = Originator(ari, clip, lambda index: carrier.talker(index, 99))
        return await phases.plain(bench.ensemble, originator, PER_SECOND, n, _look(bench, n, "plain"))


async def _look(bench: Bench, n: int, kind: str) -> Phase:
    await asyncio.sleep(n / PER_SECOND + SETTLE_S)
    return await phases.look(bench.ensemble, n, kind, bench.window)


async def _unheard(ensemble: Ensemble) -> int:
    """Frames that reached Asterisk in the next seconds and the engine did not hear, beyond what counting itself differs by."""
    lost = value_of(await ensemble.metrics(), LOST)
    before, heard = await _received(ensemble), value_of(await ensemble.metrics(), FRAMES)
    await asyncio.sleep(COMPARED_S)
    after = await _received(ensemble)
    page = await ensemble.metrics()
    sent, got = after - before, value_of(page, FRAMES) - heard
    missing = sent - got if sent - got > UNHEARD * sent else 0
    say(f"  {sent} packets reached Asterisk, {got:.0f} frames the engine")
    return round(missing + value_of(page, LOST) - lost)


async def _received(ensemble: Ensemble) -> int:
    legs = await asyncio.to_thread(carrier.media, asterisks(ensemble.stack)[0])
    return sum(leg.received for leg in legs)


def listening(material: Path) -> Mapping[str, object]:
    """Says a recording that only a key ends, and has to hear meanwhile."""
    branch = {"when": {"type": "digits", "digits": "1"}, "then": {"id": "thanks"}}
    play = {"type": "audio", "material": material.name}
    start = {"id": "ask", "play": play, "barge_in": "off", "recognition": {"branches": [branch]}}
    return {"name": "bench", "start": start, "silence_limit_s": 60}


# ── turns ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Answered:
    """``turns`` in seconds; ``missing``: calls in which the robot said nothing more."""

    turns: Sequence[float]
    missing: int
    leaked: int

    def at(self, share: float) -> float | None:
        return float(np.quantile(self.turns, share)) if self.turns else None


async def _turns(bench: Bench, n: int, per_second: int) -> Answered:
    ensemble = bench.ensemble
    folder = asterisks(ensemble.stack)[1].folder / "spool" / "bench"
    for old in folder.glob("*.raw"):
        old.unlink()
    media = ensemble.stack.media / "materials"
    # Nobody answers before all are on the line.
    question = carrier.recording(media, n / per_second + 3)
    campaign = await ensemble.rig.campaign(
        turns.scenario(question, carrier.recording(media, 3.0)),
        [NewContact(carrier.talker(each, 0), {}) for each in range(n)],
        per_hour=per_second * 3600,
        burst=1,
        max_channels=n,
    )
    await ensemble.rig.campaigns.start(campaign)
    for _ in range(round(2 * n / per_second + 60)):
        if (await ensemble.rig.campaigns.progress(campaign))["state"] != "running":
            break
        await asyncio.sleep(1)
    leaked = await ensemble.clear()
    found = [turns.turn_s(np.fromfile(file, dtype="<i2").reshape(-1, 2)) for file in sorted(folder.glob("*.raw"))]
    say(f"  {[None if each is None else round(each, 2) for each in found]}")
    measured = [each for each in found if each is not None]
    return Answered(measured, n - len(measured), leaked)


# ── the report ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _report(
    found: Sequence[Phase], answered: Answered, options: argparse.Namespace, where: Mapping[str, object]
) -> int:
    results = [phases.result_of(found, n) for n in options.n]
    result = {
        "ratio": max(float(str(each["ratio"])) for each in results),
        "turn_p50_s": answered.at(0.5),
        "turn_p95_s": answered.at(0.95),
        "targets": {"ratio": RATIO, "loop_lag_p99_ms": LAG_MS, "turn_p50_s": TURN_P50_S, "turn_p95_s": TURN_P95_S},
        "valid": all(each["valid"] for each in results) and not answered.missing and not answered.leaked,
        "results": results,
        "turns": {
            "calls": options.turns,
            "answers_per_s": options.answers,
            "missing": answered.missing,
            "leaked": answered.leaked,
        },
        "rounds": options.rounds,
        "window_s": options.seconds,
        "machine": where,
    }
    show(
        f"Calls listened to, CPU ms per second of a call (medians of {options.rounds} rounds)",
        phases.COLUMNS,
        [phases.row_of(found, n) for n in options.n],
        [
            f"targets: ratio ≤ {RATIO}, lag p99 < {LAG_MS:g} ms, no frame unheard",
            f"end of the answer to the next prompt, {len(answered.turns)} of {options.turns} calls: "
            f"p50 {answered.at(0.5) or 0:.2f} s (≤ {TURN_P50_S}), p95 {answered.at(0.95) or 0:.2f} s (≤ {TURN_P95_S})",
        ],
    )
    return finish("listen", result, as_json=options.json)


def options_from(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dozvon bench listen", description="CPU of calls that are listened to.")
    parser.add_argument("--json", action="store_true", help="the last line is the result as JSON")
    parser.add_argument("--n", type=phases.numbers, default=(50, 100, 200), help="calls at once: 50,100,200")
    parser.add_argument("--seconds", type=float, default=8.0, help="length of a measurement")
    parser.add_argument("--turns", type=int, default=50, help="calls at once in which an answer is waited for")
    parser.add_argument("--answers", type=int, default=ANSWERS_PER_S, help="answers in a second")
    parser.add_argument("--rounds", type=int, default=1, help="measurements of each kind for each N")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
