"""``./dozvon bench api``: requests per second of the API, against a bare Litestar handler that runs the same statements on the same
database; and the cabinet's page of projects with 10,000 projects against the same page with 10.

Both sides are a process of their own with one worker of the same uvicorn, asked over as many connections, in alternating
rounds (bench.support.api_server). Ours knows the caller by his key, counts his requests, checks rights and fields and writes
what the API promises; the bare one does none of it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from bench.support.figures import middle, share
from bench.support.http_load import Load, loaded, request
from bench.support.proc import cpu_seconds
from bench.support.report import finish, machine, say, show
from bench.support.rig import Rig, planted, postgres_version
from engine.domain.ids import AccountId
from engine.host.paths import PROJECT
from engine.host.postgres import EmbeddedPostgres
from engine.settings import state_from
from engine.storage.queries import load
from management.access.caller import UserId
from management.access.callers import KEY_PREFIX, Callers
from management.access.identity import cookie_name
from management.access.secrets import digest, new_secret

TARGET, P99_TARGET, PAGE_TARGET = 0.6, 2.0, 1.5
FEW, MANY = 10, 10_000
"""Projects of the two owners whose pages are compared."""
LISTED = 60
"""Projects of the owner whose API is measured; a page of the list is 50."""
BODY = '{"name": "Осенняя акция", "description": "Напоминание о визите"}'.encode()
_SQL = load(Path(__file__).parent / "support" / "api.sql")


@dataclass
class Side:
    """One side's rounds of one operation. ``cpu``: seconds of its process in all of them."""

    loads: list[Load] = field(default_factory=list)
    cpu: float = 0.0

    @property
    def rates(self) -> list[float]:
        return [load.rate for load in self.loads]

    @property
    def cpu_ms(self) -> float:
        """Of one request: what a busy machine moves least."""
        return 1000 * share(self.cpu, sum(len(load.seconds) for load in self.loads))

    @property
    def p99s(self) -> list[float]:
        return [load.percentile(0.99) for load in self.loads]


@dataclass(frozen=True, slots=True)
class Owner:
    account: AccountId
    user: UserId
    project: int


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    pid: int


@dataclass(frozen=True, slots=True)
class Operation:
    name: str
    ours: bytes
    bare: bytes


async def main(options: argparse.Namespace) -> int:
    embedded = EmbeddedPostgres(state_from(options.environment).pg)
    server = options.environment.get("DATABASE_URL") or embedded.start()
    try:
        async with planted(server) as rig:
            return await measure(rig, options)
    finally:
        embedded.stop()


async def measure(rig: Rig, options: argparse.Namespace) -> int:
    owner, few, many = [await _owner(rig, count) for count in (LISTED, FEW, options.projects)]
    await rig.database.execute(_SQL["analyze"])
    async with AsyncExitStack() as stack:
        ours = await stack.enter_async_context(_served("ours", rig.dsn, owner))
        bare = await stack.enter_async_context(_served("bare", rig.dsn, owner))
        operations = await _operations(rig, owner)
        sides = {operation.name: (Side(), Side()) for operation in operations}
        say(f"{options.connections} connections, rounds of {options.seconds} s")
        for operation in operations:
            for _ in range(options.rounds):
                mine, bare_side = sides[operation.name]
                await _round(mine, ours, operation.ours, options.connections, options.seconds)
                await _round(bare_side, bare, operation.bare, options.connections, options.seconds)
        pages = (Side(), Side())
        for _ in range(options.rounds):
            for side, who in zip(pages, (few, many), strict=True):
                sent = request("GET", "/projects", {"cookie": await _cookie(rig, who)})
                await _round(side, ours, sent, 1, options.seconds)
    return _report(sides, pages, await postgres_version(rig.database), options)


async def _round(side: Side, server: Server, sent: bytes, connections: int, seconds: float) -> None:
    before = cpu_seconds(server.pid)
    side.loads.append(await loaded(server.port, sent, connections, seconds))
    side.cpu += cpu_seconds(server.pid) - before


async def _owner(rig: Rig, projects: int) -> Owner:
    account = await rig.catalogue.create_account("bench")
    user = await rig.database.fetchval(_SQL["user"], account, f"bench{account}@example.com")
    made = await rig.database.fetch(_SQL["projects"], account, projects)
    return Owner(account, UserId(user), made[0]["id"])


