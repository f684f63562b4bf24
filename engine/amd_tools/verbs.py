"""``./dozvon amd build|train|eval|draw``."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from engine.amd_tools import dataset, picture, sources, training
from engine.amd_tools.evaluation import Row, by_sort, judge_all, overall, write_csv
from engine.amd_tools.recordings import recordings
from engine.amd_tools.utterances import Split
from engine.domain.errors import BadInput
from engine.domain.text import mark, translate
from engine.host.paths import PROJECT
from engine.media.amd import AmdModel
from engine.settings import state_from

MODEL = PROJECT / "sounds" / "amd" / "model.json"
REPORT = PROJECT / "sounds" / "amd" / "training.json"
NOT_USABLE = 2


def add_parsers(verbs: Any) -> None:
    """Add ``amd`` to the subparsers of the command line; ``act(options, environment)`` returns the exit status."""
    amd = verbs.add_parser("amd", help=translate(mark("answering-machine detection: build data, train, evaluate")))
    what = amd.add_subparsers(required=True, metavar="WHAT")

    build_it = what.add_parser(
        "build", help=translate(mark("build the data set from free voices and recorded prompts"))
    )
    build_it.add_argument(
        "folder", type=Path, nargs="?", help=translate(mark("where to; .dozvon/amd/data if not given"))
    )
    build_it.add_argument(
        "--calls", type=_positive, help=translate(mark("calls to train on; the test gets two fifths"))
    )
    build_it.set_defaults(act=build)

    train_it = what.add_parser("train", help=translate(mark("train on a folder of labelled recordings")))
    train_it.add_argument(
        "folder", type=Path, nargs="?", help=translate(mark("with human/ and machine/, or labels.csv"))
    )
    train_it.add_argument("--model", type=Path, default=MODEL, help=translate(mark("the file to write")))
    train_it.set_defaults(act=train)

    judge_it = what.add_parser("eval", help=translate(mark("judge a folder of recordings")))
    judge_it.add_argument("folder", type=Path)
    judge_it.add_argument("--model", type=Path, default=MODEL)
    judge_it.add_argument("--csv", type=Path, default=Path("amd-verdicts.csv"), help=translate(mark("one row a file")))
    judge_it.add_argument(
        "--words", action="store_true", help=translate(mark("listen to what is said too, where it may be Russian"))
    )
    judge_it.set_defaults(act=evaluate)
    draw_it = what.add_parser("draw", help=translate(mark("draw how a recording is heard (SVG)")))
    draw_it.add_argument("file", type=Path)
    draw_it.add_argument("picture", type=Path)
    draw_it.add_argument("--model", type=Path, default=MODEL)
    draw_it.set_defaults(act=draw)
    for each in (build_it, train_it, judge_it):
        each.add_argument("--workers", type=_positive, default=os.cpu_count() or 1)


def build(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    state, console = state_from(environment), Console(stderr=True)
    folder = options.folder or state.root / "amd" / "data"
    found = sources.fetch(
        state, console.print, environment.get("DOZVON_DEBIAN_MIRROR"), environment.get("ASTERISK_HOME")
    )
    counts = dataset.COUNTS
    if options.calls:
        counts = {Split.TRAIN: options.calls, Split.TEST: max(1, options.calls * 2 // 5)}
    dataset.build(found, folder, console.print, options.workers, counts)
    return 0


def train(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    console = Console(stderr=True)
    folder = options.folder or state_from(environment).root / "amd" / "data" / "train"
    settings = training.TrainSettings()
    heard = training.listen(recordings(folder), settings, options.workers, console.print)
    result = training.trained(heard, settings, console.print, options.workers)
    report = REPORT if options.model == MODEL else options.model.with_suffix(".report.json")
    training.write(result, options.model, report)
    console.print(json.dumps(result.report["out_of_fold"], indent=1), highlight=False)
    console.print(translate(mark("Written: {model} and {report}")).format(model=options.model, report=report))
    return 0


def load(path: Path) -> AmdModel:
    """BadInput when ``path`` is missing or no model."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(
            "amd-model-file", mark("{file} cannot be read as a model of answering-machine detection."), file=path
        ) from error
    if not isinstance(document, dict):
        raise BadInput("amd-model", mark("This is not a model of answering-machine detection."))
    return AmdModel.parse(document)


def evaluate(options: argparse.Namespace, _: Mapping[str, str]) -> int:
    """0; 2 when not one file could be read."""
    model = load(options.model)
    rows = judge_all(recordings(options.folder), model, options.workers, listen=options.words)
    write_csv(rows, options.csv)
    show(rows, Console())
    Console(stderr=True).print(translate(mark("Each file's verdict: {file}")).format(file=options.csv))
    return NOT_USABLE if all(row.error for row in rows) else 0


def draw(options: argparse.Namespace, _: Mapping[str, str]) -> int:
    options.picture.write_text(picture.draw(options.file, load(options.model), options.file.stem), encoding="utf-8")
    return 0


def show(rows: list[Row], console: Console) -> None:
    table = Table(title=translate(mark("Answering-machine detection")), title_justify="left")
    heads = ("", "calls", "accuracy", "people lost", "machines missed", "human p50 s", "human p95 s", "machine p50 s")
    for number, head in enumerate(heads):
        table.add_column(head, justify="left" if number == 0 else "right", no_wrap=number == 0)
    for name, each in {translate(mark("all")): overall(rows), **by_sort(rows)}.items():
        shares = (f"{100 * share:.1f} %" for share in (each.accuracy, each.people_lost, each.machines_missed))
        times = (f"{seconds:.2f}" for seconds in (each.human_p50_s, each.human_p95_s, each.machine_p50_s))
        table.add_row(name, str(each.calls), *shares, *times)
    console.print(table)
    unlabelled = [row for row in rows if not row.correct and not row.error]
    for row in unlabelled[:20]:
        console.print(f"{row.file}: {row.verdict}, {row.decided_s:.2f} s", highlight=False, markup=False)
    for row in rows:
        if row.error:
            console.print(row.error, style="yellow", highlight=False, markup=False)


def _positive(value: str) -> int:
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError(translate(mark("must be 1 or more")))
    return number
