"""Structured logs and Prometheus metrics of an engine process."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import sys
import time
from collections.abc import Callable, MutableMapping
from typing import Any

import msgspec
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from engine.domain.attempt import CallRecord

PERSONAL = frozenset({"phone", "caller", "text", "digits"})
"""Log fields that tell about a person; masked unless the operator asks for them."""
LAG_PROBE_S = 0.02


def configure_logs(level: str, *, personal: bool = False) -> None:
    """JSON lines on standard error; every line of a call has its id in ``call``."""
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)  # a traceback at each failed reconnect; we log our own
    writer = structlog.BytesLogger(sys.stderr.buffer)  # one for all: making it takes a lock, and every call has loggers
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if personal else [_mask]),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(_line),
        ],
        logger_factory=lambda *_: writer,
        cache_logger_on_first_use=True,
    )


_encode = msgspec.json.Encoder(enc_hook=repr).encode


def _line(event: MutableMapping[str, Any], **_: object) -> bytes:
    try:
        return _encode(event)
    except UnicodeEncodeError:  # half a character, from a file's name for example
        return json.dumps(event, default=repr).encode()


def _mask(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in PERSONAL & event.keys():
        event[name] = "***"
    return event


class Metrics:
    """Names begin with ``dozvon_``; served as text on a loopback port."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.calls = Gauge("dozvon_calls", "Calls in progress", registry=self.registry)
        self.ari_up = Gauge("dozvon_ari_up", "1 while Asterisk's event socket is connected", registry=self.registry)
        self.tasks = Gauge("dozvon_tasks", "asyncio tasks of the process", registry=self.registry)
        self.attempts = Counter("dozvon_attempts", "Ended attempts", ["outcome", "result"], registry=self.registry)
        self.talk = Counter("dozvon_talk_seconds", "Seconds of conversation", registry=self.registry)
        self._frames = Gauge("dozvon_ear_frames", "Audio frames heard since the start", registry=self.registry)
        self._lost = Gauge("dozvon_ear_lost_frames", "Audio frames that never arrived", registry=self.registry)
        self.lag = Histogram(
            "dozvon_loop_lag_seconds",
            "How late the event loop runs a timer",
            buckets=(0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0),
            registry=self.registry,
        )

    def serve(self, port: int) -> None:
        start_http_server(port, addr="127.0.0.1", registry=self.registry)

    def hearing(self, frames: Callable[[], int], lost: Callable[[], int]) -> None:
        """Where to ask how much was heard."""
        self._frames.set_function(frames)
        self._lost.set_function(lost)

    def ended(self, record: CallRecord) -> None:
        self.attempts.labels(record.outcome.value, record.result.value if record.result else "").inc()
        self.talk.inc(record.talk_seconds)

    async def probe_lag(self) -> None:
        """Until cancelled: measure the loop's lag every 20 ms, and count its tasks every second.

        At whole multiples of 20 ms, as the ears do (``ear_sockets``): a wake-up of the process costs more than the probe.
        """
        loop = asyncio.get_running_loop()
        for turn in itertools.count():
            if turn % 50 == 0:
                self.tasks.set(len(asyncio.all_tasks()))
            due = (time.monotonic() // LAG_PROBE_S + 1) * LAG_PROBE_S
            await asyncio.sleep(due - loop.time())
            self.lag.observe(max(0.0, time.monotonic() - due))