async def _operations(rig: Rig, owner: Owner) -> list[Operation]:
    """Ours with a key of its own for each call."""
    secret = KEY_PREFIX + new_secret()
    await rig.database.execute(_SQL["key"], owner.user, digest(secret))
    key = {"authorization": f"Bearer {secret}"}
    asked = [("list", "GET", "", b""), ("read", "GET", f"/{owner.project}", b""), ("create", "POST", "", BODY)]
    return [
        Operation(
            name,
            request(method, f"/api/v1/projects{path}", key, body),
            request(method, f"/projects{path}", {}, body),
        )
        for name, method, path, body in asked
    ]


async def _cookie(rig: Rig, owner: Owner) -> str:
    async with rig.database.transaction() as connection:
        token = await Callers(lambda: rig.database).open(connection, owner.user, "127.0.0.1", "bench")
    return f"{cookie_name(secure=False)}={token}; lang=ru"


@asynccontextmanager
async def _served(side: str, dsn: str, owner: Owner) -> AsyncIterator[Server]:
    """A side's process, when it has answered."""
    environment = {**os.environ, "DATABASE_URL": dsn, "PYTHONPATH": str(PROJECT)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "bench.support.api_server", side, str(owner.account), str(owner.user)),
        env=environment, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        port = int(await process.stdout.readline())
        await loaded(port, request("GET", "/health" if side == "ours" else "/projects", {}), 1, 0.5)
        yield Server(port, process.pid)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _report(
    sides: Mapping[str, tuple[Side, Side]], pages: tuple[Side, Side], postgres: str, options: argparse.Namespace
) -> int:
    ratios = {name: _ratio(ours.rates, bare.rates) for name, (ours, bare) in sides.items()}
    p99s = {name: _ratio(ours.p99s, bare.p99s) for name, (ours, bare) in sides.items()}
    few, many = (middle([load.percentile(0.5) for load in side.loads]) for side in pages)
    every = [side for pair in (*sides.values(), pages) for side in pair]
    failed = sum(load.failed for side in every for load in side.loads)
    result = {
        "ratio": min(ratios.values()),
        "target": TARGET,
        "valid": failed == 0 and all(rate > 0 for side in every for rate in side.rates),
        "failed": failed,
        "ratios": ratios,
        "p99_ratios": p99s,
        "requests_per_second": {
            name: {"ours": middle(ours.rates), "bare": middle(bare.rates)} for name, (ours, bare) in sides.items()
        },
        "cpu_ms_per_request": {
            name: {"ours": ours.cpu_ms, "bare": bare.cpu_ms} for name, (ours, bare) in sides.items()
        },
        "page_s": {str(FEW): few, str(options.projects): many},
        "page_ratio": share(many, few),
        "page_cpu_ms": {str(FEW): pages[0].cpu_ms, str(options.projects): pages[1].cpu_ms},
        "rounds": options.rounds,
        "connections": options.connections,
        "machine": machine(postgresql=postgres),
    }
    show(
        f"API, {options.connections} connections, {options.rounds} rounds of {options.seconds} s each (medians)",
        ("", "ours, requests/s", "bare", "ratio", "p99 ours, ms", "bare", "ratio", "CPU ours, ms", "bare"),
        [
            (name, middle(ours.rates), middle(bare.rates), ratios[name],
             1000 * middle(ours.p99s), 1000 * middle(bare.p99s), p99s[name],
             ours.cpu_ms, bare.cpu_ms)
            for name, (ours, bare) in sides.items()
        ],
        [
            f"ratio {min(ratios.values()):.2f} (target ≥ {TARGET}), p99 {max(p99s.values()):.2f} (≤ {P99_TARGET}), failed {failed}",
            f"page of projects: {1000 * few:.1f} ms with {FEW}, {1000 * many:.1f} ms with {options.projects}, "
            f"ratio {share(many, few):.2f} (≤ {PAGE_TARGET})",
        ],
    )  # fmt: skip
    return finish("api", result, as_json=options.json)


def _ratio(ours: Sequence[float], bare: Sequence[float]) -> float:
    return middle([share(mine, theirs) for mine, theirs in zip(ours, bare, strict=True)])


def options_from(arguments: Sequence[str], environment: Mapping[str, str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dozvon bench api", description="Requests per second, ours and bare.")
    parser.add_argument("--json", action="store_true", help="the last line is the result as JSON")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=1, help="of one side's round")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--projects", type=int, default=MANY, help="of the owner with many")
    options = parser.parse_args(arguments)
    options.environment = environment
    return options


if __name__ == "__main__":
    sys.exit(uvloop.run(main(options_from(sys.argv[1:], os.environ))))
