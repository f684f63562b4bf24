"""Engines as processes of their own, which a test may kill, and what must hold of a campaign after any trouble."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil

from engine.ari.client import Ari
from engine.domain.ids import CampaignId
from engine.host.asterisk import AsteriskInstance
from engine.host.paths import PROJECT
from engine.host.ports import free_port
from engine.settings import EngineSettings
from engine.storage.database import Database
from tests.support.world import Row, World, until

READY_S = 30.0
_INCOMING = re.compile(r"incoming (\d+)")


@dataclass
class EngineProcess:
    """``python -m engine.cli run``, as an installation starts it. Its log grows in ``log``, over restarts too."""

    settings: EngineSettings
    log: Path
    password_file: Path
    metrics_port: int = field(default_factory=free_port)
    child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.child = subprocess.Popen(
                [sys.executable, "-P", "-m", "engine.cli", "run"],
                env={**os.environ, **self._environment()},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _environment(self) -> dict[str, str]:
        given = self.settings
        return {
            "DATABASE_URL": given.dsn,
            "DOZVON_HOME": str(given.state.root),
            "DOZVON_ARI": given.ari,
            "DOZVON_ARI_PASSWORD_FILE": str(self.password_file),
            "DOZVON_MEDIA": str(given.media),
            "DOZVON_METRICS_PORT": str(self.metrics_port),
            "DOZVON_CELL": given.cell,
            "DOZVON_MOST_CALLS": str(given.most_calls),
            "DOZVON_SILENT_S": str(given.silent_s),
            "PYTHONPATH": str(PROJECT),
        }

    async def ready(self) -> None:
        """Until it can dial. A process that ended instead is a failure with its log's last words."""

        def up() -> bool:
            assert self.running, f"the engine ended:\n{self.log.read_text()[-2000:]}"
            return self.metric("dozvon_ari_up") == 1

        await until(up, READY_S)

    @property
    def running(self) -> bool:
        return self.child is not None and self.child.poll() is None

    @property
    def process(self) -> psutil.Process:
        assert self.child is not None
        return psutil.Process(self.child.pid)

    def kill(self) -> None:
        """As ``kill -9`` does it: no handler runs, nothing is flushed."""
        assert self.child is not None
        self.child.kill()
        self.child.wait()

    async def terminate(self, seconds: float) -> int:
        """SIGTERM; the exit status. An AssertionError when it has not ended after ``seconds``."""
        assert self.child is not None
        self.child.send_signal(signal.SIGTERM)
        await until(lambda: not self.running, seconds)
        return self.child.returncode

    def metric(self, name: str) -> float | None:
        """One value of its Prometheus page; None while nobody answers there."""
        connection = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=5)
        try:
            connection.request("GET", "/metrics")
            page = connection.getresponse().read().decode()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        found = re.search(rf"^{re.escape(name)} (\S+)$", page, re.MULTILINE)
        return float(found[1]) if found else None

    def lines(self, level: str) -> list[str]:
        """Its log's lines of a level, and whatever is no log line at all: a traceback, a warning of Python."""
        wanted = f'"level":"{level}"'
        plain = [line.replace('": "', '":"') for line in self.log.read_text().splitlines() if line.strip()]
        return [line for line in plain if wanted in line or not line.startswith("{")]


@asynccontextmanager
async def engine_process(world: World, folder: Path, **settings: Any) -> AsyncIterator[EngineProcess]:
    """An engine that is ready; whatever is left of it at the end is killed."""
    given = world.settings(**settings)
    engine = EngineProcess(given, folder / f"engine-{given.cell}.log", world.stack.password_file)
    engine.start()
    try:
        await engine.ready()
        yield engine
    finally:
        if engine.running:
            engine.kill()


@contextmanager
def incoming(carrier: AsteriskInstance) -> Iterator[Counter[str]]:
    """Calls that the carrier got, by number; filled when the block ends, from its own log."""
    begin = carrier.log.stat().st_size if carrier.log.exists() else 0
    found: Counter[str] = Counter()
    yield found
    with carrier.log.open("rb") as stream:
        stream.seek(begin)
        found.update(f"+{number}" for number in _INCOMING.findall(stream.read().decode(errors="replace")))


async def live(world: World) -> frozenset[str]:
    """Ids of the channels that the platform has now."""
    given = world.settings()
    async with Ari(given.ari, given.ari_user, given.ari_password) as ari:
        return frozenset(channel.id for channel in await ari.channels.list())


async def finished(world: World, campaign: CampaignId, seconds: float) -> list[Row]:
    """Wait for the campaign's end, with the waiting between attempts cut short; its calls, oldest first."""

    async def over() -> bool:
        await world.database.execute(
            "update campaign_contacts set next_at = now() where campaign_id = $1 and state = 'waiting' and next_at > now()",
            campaign,
        )
        return bool((await world.campaigns.progress(campaign))["state"] != "running")

    await until(over, seconds)
    await world.kept(campaign)
    assert await world.state(campaign) == "finished", await world.campaigns.state(campaign)
    return list(await world.calls.report(campaign))


async def assert_settled(world: World, campaign: CampaignId) -> None:
    """Nothing is open, nothing is held, every contact has its end, and every rouble is accounted for."""
    look = world.database
    assert await look.fetchval("select count(*) from calls where state <> 'ended'") == 0
    assert await _contacts(look, campaign) == set()
    assert await look.fetchval("select coalesce(sum(amount), 0) from ledger_postings") == 0
    spent = await look.fetchval("select coalesce(sum(cost), 0) from calls where campaign_id = $1", campaign)
    assert (await world.campaigns.progress(campaign))["spent"] == spent
    charged = await look.fetchval("select coalesce(sum(cost), 0) from calls where account_id = $1", world.account)
    assert await world.catalogue.balance(world.account) == Decimal(10_000) - charged
    leads = await look.fetchval("select count(*) from calls where campaign_id = $1 and result = 'lead'", campaign)
    assert (await world.campaigns.progress(campaign))["leads"] == leads


async def _contacts(look: Database, campaign: CampaignId) -> set[str]:
    """States of contacts that are not done."""
    rows = await look.fetch(
        "select distinct state from campaign_contacts where campaign_id = $1 and state not in ('done', 'blocked')",
        campaign,
    )
    return {row["state"] for row in rows}


def assert_dialled_once(rows: Sequence[Row], got: Counter[str], *, unsure: Collection[str] = ()) -> None:
    """Each attempt was one call at the carrier. ``unsure``: ids of attempts that may never have reached it."""
    attempts = Counter(row["phone"] for row in rows)
    sure = Counter(row["phone"] for row in rows if str(row["id"]) not in unsure)
    twice = {number: (got[number], attempts[number]) for number in attempts if got[number] > attempts[number]}
    never = {number: (got[number], sure[number]) for number in sure if got[number] < sure[number]}
    assert not twice, f"dialled more often than there are attempts: {twice}"
    assert not never, f"dialled less often than there are attempts: {never}"


def assert_nothing_left(world: World) -> None:
    """No half-made recording, no empty bridge."""
    recordings = world.stack.media / "recordings"
    assert [file.name for file in recordings.iterdir() if file.suffix in (".raw", ".part")] == []
    assert world.stack.platform is not None
    bridges = world.stack.platform.command("bridge show all").splitlines()[1:]
    assert bridges == []
