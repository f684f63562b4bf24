"""Requests over their socket: each gets its own answer or an error, whatever becomes of the connection."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from engine.ari import requests as requests_module
from engine.ari.client import Ari, AriError, NotFound
from engine.ari.requests import AT_ONCE, LOW, RequestSocket
from engine.host.ports import free_port
from engine.session.ports import ASTERISK_AWAY
from tests.support.world import until
from tests.unit.engine.ari.conftest import SmallAri, response_to


async def ordered(small: SmallAri, count: int) -> None:
    for _ in range(count):
        await asyncio.wait_for(small.ordered.get(), 5)


def order(ari: Ari, number: int) -> asyncio.Future[None]:
    return asyncio.ensure_future(ari.order("POST", f"channels/{number}", {}))


async def test_one_connection_serves_all(small: SmallAri, ari: Ari) -> None:
    await asyncio.gather(*(ari.order("POST", "channels", {"n": n}) for n in range(20)))
    assert [body["n"] for _, _, _, body in small.asked] == list(range(20)), "in their order"
    assert len(small.sockets) == 1


@pytest.mark.parametrize("status", [400, 404, 409, 500])
async def test_a_refusal_is_that_of_its_request(small: SmallAri, ari: Ari, status: int) -> None:
    small.answers["/ari/channels/1"] = status, b'{"message": "Allocation failed"}'
    results = await asyncio.gather(*(order(ari, n) for n in range(3)), return_exceptions=True)
    assert [isinstance(result, AriError) for result in results] == [False, True, False]
    refusal = results[1]
    assert isinstance(refusal, AriError)
    assert isinstance(refusal, NotFound) == (status == 404)
    assert (refusal.status, refusal.code) == (status, "ari")
    assert "POST channels/1" in str(refusal)
    assert "Allocation failed" in str(refusal)


async def test_answers_find_their_requests_in_any_order(small: SmallAri, ari: Ari) -> None:
    small.silent = True
    first, second = order(ari, 1), order(ari, 2)
    await ordered(small, 2)
    (socket,) = small.sockets
    for text in ("not json", '{"type": "ApplicationReplaced", "application": "x"}', response_to("99", 200)):
        await socket.send_str(text)
    await socket.send_str(response_to("2", 404))
    await socket.send_str(response_to("1", 200))
    await first
    with pytest.raises(NotFound):
        await second


async def test_no_more_than_a_few_are_on_their_way(small: SmallAri, ari: Ari) -> None:
    small.silent = True
    orders = [order(ari, n) for n in range(2 * AT_ONCE)]
    await ordered(small, AT_ONCE)
    await ari.ping()  # whatever the socket was given has arrived before this answer
    assert len(small.asked) == AT_ONCE + 1, "the ping and those"
    for n in range(AT_ONCE - LOW):
        await small.sockets[0].send_str(response_to(str(n + 1), 200))
        await orders[n]
    await ordered(small, AT_ONCE - LOW)
    assert len(small.asked) == 2 * AT_ONCE - LOW + 1, "as many more, together"
    for each in orders:
        each.cancel()


async def test_a_lost_connection_fails_what_waits_and_is_made_again(small: SmallAri, ari: Ari) -> None:
    small.silent = True
    orders = [order(ari, n) for n in range(2)]
    await ordered(small, 2)
    await small.sockets[0].close()
    for each in orders:
        with pytest.raises(AriError) as error:
            await each
        assert (error.value.status, error.value.code) == (0, ASTERISK_AWAY)
    small.silent = False
    await ari.order("POST", "channels/3", {})
    assert len(small.sockets) == 2


async def test_a_lost_connection_is_nothing_to_those_that_still_wait(small: SmallAri, ari: Ari) -> None:
    small.silent = True
    orders = [order(ari, n) for n in range(AT_ONCE + 3)]
    await ordered(small, AT_ONCE)
    small.silent = False
    await small.sockets[0].close()
    results = await asyncio.gather(*orders, return_exceptions=True)
    assert [isinstance(result, AriError) for result in results] == [True] * AT_ONCE + [False] * 3
    assert len(small.sockets) == 2


async def test_without_a_connection_all_that_wait_are_told(small: SmallAri, ari: Ari) -> None:
    small.open = False
    results = await asyncio.gather(*(order(ari, n) for n in range(AT_ONCE + 3)), return_exceptions=True)
    assert {type(result) for result in results} == {AriError}
    small.open = True
    await ari.order("POST", "channels", {})


async def test_an_answer_that_does_not_come(small: SmallAri, ari: Ari, monkeypatch: pytest.MonkeyPatch) -> None:
    await ari.order("POST", "channels", {})  # it is connected from now on
    small.silent = True
    monkeypatch.setattr(requests_module, "TIMEOUT_S", 0.05)
    with pytest.raises(AriError) as error:
        await ari.order("POST", "channels", {})
    assert error.value.code == ASTERISK_AWAY
    monkeypatch.undo()
    small.silent = False
    await small.sockets[0].send_str(response_to("2", 200))  # late: nobody waits for it
    await ari.order("POST", "channels", {})


async def test_a_connection_that_does_not_come_about_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks later has one made for him."""
    monkeypatch.setattr(requests_module, "TIMEOUT_S", 0.05)
    attempts = 0

    async def connect() -> aiohttp.ClientWebSocketResponse:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            await asyncio.Event().wait()
        raise aiohttp.ClientConnectionError("refused")

    async def refused() -> bool:
        try:
            await socket.request("POST", "channels", {})
        except TimeoutError:
            return False
        except aiohttp.ClientConnectionError:
            return True
        return False

    socket = RequestSocket(connect)
    assert not await refused()
    await until(refused, 5)


async def test_nobody_there() -> None:
    async with Ari(f"http://127.0.0.1:{free_port()}", "dozvon", "secret") as ari:
        with pytest.raises(AriError) as error:
            await ari.order("POST", "channels", {})
    assert error.value.code == ASTERISK_AWAY


async def test_a_socket_that_is_refused(small: SmallAri, ari: Ari) -> None:
    small.open = False
    with pytest.raises(AriError) as error:
        await ari.order("POST", "channels", {})
    assert (error.value.status, error.value.code) == (503, "ari")
