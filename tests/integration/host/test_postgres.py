"""The embedded PostgreSQL: kept data, several users, a killed user, a path too long for a socket."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from engine.host.paths import PROJECT
from engine.host.postgres import EmbeddedPostgres

pytestmark = pytest.mark.integration

_USER = """
import sys
from pathlib import Path
from engine.host.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
print(server.start(), flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A data folder; whatever server a failed test leaves in it is stopped."""
    yield tmp_path
    server = EmbeddedPostgres(tmp_path)
    if server.running():
        server.start()
        server.stop()


def _other_process(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _USER, str(folder)],
        cwd=PROJECT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


async def _value(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_settings_that_the_platform_relies_on(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    dsn = server.start()
    try:
        assert int(str(await _value(dsn, "SHOW server_version_num"))) >= 150000
        assert int(str(await _value(dsn, "SHOW max_connections"))) >= 100
        assert await _value(dsn, "SHOW fsync") == "on"
        assert await _value(dsn, "SHOW listen_addresses") == ""
        assert await _value(dsn, "SELECT upper('ёж')") == "ЁЖ"
    finally:
        server.stop()


async def test_data_survive_a_stop(folder: Path) -> None:
    first = EmbeddedPostgres(folder)
    dsn = first.start()
    await _value(dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    first.stop()
    assert not first.running()
    with pytest.raises(OSError):
        await _value(dsn, "SELECT 1")
    again = EmbeddedPostgres(folder)
    assert await _value(again.start(), "SELECT answer FROM kept") == 42
    again.stop()


async def test_the_last_user_stops_the_server(folder: Path) -> None:
    with _other_process(folder) as other:
        assert other.stdout is not None
        theirs = other.stdout.readline().strip()
        ours = EmbeddedPostgres(folder)
        assert ours.start() == theirs
        ours.stop()
        assert await _value(theirs, "SELECT 1") == 1
        other.communicate("", timeout=30)
    assert other.returncode == 0
    assert not EmbeddedPostgres(folder).running()


async def test_a_server_whose_user_was_killed_is_adopted_and_stopped(folder: Path) -> None:
    with _other_process(folder) as other:
        assert other.stdout is not None
        theirs = other.stdout.readline().strip()
        other.kill()
    heir = EmbeddedPostgres(folder)
    assert heir.running()
    assert heir.start() == theirs
    heir.stop()
    assert not heir.running()


async def test_a_pid_file_that_names_a_stranger_is_no_obstacle(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    server.stop()
    (server.data / "postmaster.pid").write_text(f"{1}\n{server.data}\n")
    assert await _value(server.start(), "SELECT 1") == 1
    server.stop()


async def test_a_long_path_is_no_obstacle(folder: Path) -> None:
    server = EmbeddedPostgres(folder / ("long" * 30))
    assert await _value(server.start(), "SELECT 1") == 1
    server.stop()
