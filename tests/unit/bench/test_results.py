"""What the benchmarks make of their measurements: figures, validity, the shape of the JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from bench import calls, originate, queue
from bench.support import carrier, phases
from bench.support.figures import Leg
from bench.support.proc import Usage
from bench.support.report import cell, cpu_model, finish, rounded
from bench.support.rig import other_database


def phase(kind: str, asterisk: float, engine: float = 0.0, n: int = 50) -> phases.Phase:
    usage = Usage({"asterisk": asterisk, "engine": engine, "carrier": 1.0, "postgres": 0.1}, 10.0)
    return phases.Phase(n, kind, usage, float(n), 80.0, 3.0, [Leg(10, 500, 0, 500, 0)])


def test_calls_compare_neighbours_and_take_the_median() -> None:
    found = [phase("plain", 2.0), phase("ours", 2.2, 0.2), phase("ours", 2.0, 1.0), phase("plain", 2.0)]
    found += [phase("plain", 4.0), phase("ours", 4.0, 0.4)]
    result: Mapping[str, Any] = phases.result_of(found, 50)
    assert result["ratios"] == pytest.approx([1.2, 1.5, 1.1])
    assert result["ratio"] == pytest.approx(1.2)
    assert result["cpu_ms_per_call_second"]["plain"]["asterisk"] == pytest.approx(4.0)
    assert result["valid"]


@pytest.mark.parametrize("fault", phases.Faults.__slots__)
def test_one_fault_makes_calls_void(fault: str) -> None:
    spoiled = replace(phase("ours", 2.0, 0.2), faults=replace(phases.Faults(), **{fault: 1}))
    result = phases.result_of([phase("plain", 2.0), spoiled], 50)
    assert result[fault] == 1
    assert not result["valid"]


def test_too_few_calls_up_are_void() -> None:
    few = replace(phase("ours", 2.0, 0.2), up=40.0)
    assert not phases.result_of([phase("plain", 2.0), few], 50)["valid"]


def test_who_begins_changes() -> None:
    assert phases.order(3) == ["plain", "ours", "ours", "plain", "plain", "ours"]


def test_lost_and_missing_packets() -> None:
    whole, young = Leg(10, 500, 0, 500, 0), Leg(1, 0, 0, 0, 0)
    assert phases.damage([whole, young]) == (0, 0)
    assert phases.damage([whole, replace(whole, lost_in=3, received=497), replace(whole, received=200)]) == (3, 1)


def run(kind: str, at_once: int, rate: float, failed: int = 0, leaked: int = 0) -> originate.Run:
    return originate.Run(kind, at_once, rate, 1000, failed, leaked, 5.0, {"asterisk": 1.0})


def test_the_best_rate_with_few_failures_counts() -> None:
    runs = [run("files", 10, 100), run("files", 20, 200), run("files", 40, 900, failed=10)]
    runs += [run("ours", 10, 80), run("ours", 20, 150), run("ours", 20, 170)]
    result = originate.result_of(runs)
    assert result["attempts_per_second"] == {"ours": 160, "files": 200}
    assert (result["ratio"], result["valid"]) == (0.8, True)
    assert not originate.result_of([*runs, run("ours", 10, 1, leaked=1)])["valid"]
    assert not originate.result_of(runs[:3])["valid"], "no sound run of ours"


def test_bad_options_end_with_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert calls.options_from(["--n", "5,7", "--json"]).n == (5, 7)
    assert originate.options_from(["--at-once", "3"]).at_once == (3,)
    assert queue.options_from(["--claimers", "2"], {}).claimers == 2
    with pytest.raises(SystemExit):
        calls.options_from(["--n", "many"])
    assert "--n" in capsys.readouterr().err


def test_the_last_line_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert finish("queue", {"ratio": 1 / 3, "valid": True, "results": [{"x": (0.123456,)}]}, as_json=True) == 0
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert line == {"bench": "queue", "ratio": 0.3333, "valid": True, "results": [{"x": [0.1235]}]}
    assert finish("queue", {"ratio": 1.0, "valid": False}, as_json=False) == 1
    assert capsys.readouterr().out == ""


def test_values_as_people_read_them() -> None:
    assert [cell(value) for value in (None, True, False, 1234.5, 1.2345, 7, "x")] == "— yes NO 1234 1.23 7 x".split()
    assert rounded({1: 0.00001}) == {"1": 0.0}
    assert cpu_model("processor\t: 0\nmodel name\t: Example 3000\n") == "Example 3000"


def test_numbers_of_the_subscribers() -> None:
    assert carrier.number(7, 15.0) == "+70001500000007"
    assert carrier.number(7) == "+70000000000007"
    assert len({each.phone for each in carrier.contacts(100, 0.5)}) == 100


def test_another_database_of_the_same_server() -> None:
    assert other_database("postgresql://u@/dozvon?host=%2Frun", "b") == "postgresql://u@/b?host=%2Frun"
    assert other_database("postgresql://u:p@host:5432/dozvon", "b") == "postgresql://u:p@host:5432/b"
