"""Who is taken for dead, and when: judged by the database's clock, but only by one who could have heard a sign of life."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from engine.dialer.recovery import Recovery
from engine.domain.campaign import Claim
from engine.domain.ids import CallId, CampaignId
from engine.session.recording import Recordings
from engine.speech.recording_file import Keeping
from engine.speech.recording_worker import RecordingWorker
from engine.storage.calls import Calls
from engine.storage.campaigns import Campaigns
from engine.storage.catalogue import Catalogue, NewCampaign, NewContact
from engine.storage.database import Database

pytestmark = pytest.mark.integration
SILENT_S = 30.0


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class NoChannels:
    """An Asterisk that has none of the calls any more."""

    asked: list[str] = field(default_factory=list)

    async def end_if_live(self, call: str) -> bool:
        self.asked.append(call)
        return False


async def _campaign(database: Database) -> CampaignId:
    catalogue = Catalogue(database)
    account = await catalogue.create_account("Test")
    await catalogue.top_up(account, "test", Decimal(1000), "")
    project = await catalogue.create_project(account, "Test")
    document = {"name": "test", "start": {"id": "start"}}
    new = NewCampaign(
        project=project,
        name="Test",
        scenario=await catalogue.create_scenario(project, "Test", document),
        audience=await catalogue.create_audience(project, "T", [NewContact(f"+7900123450{n}", {}) for n in range(3)]),
        trunk=await catalogue.set_trunk("trunk", 10, 1000),
        caller_ids=("+74951234567",),
        per_hour=3600,
        burst=10,
        max_channels=10,
        per_minute=Decimal("2.40"),
        call_window={"opens": "00:00:00", "closes": "00:00:00", "zone": "Europe/Moscow"},
    )
    campaign = await catalogue.create_campaign(new)
    await Campaigns(database).start(campaign)
    return campaign


async def _claims(database: Database, cell: str, count: int) -> list[Claim]:
    campaigns = Campaigns(database)
    campaign = (await campaigns.running())[0]
    return (await campaigns.claim(campaign.id, [""], cell, count, time.time()))[1]


async def _unseen(database: Database, cell: str, seconds: float) -> None:
    await database.execute("update cells set seen_at = now() - make_interval(secs => $2) where id = $1", cell, seconds)


def _recovery(database: Database, folder: Path, clock: Clock, busy: frozenset[CallId] = frozenset()) -> Recovery:
    return Recovery(Calls(database), NoChannels(), _recordings(database, folder), "ours", busy, SILENT_S, clock)


def _recordings(database: Database, folder: Path) -> Recordings:
    return Recordings(folder, RecordingWorker(Keeping()), Calls(database))


async def _states(database: Database, campaign: CampaignId) -> list[tuple[str, str | None]]:
    return [(row["state"], row["outcome"]) for row in await Calls(database).report(campaign)]


async def test_a_silent_cell_is_dead_only_for_one_who_listened(database: Database, tmp_path: Path) -> None:
    campaign = await _campaign(database)
    (claim,) = await _claims(database, "theirs", 1)
    store = Calls(database)
    await store.dialing(claim.call_id, "+74951234567", datetime.now(UTC))
    await store.beat("theirs")
    await _unseen(database, "theirs", SILENT_S + 1)
    clock = Clock()
    recovery = _recovery(database, tmp_path, clock)
    for _ in range(5):  # we have just begun ourselves: perhaps the database was away for all
        assert await recovery.beat() == 0
        clock.now += recovery.beat_s
    clock.now += SILENT_S  # the database was away: our own beats were missing too
    for _ in range(6):
        assert await recovery.beat() == 0
        clock.now += recovery.beat_s
    assert await _states(database, campaign) == [("dialing", None)]
    assert await recovery.beat() == 1
    assert await _states(database, campaign) == [("ended", "failed")]


async def test_a_cell_that_beats_keeps_its_attempts(database: Database, tmp_path: Path) -> None:
    campaign = await _campaign(database)
    (claim,) = await _claims(database, "theirs", 1)
    await Calls(database).dialing(claim.call_id, "+74951234567", datetime.now(UTC))
    clock = Clock()
    recovery = _recovery(database, tmp_path, clock)
    for _ in range(12):
        await Calls(database).beat("theirs")
        assert await recovery.beat() == 0
        clock.now += recovery.beat_s
    assert await _states(database, campaign) == [("dialing", None)]


async def test_own_attempts_after_a_restart_and_later(database: Database, tmp_path: Path) -> None:
    """At the start everything of this cell is a dead process's, however young; later only what nobody is at work on."""
    campaign = await _campaign(database)
    store = Calls(database)
    claimed, dialled = await _claims(database, "ours", 2)
    await store.dialing(dialled.call_id, "+74951234567", datetime.now(UTC))
    clock = Clock()
    assert await _recovery(database, tmp_path, clock).take_up() == 2
    assert await _states(database, campaign) == [("ended", "failed")]
    busy, lost = await _claims(database, "ours", 2)
    recovery = _recovery(database, tmp_path, clock, frozenset({busy.call_id}))
    for claim in (busy, lost):
        await store.dialing(claim.call_id, "+74951234567", datetime.now(UTC))
    assert await recovery.beat() == 0, "its task may be about to begin"
    await database.execute("update calls set claimed_at = claimed_at - interval '1 minute'")
    assert await recovery.beat() == 1
    open_calls = await database.fetch("select id from calls where state <> 'ended'")
    assert [str(row["id"]) for row in open_calls] == [str(busy.call_id)]
    assert claimed.number == 1


async def test_dialing_repeated_after_a_lost_answer(database: Database) -> None:
    await _campaign(database)
    (claim,) = await _claims(database, "ours", 1)
    store, at = Calls(database), datetime.now(UTC)
    assert await store.dialing(claim.call_id, "+74951234567", at)
    assert await store.dialing(claim.call_id, "+74951234567", at), "the same write again is ours"
    assert not await store.dialing(claim.call_id, "+74951234567", datetime.now(UTC)), "another's claim is not"


async def test_recordings_of_a_dead_engine(database: Database, tmp_path: Path) -> None:
    """One of an answered attempt that is open, one of an attempt closed before; a stranger's file is left alone."""
    await _campaign(database)
    store = Calls(database)
    claims = await _claims(database, "ours", 2)
    for claim in claims:
        await store.dialing(claim.call_id, "+74951234567", datetime.now(UTC))
        await store.answered(claim.call_id, datetime.now(UTC))
    await _recovery(database, tmp_path, Clock()).beat()
    await database.execute(
        "update calls set state = 'ended', outcome = 'answered', ended_at = now() where id = $1", claims[1].call_id
    )
    for name in (*(str(claim.call_id) for claim in claims), "stranger"):
        (tmp_path / f"{name}.raw").write_bytes(b"\0\1\2\3" * 12_000)
    worker = RecordingWorker(Keeping())
    recordings = Recordings(tmp_path, worker, store)
    await Recovery(store, NoChannels(), recordings, "ours", frozenset(), SILENT_S, Clock()).take_up()
    await recordings.close(30)
    await worker.close()
    rows = await database.fetch("select id, state, recording, recording_s from calls")
    assert {row["state"] for row in rows} == {"ended"}
    for row in rows:
        assert row["recording"] == str(tmp_path / f"{row['id']}.opus")
        assert row["recording_s"] == pytest.approx(1.5)
    assert recordings.unfinished() == []
    assert (tmp_path / "stranger.raw").stat().st_size == 48_000
