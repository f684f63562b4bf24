"""Log lines: one JSON object each, whatever is in them; personal fields masked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from engine.domain.outcome import Outcome
from engine.telemetry import configure_logs


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.parametrize(
    ("value", "written"),
    [("Анна", "Анна"), (Outcome.BUSY, "busy"), (Path("/a"), "PosixPath('/a')"), (("a", 1), ["a", 1]), (None, None)],
)
def test_a_line(capfdbinary: pytest.CaptureFixture[bytes], value: object, written: object) -> None:
    configure_logs("info")
    structlog.get_logger("call").bind(call="1").info("call_ended", value=value, phone="+79001234567")
    line = json.loads(capfdbinary.readouterr().err.decode())
    assert (line["event"], line["level"], line["call"], line["value"]) == ("call_ended", "info", "1", written)
    assert line["phone"] == "***"


def test_half_a_character_does_not_break_the_line(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    configure_logs("info")
    structlog.get_logger("call").warning("bad_name", file="a\udcff")
    assert json.loads(capfdbinary.readouterr().err)["event"] == "bad_name"


def test_a_traceback_is_in_its_line(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    configure_logs("info")
    try:
        raise ValueError("why")
    except ValueError:
        structlog.get_logger("call").exception("crashed")
    (line,) = capfdbinary.readouterr().err.splitlines()
    assert "ValueError: why" in json.loads(line)["exception"]
