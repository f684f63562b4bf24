from __future__ import annotations

import asyncio

from litestar import Litestar, get
from litestar.di import NamedDependency, Provide
from litestar.testing import AsyncTestClient

from management.app import _one_by_one


async def test_dependencies_start_no_tasks() -> None:
    """It reaches into Litestar: another release may do without what it changes."""
    seen: set[asyncio.Task[object] | None] = set()

    async def first() -> int:
        seen.add(asyncio.current_task())
        return 1

    async def second() -> int:
        seen.add(asyncio.current_task())
        return 2

    @get("/")
    async def both(one: NamedDependency[int], two: NamedDependency[int]) -> int:
        seen.add(asyncio.current_task())
        return one + two

    app = Litestar([both], dependencies={"one": Provide(first), "two": Provide(second)})
    _one_by_one(app)
    async with AsyncTestClient(app) as client:
        assert (await client.get("/")).json() == 3
    assert len(seen) == 1
