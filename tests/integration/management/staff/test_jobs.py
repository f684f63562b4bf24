"""Background jobs as the staff see them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from management.access.caller import Role
from management.jobs.queue import JobId, enqueue
from management.mailing.messages import SEND, SendMessage
from tests.integration.management.staff.conftest import Office

pytestmark = pytest.mark.integration
HOME = "/staff/jobs"
NASTY = "<script>alert(1)</script>"


async def _job(office: Office, *, dead: bool = False, later: bool = False) -> JobId:
    async with office.database.transaction() as connection:
        after = timedelta(hours=1) if later else None
        job = await enqueue(connection, SEND, SendMessage(UUID(int=7)), after=after)
        assert job is not None
        if dead:
            await connection.execute("update pgqueuer set status = 'failed', attempts = 5 where id = $1", job)
            await connection.execute(
                "insert into pgqueuer_log (job_id, status, entrypoint, priority, traceback) values ($1, 'failed', $2, 0, $3)",
                job,
                SEND.name,
                {"exception_type": "OSError", "exception_message": NASTY, "traceback": "Traceback: line 1"},
            )
    return job


async def test_queues_and_states(office: Office) -> None:
    await _job(office)
    await _job(office, later=True)
    dead = await _job(office, dead=True)
    page = (await office.browser.get(HOME)).text
    assert page.count('data-label="Вид">mailing.send') == 3
    for state in ("Ждёт", "Позже", "Не выполнено"):
        assert state in page
    assert NASTY not in page and "OSError: &lt;script&gt;" in page
    only = (await office.browser.get(f"{HOME}?state=dead&kind=mailing.send")).text
    assert only.count('data-label="Вид">mailing.send') == 1 and f"{HOME}/{dead}/retry" in only
    assert (await office.browser.get(f"{HOME}?format=csv")).text.count("mailing.send") == 3


async def test_a_dead_job_tells_why_and_lives_again(office: Office) -> None:
    job = await _job(office, dead=True)
    page = (await office.browser.get(f"{HOME}/{job}")).text
    assert "Traceback: line 1" in page and "00000000-0000-0000-0000-000000000007" in page
    assert (await office.browser.post(f"{HOME}/{job}/retry")).status_code == 303
    assert await office.database.fetchval("select status::text from pgqueuer where id = $1", job) == "queued"
    assert (await office.browser.post(f"{HOME}/{job}/retry")).status_code == 303
    assert [(entry[0], entry[4]) for entry in await office.audited()] == [("job.retried", {"kind": "mailing.send"})]


async def test_a_dead_job_is_discarded(office: Office) -> None:
    job = await _job(office, dead=True)
    assert (await office.browser.post(f"{HOME}/{job}/discard")).status_code == 303
    assert await office.database.fetchval("select count(*) from pgqueuer") == 0
    assert (await office.browser.post(f"{HOME}/{job}/discard")).status_code == 404
    assert [entry[0] for entry in await office.audited()] == ["job.discarded"]
    alive = await _job(office)
    await office.browser.post(f"{HOME}/{alive}/discard")
    assert await office.database.fetchval("select count(*) from pgqueuer") == 1, "only dead ones"


async def test_support_sees_jobs_but_neither_their_data_nor_buttons(office: Office) -> None:
    job, browser = await _job(office, dead=True), await office.of(Role.SUPPORT)
    page = (await browser.get(f"{HOME}/{job}")).text
    assert "OSError" in page and "000000000007" not in page and "Traceback: line 1" not in page and "/retry" not in page
    assert (await browser.post(f"{HOME}/{job}/retry")).status_code == 404


async def test_the_empty_page_says_so(office: Office) -> None:
    assert "Вся работа сделана" in (await office.browser.get(HOME)).text
    assert "Под фильтр не подходит" in (await office.browser.get(f"{HOME}?state=dead")).text
