"""Workers as processes: one is killed in the middle of a letter, another does the job, and nothing goes out twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from engine.storage.database import Database
from management.mailing.messages import list_messages, post
from tests.integration.management.mailing.conftest import Postbox, mail, smtp_server
from tests.support.world import until

pytestmark = pytest.mark.integration
PROJECT = Path(__file__).resolve().parents[4]
LONG_S = 60.0


@contextmanager
def _worker(dsn: str, folder: Path, smtp_port: int) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "worker.log").open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "management", "worker"],
            env={
                **os.environ,
                "PYTHONPATH": str(PROJECT),
                "DATABASE_URL": dsn,
                "DOZVON_MEDIA": str(folder),
                "DOZVON_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
                "DOZVON_MAIL_FROM": f"{quote('Dozvon')} <robot@example.ru>",
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield child
    finally:
        child.kill()
        child.wait()


async def _silent(database: Database) -> None:
    """As if the dead worker's time were over."""
    await database.execute("update pgqueuer set heartbeat = now() - interval '1 h' where status = 'picked'")
    await database.execute("select pg_notify('ch_pgqueuer', $1)", TABLE_CHANGED)


TABLE_CHANGED = (
    '{"channel":"ch_pgqueuer","operation":"update","sent_at":"2026-01-01T00:00:00Z","table":"pgqueuer",'
    '"type":"table_changed_event"}'
)


async def _no_job(database: Database) -> bool:
    return not await database.fetchval("select count(*) from pgqueuer")


async def test_killed_before_the_answer_the_letter_goes_out_all_the_same(
    dsn: str, database: Database, tmp_path: Path
) -> None:
    """Whether the server took it nobody can know; the same Message-ID tells that it is the same letter."""
    postbox = Postbox()
    postbox.gate.clear()
    async with smtp_server(postbox) as smtp:
        async with database.transaction() as connection:
            await post(connection, mail())
        with _worker(dsn, tmp_path, smtp.port) as first:
            await postbox.arrived.wait()
            first.kill()
        postbox.gate.set()
        with _worker(dsn, tmp_path, smtp.port) as second:
            await _silent(database)
            await until(lambda: _no_job(database), LONG_S)
            second.send_signal(signal.SIGTERM)
            await until(lambda: second.poll() is not None, LONG_S)
            assert second.returncode == 0
    (stored,) = await list_messages(database, None)
    assert (stored.state, stored.attempts) == ("sent", 2)
    assert {letter["Message-ID"] for letter in postbox.letters} == {f"<{stored.id}@example.ru>"}


async def test_killed_after_the_answer_the_letter_does_not_go_out_again(
    dsn: str, database: Database, tmp_path: Path
) -> None:
    """The worker has written that it is sent and is kept, by a lock, from writing that the job is done; then it dies."""
    postbox = Postbox()
    postbox.gate.clear()
    async with smtp_server(postbox) as smtp:
        async with database.transaction() as connection:
            await post(connection, mail())
        with _worker(dsn, tmp_path, smtp.port) as first:
            await postbox.arrived.wait()
            async with database.transaction() as lock:
                await lock.fetch("select * from pgqueuer for update")
                postbox.gate.set()
                await until(lambda: _is_sent(database), LONG_S)
                await until(lambda: _stuck(database), LONG_S)
                first.kill()
                first.wait()
                await database.fetch(f"select pg_terminate_backend(pid) from ({STUCK}) as stuck")
        assert not await _no_job(database)
        with _worker(dsn, tmp_path, smtp.port):
            await _silent(database)
            await until(lambda: _no_job(database), LONG_S)
    (stored,) = await list_messages(database, None)
    assert (stored.state, stored.attempts, len(postbox.letters)) == ("sent", 1, 1)


STUCK = "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


async def _stuck(database: Database) -> bool:
    return bool(await database.fetch(STUCK))


async def _is_sent(database: Database) -> bool:
    return bool(await database.fetchval("select 1 from messages where state = 'sent'"))
