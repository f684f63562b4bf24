"""``./dozvon bench amd``: our verdicts on the test split, and Asterisk's own AMD() on the same audio, played by the test carrier.

Ours judges every recording of the split from its samples. AMD() needs real time, so it is given a sample of the split (an
even one: any stretch of the split holds all sorts in their shares) by real calls, once with its defaults and once with the
tuning that was best on a sample of the *training* split. ``ours_same_calls`` is ours on that very sample; ``ours_with_words``
on the whole split, listening to what is said in Russian. But the recogniser that is shipped was trained on the Russian voices
of the test too, so that row shows how the parts work together rather than how good they are on voices unknown to them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from bench.support.amd_reference import GRID, Call, Reference, Tuning
from bench.support.amd_roc import curves, svg
from bench.support.report import finish, machine, say, show
from engine.amd_tools.decisions import Quality, quality
from engine.amd_tools.evaluation import Row, by_sort, first_verdicts, judge_all, overall
from engine.amd_tools.recordings import Recording, recordings
from engine.amd_tools.verbs import MODEL, build, load
from engine.settings import state_from
from engine.stack import Ports, Stack

TARGET = {"accuracy": 0.96, "people_lost": 0.01, "machines_missed": 0.03, "human_p50_s": 1.2, "human_p95_s": 2.5}
CPU_MS = 50.0
TUNED_ON = 96
HEADS = ("", "calls", "accuracy", "people lost", "machines missed", "human p50 s", "human p95 s", "machine p50 s")


def main(options: argparse.Namespace) -> int:
    folder = _data(options)
    model = load(options.model)
    test = [each for each in recordings(folder / "test") if each.label != "silence"]
    say(f"ours: {len(test)} recordings")
    rows = judge_all(test, model, options.workers)
    with_words = judge_all(test, model, options.workers, listen=True)
    sample = test[: options.sample]
    picked = {each.file for each in sample}
    same = [row for row in rows if row.file in picked]
    train = [each for each in recordings(folder / "train") if each.label != "silence"][:TUNED_ON]
    default, tuned, tuning = _reference(options, sample, train)
    result = _result(rows, same, default, tuned, tuning) | {"ours_with_words": _with_words(with_words)}
    result["valid"] = all(not row.error for row in rows) and all(call.status for call in (*default, *tuned))
    points = {"ours": overall(rows), "AMD() defaults": _quality(default), "AMD() tuned": _quality(tuned)}
    if options.roc:
        options.roc.write_text(svg(curves(test, model, options.workers), points), encoding="utf-8")
        say(f"ROC: {options.roc}")
    _table(rows, same, default, tuned, result)
    _table_with_words(with_words)
    return finish("amd", result, as_json=options.json)


def _data(options: argparse.Namespace) -> Path:
    """The data set, built if it is not there yet."""
    folder: Path = options.folder or state_from(options.environment).root / "amd" / "data"
    if not (folder / "test" / "labels.csv").exists():
        build(argparse.Namespace(folder=folder, calls=None, workers=options.workers), options.environment)
    return folder


def _reference(
    options: argparse.Namespace, sample: Sequence[Recording], train: Sequence[Recording]
) -> tuple[list[Call], list[Call], Tuning]:
    with _asterisks(options.environment) as stack:
        reference = Reference(stack, stack.media / "bench-amd", options.at_once)
        tuning = Tuning()
        best = 0.0
        for each in GRID if options.tune else ():
            found = _quality(asyncio.run(reference.run(train, each)))
            say(f"AMD({each.arguments}) on training calls: {100 * found.accuracy:.1f} %")
            if found.accuracy > best:
                best, tuning = found.accuracy, each
        say(f"AMD() with defaults, then ({tuning.arguments}): {len(sample)} calls each, {options.at_once} at once")
        default = asyncio.run(reference.run(sample, Tuning()))
        return default, asyncio.run(reference.run(sample, tuning)), tuning


@contextmanager
def _asterisks(environment: Mapping[str, str]) -> Iterator[Stack]:
    """Both Asterisks and no PostgreSQL, which nothing here needs: an address that is given is not started."""
    without = {**environment, "DATABASE_URL": "postgresql://none"}
    stack = Stack(state_from(environment), without, Ports.found(), carrier=True, say=say, name="benchamd")
    try:
        stack.start_servers()
        yield stack
    finally:
        stack.stop()


def _quality(calls: Sequence[Call]) -> Quality:
    return quality(
        [(c.recording.person, c.taken_for_person, c.at - c.recording.origin(None)) for c in calls if c.status]
    )


def _result(
    rows: Sequence[Row], same: Sequence[Row], default: Sequence[Call], tuned: Sequence[Call], tuning: Tuning
) -> dict[str, object]:
    ours = overall(rows)
    cpu = sorted(row.cpu_ms for row in rows)
    met = {
        name: getattr(ours, name) >= limit if name == "accuracy" else getattr(ours, name) <= limit
        for name, limit in TARGET.items()
    }
    return {
        "ours": asdict(ours),
        "reference": asdict(_quality(default)),
        "reference_tuned": {**asdict(_quality(tuned)), "arguments": tuning.arguments},
        "ours_first_verdicts": asdict(first_verdicts(rows)),
        "ours_same_calls": asdict(overall(same)),
        "by_sort": {name: asdict(each) for name, each in by_sort(rows).items()},
        "by_language": {name: asdict(each) for name, each in _by_language(rows).items()},
        "cpu_ms": {"p50": cpu[len(cpu) // 2], "p95": cpu[int(len(cpu) * 0.95)], "target": CPU_MS},
        "target": TARGET,
        "met": met,
        "machine": machine(),
    }


def _with_words(rows: Sequence[Row]) -> dict[str, object]:
    cpu = sorted(row.cpu_ms for row in rows)
    return {
        "all": asdict(overall(rows)),
        "by_language": {name: asdict(each) for name, each in _by_language(rows).items()},
        "by_sort": {name: asdict(each) for name, each in by_sort(rows).items()},
        "cpu_ms": {"p50": cpu[len(cpu) // 2], "p95": cpu[int(len(cpu) * 0.95)]},
    }


def _table_with_words(rows: Sequence[Row]) -> None:
    lines = {"ours, with words": overall(rows), **_by_language(rows), **by_sort(rows)}
    show("With words", HEADS, [(name, *asdict(each).values()) for name, each in lines.items()])


def _by_language(rows: Sequence[Row]) -> dict[str, Quality]:
    languages: dict[str, list[Row]] = {}
    for row in rows:
        languages.setdefault(row.language if row.language in ("ru", "en") else "other", []).append(row)
    return {language: overall(group) for language, group in sorted(languages.items())}


def _table(
    rows: Sequence[Row], same: Sequence[Row], default: Sequence[Call], tuned: Sequence[Call],
    result: Mapping[str, object],
) -> None:  # fmt: skip
    lines = {
        "ours, whole split": overall(rows),
        "ours, before revisions": first_verdicts(rows),
        "ours, same calls": overall(same),
        "AMD() defaults": _quality(default),
        "AMD() tuned": _quality(tuned),
        **{f"  {name}": each for name, each in _by_language(rows).items()},
        **{f"  {name}": each for name, each in by_sort(rows).items()},
    }
    show("Answering-machine detection", HEADS, [(name, *asdict(each).values()) for name, each in lines.items()])
    show(
        "Defaults of AMD() by sort",
        HEADS,
        [(name, *asdict(_quality(group)).values()) for name, group in _calls_by_sort(default).items()],
        [f"targets met: {result['met']}; CPU ms a decision: {result['cpu_ms']}"],
    )


def _calls_by_sort(calls: Sequence[Call]) -> dict[str, list[Call]]:
    groups: dict[str, list[Call]] = {}
    for call in calls:
        groups.setdefault(call.recording.sort, []).append(call)
    return groups


def options_from(arguments: Sequence[str], environment: Mapping[str, str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dozvon bench amd", description="Verdicts: ours and Asterisk's AMD().")
    parser.add_argument("--json", action="store_true", help="the last line is the result as JSON")
    parser.add_argument("--folder", type=Path, help="a data set of ./dozvon amd build; built if not there")
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--sample", type=int, default=300, help="calls of the test split for AMD()")
    parser.add_argument("--at-once", type=int, default=60)
    parser.add_argument("--no-tune", dest="tune", action="store_false", help="defaults of AMD() only")
    parser.add_argument("--roc", type=Path, help="write the ROC picture (SVG) here")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    options.environment = environment
    return options


if __name__ == "__main__":
    began = time.monotonic()
    status = main(options_from(sys.argv[1:], os.environ))
    say(f"{time.monotonic() - began:.0f} s")
    sys.exit(status)
