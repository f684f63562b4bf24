"""``./dozvon up`` keeps its parts alive: Asterisk, the cabinet, the worker and the engine are killed, and are there again."""

from __future__ import annotations

import asyncio
import os
import signal
import urllib.request

import pytest

from engine.host.paths import State
from engine.keeper import Keeper
from engine.stack import Ports, Stack
from tests.support.world import until

pytestmark = pytest.mark.acceptance


async def test_killed_parts_come_back(state: State, dsn: str) -> None:
    environment = {**os.environ, "DATABASE_URL": dsn}
    stack = Stack(state, environment, Ports.found(), carrier=False, say=print, name="keeper")
    with stack:
        keeper = Keeper(stack.parts())
        before = _pids(stack)
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        await until(lambda: not any(part.running() for part in keeper.parts), 10)
        await asyncio.to_thread(keeper.look)
        after = _pids(stack)
        assert all(after[name] != pid for name, pid in before.items())
        await until(lambda: "dozvon_ari_up 1.0" in _page(stack.ports.metrics, "/metrics"), 30)
        assert '"ok":true' in _page(stack.ports.cabinet, "/health")


def _pids(stack: Stack) -> dict[str, int]:
    assert stack.platform is not None
    assert stack.platform.pid is not None
    children = {"engine": stack.engine, "management": stack.management, "worker": stack.worker}
    found = {name: child.pid for name, child in children.items() if child is not None}
    assert len(found) == len(children)
    return {"asterisk": stack.platform.pid, **found}


def _page(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return str(answer.read().decode())
