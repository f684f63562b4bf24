"""Money: every movement balances, counts once, and stays."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.domain.money import Tariff
from engine.storage.database import Database
from tests.integration.storage.conftest import Books

pytestmark = pytest.mark.integration

AMOUNTS = st.decimals(min_value="0.0001", max_value="999999.9999", places=4)
MOVES = st.lists(st.tuples(st.sampled_from(["top_up", "charge"]), st.integers(0, 5), AMOUNTS), min_size=1, max_size=25)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES)
async def test_any_movements(books: Books, moves: list[tuple[str, int, Decimal]]) -> None:
    """Keys repeat: a key's first amount counts and no other. One account for each example; revenue is shared."""
    account = await books.catalogue.create_account("Any")
    code, expected, used = f"customer:{account}", Decimal(0), set[tuple[str, int]]()
    for kind, number, amount in moves:
        key, sign = f"{code}:{kind}:{number}", 1 if kind == "top_up" else -1
        if kind == "top_up":
            new = await books.catalogue.top_up(account, key, amount, "")
        else:
            new = await books.database.fetchval(
                "select ledger_move($1, $2, 'revenue:calls', $3, '')", key, code, amount
            )
        assert new == ((kind, number) not in used)
        if new:
            used.add((kind, number))
            expected += sign * amount
    assert await books.catalogue.balance(account) == expected
    assert await _sum(books.database, code) == expected
    assert await _unbalanced(books.database) == 0


async def test_one_key_from_many_sides_counts_once(books: Books) -> None:
    account = await books.catalogue.create_account("Busy")
    news = await asyncio.gather(*(books.catalogue.top_up(account, "same", Decimal(5), "") for _ in range(12)))
    assert news.count(True) == 1
    await asyncio.gather(*(books.catalogue.top_up(account, f"other {n}", Decimal(1), "") for n in range(12)))
    assert await books.catalogue.balance(account) == await _sum(books.database, f"customer:{account}") == 17


async def test_each_call_is_charged_once_however_often_it_ends(books: Books) -> None:
    campaign = await books.campaign(6)
    claims = await books.claim(campaign, 6)
    cost = str(Tariff(campaign.per_minute).cost(61))
    ends = await asyncio.gather(*(books.finish(claim.call_id, cost=cost) for claim in claims for _ in range(3)))
    assert ends.count(True) == 6
    assert await books.catalogue.balance(books.account) == 1000 - 6 * Decimal("4.80")
    assert (await books.campaigns.progress(campaign.id))["spent"] == 6 * Decimal("4.80")
    assert await _sum(books.database, "revenue:calls") == 6 * Decimal("4.80")
    assert await _unbalanced(books.database) == 0


@pytest.mark.parametrize(
    "sql",
    [
        "update ledger_postings set amount = amount * 2",
        "delete from ledger_postings",
        "update ledger_journals set comment = 'x'",
        "delete from ledger_journals where id not in (select journal_id from ledger_postings)",
    ],
)
async def test_the_past_cannot_be_changed(books: Books, sql: str) -> None:
    await books.catalogue.top_up(books.account, "nothing", Decimal(0), "a journal without postings")
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await books.database.execute(sql)


async def test_what_does_not_balance_is_refused(books: Books) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="does not balance"):
        await books.database.execute(
            "with journal as (insert into ledger_journals (key) values ('bad') returning id)"
            " insert into ledger_postings select journal.id, a.id, 1 from journal, ledger_accounts a"
        )
    assert await books.database.fetchval("select count(*) from ledger_journals where key = 'bad'") == 0


async def _sum(database: Database, code: str) -> Decimal:
    sql = (
        "select sum(amount) from ledger_postings p join ledger_accounts a on a.id = p.ledger_account_id where code = $1"
    )
    return Decimal(await database.fetchval(sql, code) or 0)


async def _unbalanced(database: Database) -> int:
    sql = "select count(*) from (select 1 from ledger_postings group by journal_id having sum(amount) <> 0 or count(*) <> 2) x"
    return int(await database.fetchval(sql))
