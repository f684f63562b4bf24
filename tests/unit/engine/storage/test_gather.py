"""Gathering: together what comes together, each with its own answer, one batch at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import asyncpg
import pytest

from engine.domain.errors import Unavailable
from engine.storage.gather import MOST, Gatherer

BAD = -1


class Paper:
    """Answers with the double. Refuses a batch with a bad item; is away when told so; ``held``: waits before it writes."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.away = 0
        self.held = asyncio.Event()
        self.held.set()
        self.begun = asyncio.Event()
        self._writing = 0

    async def write(self, items: Sequence[int]) -> list[int]:
        self._writing += 1
        assert self._writing == 1 or len(items) == 1, "two batches at once"
        self.batches.append(list(items))
        self.begun.set()
        try:
            await self.held.wait()
            if self.away:
                self.away -= 1
                raise Unavailable("postgres_unreachable", "away")
            if BAD in items:
                raise asyncpg.DataError("refused")
            return [item * 2 for item in items]
        finally:
            self._writing -= 1


async def test_what_comes_together_is_written_together() -> None:
    paper = Paper()
    gatherer = Gatherer(paper.write)
    assert await asyncio.gather(*map(gatherer.put, range(5))) == [0, 2, 4, 6, 8]
    assert paper.batches == [[0, 1, 2, 3, 4]]


async def test_while_one_batch_is_written_the_next_gathers() -> None:
    paper = Paper()
    gatherer = Gatherer(paper.write)
    paper.held.clear()
    puts = [asyncio.ensure_future(gatherer.put(1))]
    await paper.begun.wait()
    for item in (2, 3):
        puts.append(asyncio.ensure_future(gatherer.put(item)))
        await asyncio.sleep(0)
    assert paper.batches == [[1]]
    paper.held.set()
    assert await asyncio.gather(*puts) == [2, 4, 6]
    assert paper.batches == [[1], [2, 3]]


async def test_a_batch_is_bounded() -> None:
    paper = Paper()
    gatherer = Gatherer(paper.write)
    assert await asyncio.gather(*map(gatherer.put, range(2 * MOST + 1))) == [2 * item for item in range(2 * MOST + 1)]
    assert [len(batch) for batch in paper.batches] == [MOST, MOST, 1]


async def test_a_bad_item_does_not_sink_its_neighbours() -> None:
    paper = Paper()
    gatherer = Gatherer(paper.write)
    results = await asyncio.gather(*map(gatherer.put, (1, BAD, 3)), return_exceptions=True)
    assert results[0::2] == [2, 6]
    assert isinstance(results[1], asyncpg.DataError)
    assert sorted(paper.batches) == sorted([[1, BAD, 3], [1], [BAD], [3]])
    with pytest.raises(asyncpg.DataError):
        await gatherer.put(BAD)
    assert len(paper.batches) == 5, "alone it is tried once"


async def test_a_server_that_is_away_is_everybodys_trouble_and_passes() -> None:
    paper = Paper()
    gatherer = Gatherer(paper.write)
    paper.away = 1
    results = await asyncio.gather(*map(gatherer.put, (1, 2)), return_exceptions=True)
    assert [type(result) for result in results] == [Unavailable, Unavailable]
    assert await asyncio.gather(*map(gatherer.put, (1, 2))) == [2, 4]


async def test_who_no_longer_waits_takes_nothing_from_the_others() -> None:
    paper = Paper()
    gatherer = Gatherer(paper.write)
    paper.held.clear()
    gone, stays = (asyncio.ensure_future(gatherer.put(item)) for item in (1, 2))
    await paper.begun.wait()
    gone.cancel()
    await asyncio.wait({gone})
    paper.held.set()
    assert await stays == 4
    assert gone.cancelled()
    assert paper.batches == [[1, 2]], "it is written all the same"


async def test_cancelled_while_it_gathers() -> None:
    paper = Paper()
    gatherer = Gatherer(paper.write)
    paper.held.clear()
    first = asyncio.ensure_future(gatherer.put(1))
    await paper.begun.wait()
    gone, stays = (asyncio.ensure_future(gatherer.put(item)) for item in (2, 3))
    await asyncio.sleep(0)
    gone.cancel()
    paper.held.set()
    assert (await first, await stays) == (2, 6)
    assert paper.batches == [[1], [2, 3]]
