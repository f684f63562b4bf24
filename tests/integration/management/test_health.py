"""What ``/health`` says, against a real PostgreSQL that also goes away."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from structlog.testing import capture_logs

from engine.domain.campaign import CampaignState
from engine.host.postgres import EmbeddedPostgres
from engine.storage.campaigns import Campaigns
from engine.storage.database import Database, open_database
from management.app import create_app
from management.health.schemas import CampaignProgress, Health
from management.health.service import HealthService
from management.settings import Settings
from tests.integration.management.conftest import campaign, ready, running

pytestmark = pytest.mark.integration
Client = AsyncTestClient[Litestar]


async def _look(database: Database) -> Health:
    """What the staff see."""
    return await HealthService(lambda: database, 0.0, 3.0).report()


async def test_ok_while_the_database_answers_and_an_engine_beats(client: Client, database: Database) -> None:
    await ready(client)
    await database.execute("insert into cells (id) values ('cell-1')")
    answer = await client.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "database": {"ok": True}, "engine": {"ok": True}}
    report = await _look(database)
    assert report.database.version is not None and int(report.database.version.split(".")[0]) >= 15
    (cell,) = report.cells
    assert (cell.id, cell.alive) == ("cell-1", True)
    assert 0 <= cell.seen_seconds_ago < 15
    assert report.campaigns == ()


async def test_the_public_is_told_no_names(client: Client, database: Database) -> None:
    await ready(client)
    await database.execute("insert into cells (id) values ('moscow-1')")
    await running(database, "Опрос должников")
    answer = await client.get("/health")
    assert "Опрос" not in answer.text and "moscow" not in answer.text
    version = (await _look(database)).database.version
    assert version is not None and version not in answer.text


async def test_an_engine_that_stopped_beating_degrades(client: Client, database: Database) -> None:
    await ready(client)
    await database.execute("insert into cells (id, seen_at) values ('cell-1', now() - interval '16 s')")
    answer = await client.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "degraded", "database": {"ok": True}, "engine": {"ok": False}}
    (cell,) = (await _look(database)).cells
    assert not cell.alive and cell.seen_seconds_ago >= 16


async def test_engines_taken_out_of_service_are_forgotten(database: Database) -> None:
    await database.execute("insert into cells (id, seen_at) values ('old', now() - interval '25 h'), ('new', now())")
    report = await _look(database)
    assert [cell.id for cell in report.cells] == ["new"]
    assert report.status == "ok"


async def test_campaigns_with_their_progress(database: Database) -> None:
    draft = await campaign(database, "чистовая", contacts=3)
    active = await running(database, "Опрос", contacts=4)
    await database.execute(
        "update campaign_contacts set state = (array['done', 'blocked', 'waiting', 'calling'])[n]::contact_state"
        " from (select contact_id as c, row_number() over () as n from campaign_contacts where campaign_id = $1) as r"
        " where campaign_id = $1 and contact_id = r.c",
        active,
    )
    await database.execute(
        "insert into calls (campaign_id, contact_id, account_id, trunk_id, scenario_id, run, attempt, phone, cell_id,"
        " hold) select c.id, cc.contact_id, c.account_id, c.trunk_id, c.scenario_id, 1, 1, cc.phone, 'cell-1', 1"
        " from campaigns c join campaign_contacts cc on cc.campaign_id = c.id where c.id = $1 and cc.state = 'calling'",
        active,
    )
    await database.execute("update campaigns set leads = 1, spent = 12.5 where id = $1", active)
    await Campaigns(database).pause(active, "trunk_failing", "транк carrier: 503")
    first, second = (await _look(database)).campaigns
    assert first == CampaignProgress(
        id=active,
        name="Опрос",
        state=CampaignState.PAUSED,
        reason="trunk_failing",
        reason_text="транк carrier: 503",
        contacts=4,
        done=2,
        open=1,
        leads=1,
        spent=Decimal("12.5"),
    )
    assert (second.id, second.state, second.contacts, second.done) == (draft, CampaignState.DRAFT, 3, 0)


async def test_starts_without_the_database_and_finds_it_by_itself(tmp_path: Path) -> None:
    with TemporaryDirectory(prefix="dozvon-pg-") as folder:
        server = EmbeddedPostgres(Path(folder))
        dsn = server.start()
        server.stop()
        async with AsyncTestClient(create_app(Settings(dsn, pool=2, fresh_s=0.0, media=tmp_path))) as client:
            await _away(client)
            server.start()
            try:
                await ready(client)
            finally:
                server.stop()
            await _away(client)
            server.start()
            try:
                assert (await client.get("/health")).json()["database"]["ok"] is True
            finally:
                server.stop()


async def _away(client: Client) -> None:
    answer = await client.get("/health")
    assert answer.status_code == 503
    assert answer.json() == {"status": "degraded", "database": {"ok": False}, "engine": None}
    page = await client.get("/login")
    assert page.status_code == 200, "a page that needs no data is shown"


async def test_a_database_that_does_not_answer_holds_no_request(database: Database, dsn: str, tmp_path: Path) -> None:
    async with AsyncTestClient(
        create_app(Settings(dsn, pool=2, fresh_s=0.0, media=tmp_path, patience_s=0.3))
    ) as client:
        await ready(client)
        async with open_database(dsn, size=1) as other, other.transaction() as blocker:
            await blocker.execute("lock table campaigns in access exclusive mode")
            assert [(await client.get("/health")).status_code for _ in range(4)] == [503] * 4
            waiting = await database.fetchval(
                "select count(*) from pg_locks where not granted and database ="
                " (select oid from pg_database where datname = current_database())"
            )
            assert waiting == 1  # the four joined one look instead of taking a connection each
        await ready(client)


async def test_one_look_serves_all_who_ask_within_its_time(database: Database) -> None:
    service = HealthService(lambda: database, fresh_s=3600.0, patience_s=3.0)
    reports = await asyncio.gather(*(service.report() for _ in range(20)))
    assert reports[0].database.ok
    await campaign(database, "later")
    assert all(report is reports[0] for report in [*reports, await service.report()])
    eager = HealthService(lambda: database, fresh_s=0.0, patience_s=3.0)
    assert [each.name for each in (await eager.report()).campaigns] == ["later"]


async def test_an_unforeseen_failure_is_logged_and_told_without_details(
    database: Database, dsn: str, tmp_path: Path
) -> None:
    app = create_app(Settings(dsn, pool=2, fresh_s=0.0, media=tmp_path))
    async with AsyncTestClient(app, raise_server_exceptions=False) as client:
        await ready(client)
        await database.execute("drop table cells")
        with capture_logs() as logs:
            answer = await client.get("/health")
    assert answer.status_code == 500
    assert "cells" not in answer.text
    assert "content-security-policy" in answer.headers
    (line,) = [line for line in logs if line["event"] == "request_failed"]
    assert (line["path"], line["log_level"]) == ("/health", "error")
    assert isinstance(line["exc_info"], asyncpg.UndefinedTableError)
