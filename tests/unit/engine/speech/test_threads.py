from __future__ import annotations

import asyncio
import threading
from functools import partial

import pytest

from engine.speech.threads import Threads


async def test_what_is_due_first_is_done_first() -> None:
    threads = Threads(1)
    gate, done, over = threading.Event(), list[str](), asyncio.Event()

    def tell(result: asyncio.Future[str]) -> None:
        done.append(result.result())
        if len(done) == 4:
            over.set()

    threads.run(lambda: str(gate.wait(10)), 9.0, tell)
    for name, due in (("still speaks", 5.4), ("answered", 5.1), ("answered before", 5.0)):
        threads.run(partial(str, name), due, tell)
    gate.set()
    await over.wait()
    assert done == ["True", "answered before", "answered", "still speaks"]
    await threads.close()


async def test_a_failure_is_told_and_the_thread_goes_on() -> None:
    threads = Threads(1)
    told = asyncio.Queue[BaseException | None]()

    def tell(result: asyncio.Future[None]) -> None:
        told.put_nowait(result.exception())

    def breaks() -> None:
        raise ValueError("broken")

    threads.run(breaks, 0.0, tell)
    threads.run(lambda: None, 1.0, tell)
    assert [type(await told.get()), await told.get()] == [ValueError, None]
    await threads.close()
    with pytest.raises(RuntimeError):
        threads.run(breaks, 0.0, tell)


async def test_who_breaks_when_he_is_told_keeps_nobody_waiting() -> None:
    threads, over, complaints = Threads(1), asyncio.Event(), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context["exception"]))
    problem = ValueError("broken")

    def breaks(_: asyncio.Future[None]) -> None:
        raise problem

    threads.run(lambda: None, 0.0, breaks)
    threads.run(lambda: None, 1.0, lambda _: over.set())
    await asyncio.wait_for(over.wait(), 5)
    assert complaints == [problem]
    await threads.close()
