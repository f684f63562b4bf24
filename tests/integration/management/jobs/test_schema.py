"""Our copies of PgQueuer's schema and statement are those of the installed version."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.qm import QueueManager

from engine.storage.queries import load
from management.jobs import queue
from management.jobs.names import NAMES

pytestmark = pytest.mark.integration


async def test_the_library_finds_nothing_to_change(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        queries = Queries(
            AsyncpgDriver(connection),
            QueryBuilderEnvironment(NAMES),
            QueryQueueBuilder(NAMES),
            QuerySchedulerBuilder(NAMES),
        )
        plan = await queries.plan_upgrade()
        assert (list(plan.statements), list(plan.notes)) == ([], [])
        await QueueManager(queries).verify_structure()
        await connection.execute("drop index pgqueuer_log_status")
        assert list((await queries.plan_upgrade()).statements) != []  # it does look
    finally:
        await connection.close()


def test_jobs_are_put_in_by_its_own_statement() -> None:
    ours = load(Path(queue.__file__).parent / "queries.sql")["enqueue"]
    assert _words(ours) == _words(QueryQueueBuilder(NAMES).build_enqueue_query("skip"))


def _words(sql: str) -> list[str]:
    return [word for line in sql.splitlines() if not line.strip().startswith("--") for word in line.split()]


def test_common_names_in_the_environment_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = NAMES.model_dump()
    for name in ("CHANNEL", "TRIGGER", "FUNCTION", "QUEUE_TABLE", "PGQUEUER_PREFIX", "PGQUEUER_SCHEMA"):
        monkeypatch.setenv(name, "other")
    assert (
        type(NAMES)(**{k: v for k, v in before.items() if k not in ("durability", "widen_id")}).model_dump() == before
    )
