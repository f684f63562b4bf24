"""One attempt: from whose number, what it costs, what follows; and that nothing of it is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.dialer import attempts
from engine.dialer.attempts import Attempts, Cannot, caller_for, interrupted, next_step, retry_policy
from engine.dialer.breaker import Fact
from engine.dialer.retry import RetryPolicy
from engine.domain.attempt import CallRecord, Marks, PastAttempt, Result
from engine.domain.campaign import Campaign, NextStep
from engine.domain.errors import BadInput
from engine.domain.outcome import Outcome
from tests.unit.engine.dialer.paper import CAMPAIGN, PaperCaller, PaperDatabase, claim_of

CLAIM = claim_of(1, number=3, fields={"name": "Анна", "phone": "never this"})
"""The third attempt, so that the earlier ones are asked for."""
RETRYING = replace(CAMPAIGN, retry={"attempts": 3, "interval_s": 600})


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "BACKOFF_S", (0.0,))


async def run(
    database: PaperDatabase, campaign: Campaign = CAMPAIGN, cannot: Exception | None = None, **ends: Any
) -> tuple[Cannot | None, list[Fact]]:
    facts: list[Fact] = []

    def ended(campaign: Campaign, record: CallRecord, fact: Fact) -> None:
        facts.append(fact)

    caller = PaperCaller(ends=ends, cannot=cannot)
    caller.go_on.set()
    made = Attempts(database, caller, ended)
    failed = await made.run(campaign, retry_policy(campaign), CLAIM, [])
    if caller.talking:
        (attempt,) = caller.talking
        assert attempt.fields == {"name": "Анна", "phone": CLAIM.phone}
        assert database.callers[CLAIM.call_id] == attempt.caller_id
    return failed, facts


async def test_what_is_written_at_the_end() -> None:
    database, answered = PaperDatabase(), datetime.now(UTC)
    _, facts = await run(database, answered_at=answered, ended_at=answered + timedelta(seconds=61), result=Result.LEAD)
    _, cost, following = database.finished[CLAIM.call_id]
    assert (cost, following) == (Decimal("4.80"), NextStep(None, False, "answered"))
    assert facts == [Fact(Outcome.ANSWERED, 200, 16)]
    assert database.marked == []


async def test_a_retry_counts_from_the_end_of_the_attempt() -> None:
    database, end = PaperDatabase(past=[PastAttempt(Outcome.BUSY)]), datetime.now(UTC)
    await run(database, RETRYING, outcome=Outcome.BUSY, ended_at=end)
    _, cost, following = database.finished[CLAIM.call_id]
    assert (cost, following) == (Decimal(0), NextStep(end + timedelta(seconds=600), False, "retry"))
    database.past.append(PastAttempt(Outcome.BUSY))
    await run(database, RETRYING, outcome=Outcome.BUSY, ended_at=end)
    assert database.finished[CLAIM.call_id][2] == NextStep(None, False, "exhausted")


async def test_an_outcome_is_written_however_long_the_database_is_away() -> None:
    database = PaperDatabase(failures={"dialing": 2, "mark": 3, "finish": 4})
    late = Marks(path=("late",))
    await run(database, unsaved=late)
    assert CLAIM.call_id in database.finished
    assert database.marked[-1] is late


@pytest.mark.parametrize("by", ["engine", "network"])
async def test_the_breaker_is_told_what_we_cancelled_ourselves(by: str) -> None:
    _, facts = await run(PaperDatabase(), outcome=Outcome.FAILED, sip=0, q850=127, hung_up_by=by)
    assert facts == [Fact(Outcome.FAILED, 0, 127, ours=by == "engine")]


async def test_what_cannot_be_played_is_given_back_undialled() -> None:
    database = PaperDatabase(failures={"release": 1})
    failed, facts = await run(database, cannot=BadInput("clip-missing", "There is no clip"))
    assert failed == Cannot("clip-missing", "There is no clip")
    assert (database.released, database.callers, facts) == ([CLAIM.call_id], {}, [])


async def test_a_claim_that_is_no_longer_ours_is_not_dialled() -> None:
    database = PaperDatabase(lost_claims=True)
    _, facts = await run(database)
    assert (database.finished, facts) == ({}, [])


async def test_at_the_end_of_the_process_claims_are_given_back() -> None:
    database, caller = PaperDatabase(), PaperCaller()
    made = Attempts(database, caller, lambda *_: None)
    made.closing = True
    assert await made.run(CAMPAIGN, RetryPolicy(), CLAIM, []) is None
    assert (database.released, caller.talking) == ([CLAIM.call_id], [])


def test_the_callers_number() -> None:
    many = replace(CAMPAIGN, caller_ids=tuple(f"+7495000000{n}" for n in range(5)))
    assert {caller_for(many, replace(CLAIM, number=number), []) for number in range(1, 5)} == {
        caller_for(many, CLAIM, [])
    }, "one contact sees one number"
    assert len({caller_for(many, claim_of(contact), []) for contact in range(60)}) == 5
    again = replace(CLAIM, carousel=True, last_caller="+74951111111")
    assert caller_for(CAMPAIGN, again, ["+74951111111", "+74952222222"]) == "+74952222222"
    assert caller_for(CAMPAIGN, again, []) == "+74951111111", (
        "without a carousel the campaign's own is better than none"
    )
    assert caller_for(CAMPAIGN, again, ["+74951111111"]) == "+74951111111"


def test_a_retry_policy_that_cannot_be() -> None:
    for wrong in ({"attempts": "many"}, {"interval_s": 5}, {"outcomes": ["answered"]}, {"intervals": {"busy": 1}}):
        with pytest.raises(BadInput):
            retry_policy(replace(CAMPAIGN, retry=wrong))
    assert retry_policy(replace(CAMPAIGN, retry={"attempts": 3})).attempts == 3


def test_after_a_crash_nobody_is_called_at_once() -> None:
    end = datetime.now(UTC)
    policy = RetryPolicy(carousel=True, carousel_delay_s=0, interval_s=90)
    failed = [PastAttempt(Outcome.FAILED)]
    assert next_step(policy, failed, end) == NextStep(end, True, "retry")
    assert interrupted(end, policy, failed) == NextStep(end + timedelta(seconds=90), True, "retry")
    answered = [PastAttempt(Outcome.ANSWERED)]
    assert interrupted(end, policy, answered) == NextStep(None, False, "answered")
