"""The verbs of ``./dozvon``. Reads the environment, once; everything below gets values."""

from __future__ import annotations

import argparse
import json
import os
import runpy
import signal
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

import uvloop
from rich.console import Console

from engine import commands
from engine.amd_tools import verbs as amd
from engine.bootstrap import run_engine
from engine.demo.campaign import run_demo, show_report
from engine.demo.seed import CALLER_ID, Wishes, read
from engine.domain import text
from engine.domain.errors import BadInput, DozvonError
from engine.domain.text import mark, translate
from engine.host.paths import PROJECT
from engine.keeper import Keeper
from engine.scenario.check import check
from engine.scenario.document import parse
from engine.scenario.simulate import simulate
from engine.settings import engine_settings, state_from, vosk_model
from engine.speech.lemmas import russian_forms
from engine.speech.recognisers import load_model
from engine.stack import CARRIER, Ports, Stack
from engine.telemetry import configure_logs

BAD_INPUT, UNAVAILABLE, INTERRUPTED = 2, 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0, 1 (something is not available), 2 (what was given is not usable)."""
    environment = dict(os.environ)
    text.use(environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG") or "")
    options = _parser().parse_args(arguments)
    try:
        return int(options.act(options, environment))
    except DozvonError as error:
        Console(stderr=True).print(str(error), style="red", highlight=False, markup=False)
        return BAD_INPUT if isinstance(error, BadInput) else UNAVAILABLE
    except KeyboardInterrupt:
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dozvon", description=translate(mark("Voice-robot dialling on Asterisk")))
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    demo = verbs.add_parser("demo", help=translate(mark("set everything up and run a demo campaign")))
    demo.set_defaults(act=_demo)
    demo.add_argument("--exit", action="store_true", help=translate(mark("end when the campaign does")))
    demo.add_argument("--json", action="store_true", help=translate(mark("the last line is the report as JSON")))
    demo.add_argument("--port", type=int, default=8080, help=translate(mark("of the cabinet (8080)")))
    demo.add_argument("--contacts", type=Path, help=translate(mark("CSV with a header, at least a column phone")))
    demo.add_argument("--scenario", type=Path, help=translate(mark("scenario document (JSON)")))
    demo.add_argument("--calls-per-hour", type=_positive, default=7200, metavar="N")
    demo.add_argument("--max-channels", type=_positive, default=30, metavar="N")
    demo.add_argument(
        "--trunk", default=CARRIER, help=translate(mark("call through this trunk instead of the test carrier"))
    )
    demo.add_argument("--caller-id", default=CALLER_ID, metavar="NUMBER")

    up = verbs.add_parser("up", help=translate(mark("run the platform, without demo data")))
    up.set_defaults(act=_up)
    up.add_argument("--port", type=int, default=8080)

    verbs.add_parser("run", help=translate(mark("run an engine (settings from the environment)"))).set_defaults(
        act=_run
    )

    worker = verbs.add_parser(
        "worker", help=translate(mark("run a worker for background jobs (settings from the environment)"))
    )
    worker.set_defaults(act=_worker)

    sign_in = verbs.add_parser("sign-in", help=translate(mark("print a link that signs a user of the cabinet in")))
    sign_in.set_defaults(act=commands.sign_in)
    sign_in.add_argument(
        "email", nargs="?", help=translate(mark("(default: the operator, who is made if there is none yet)"))
    )
    sign_in.add_argument("--demo", action="store_true", help=translate(mark("of the demo, not of the installation")))
    sign_in.add_argument("--port", type=int, default=8080, help=translate(mark("of the cabinet (8080)")))

    play = verbs.add_parser("simulate", help=translate(mark("walk a scenario in the terminal, without a phone")))
    play.set_defaults(act=_simulate)
    play.add_argument("file", type=Path)
    play.add_argument("--field", action="append", default=[], metavar="NAME=VALUE")

    check_up = verbs.add_parser("doctor", help=translate(mark("look at everything a run needs, explain what is wrong")))
    check_up.set_defaults(act=commands.doctor)
    check_up.add_argument(
        "--running", action="store_true", help=translate(mark("the platform is up: ask its Asterisk"))
    )

    campaign = verbs.add_parser("campaign", help=translate(mark("list and control campaigns")))
    campaign.set_defaults(act=commands.campaign)
    campaign.add_argument("what", choices=("list", "start", "pause", "resume", "stop", "restart"))
    campaign.add_argument("id", type=int, nargs="?")
    campaign.add_argument("--demo", action="store_true", help=translate(mark("of the demo, not of the installation")))

    why = verbs.add_parser("why", help=translate(mark("why has this contact not been called yet?")))
    why.set_defaults(act=commands.why)
    why.add_argument("campaign", type=int)
    why.add_argument("phone")
    why.add_argument("--demo", action="store_true", help=translate(mark("of the demo, not of the installation")))

    talk = verbs.add_parser(
        "transcript", help=translate(mark("what was said in a call: its id, or a number's newest one"))
    )
    talk.set_defaults(act=commands.transcript)
    talk.add_argument("call")
    talk.add_argument("--demo", action="store_true", help=translate(mark("of the demo, not of the installation")))

    amd.add_parsers(verbs)

    bench = verbs.add_parser("bench", help=translate(mark("measure against a yardstick: calls, originate, queue")))
    bench.set_defaults(act=_bench)
    bench.add_argument("name", choices=sorted(file.stem for file in (PROJECT / "bench").glob("[a-z]*.py")))
    bench.add_argument("rest", nargs=argparse.REMAINDER)

    models = verbs.add_parser("models", help=translate(mark("speech models: list, or get one by its name")))
    models.set_defaults(act=commands.models)
    models.add_argument("what", choices=("list", "get"))
    models.add_argument("name", nargs="?", default="vosk-model-small-ru-0.22")

    # These two the launcher does itself.
    verbs.add_parser("client", help=translate(mark("make the API's Python client in a folder")))
    verbs.add_parser("test", help=translate(mark("set up and run all tests")))
    return parser


def _positive(value: str) -> int:
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError(translate(mark("must be 1 or more")))
    return number


def _demo(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    console = Console(stderr=True)
    state = state_from(environment)
    wishes = Wishes(
        options.contacts,
        options.scenario,
        options.calls_per_hour,
        options.max_channels,
        options.trunk,
        options.caller_id,
    )
    given = read(wishes)
    _end_on_sigterm()
    with Stack(state, environment, Ports.found(options.port), carrier=True, say=console.print, name="demo") as stack:
        report = uvloop.run(run_demo(stack, wishes, given, console))
        show_report(report, console)
        if options.json:
            print(json.dumps(report, ensure_ascii=False), flush=True)
        if not options.exit:
            console.print(
                translate(mark("The cabinet stays at {address}; Ctrl-C ends it")).format(address=report["cabinet"])
            )
            signal.pause()
    return 0 if report["state"] == "finished" else UNAVAILABLE


def _up(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    console = Console(stderr=True)
    _end_on_sigterm()
    with Stack(
        state_from(environment), environment, Ports.usual(options.port), carrier=False, say=console.print
    ) as stack:
        console.print(
            translate(mark("Dozvon runs; cabinet: {address}")).format(address=f"http://127.0.0.1:{options.port}/")
        )
        told = commands.way_in(stack.operator_link, terminal=sys.stderr.isatty())
        console.print(told, highlight=False, markup=False, soft_wrap=True)
        configure_logs("info")
        with suppress(KeyboardInterrupt):  # SIGTERM or Ctrl-C is how a service ends
            Keeper(stack.parts()).keep()
    return 0


def _run(_: argparse.Namespace, environment: Mapping[str, str]) -> int:
    settings = engine_settings(environment)
    configure_logs(settings.log_level)
    uvloop.run(run_engine(settings))
    return 0


def _worker(_: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """A program of its own in our place: the engine knows nothing of management."""
    os.execve(sys.executable, [sys.executable, "-P", "-m", "management", "worker"], dict(environment))  # noqa: S606 - no shell is meant


def _simulate(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    try:
        scenario = parse(options.file.read_bytes())
    except OSError as error:
        raise BadInput("scenario_file", mark("{file}: {reason}"), file=options.file, reason=error.strerror) from error
    for problem in check(scenario, unheard=_unheard(environment, scenario.language)):
        print(f"{problem.severity.value}: {problem.node or '—'}: {problem}", file=sys.stderr)
    fields = dict(pair.partition("=")[::2] for pair in options.field)
    simulate(scenario, fields, input, print, forms=russian_forms())
    return 0


def _unheard(environment: Mapping[str, str], language: str) -> Callable[[Sequence[str]], Collection[str]]:
    """Which words the recogniser that an engine would use here never hears. It is loaded when words are asked for."""
    load = cache(lambda: load_model(vosk_model(environment), state_from(environment).root / "models", language))

    def unheard(words: Sequence[str]) -> Collection[str]:
        model = load()
        return model.unknown_words(words) if model is not None else ()

    return unheard


def _bench(options: argparse.Namespace, _: Mapping[str, str]) -> int:
    sys.argv = [f"dozvon bench {options.name}", *options.rest]
    runpy.run_module(f"bench.{options.name}", run_name="__main__", alter_sys=True)
    return 0


def _end_on_sigterm() -> None:
    """SIGTERM ends us as Ctrl-C does: through the stack's own way out."""

    def interrupt(_: int, __: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


if __name__ == "__main__":
    sys.exit(main())
