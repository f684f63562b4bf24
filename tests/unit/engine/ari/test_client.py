"""Requests to ARI, and what becomes of its refusals."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from engine.ari.client import Ari, AriError, NotFound
from engine.ari.phone import AriPhone
from engine.host.ports import free_port
from engine.session.ports import ASTERISK_AWAY
from tests.unit.engine.ari.conftest import SmallAri


async def test_who_asks(small: SmallAri, ari: Ari) -> None:
    await ari.ping()
    assert small.asked == [("GET", "/ari/asterisk/ping", {}, None)]
    assert small.authorised == [f"Basic {base64.b64encode(b'dozvon:secret').decode()}"]


async def test_variables_travel_in_the_body(small: SmallAri, ari: Ari) -> None:
    await ari.channels.originate(
        endpoint="PJSIP/1@t", callerId='"Анна" <+7>', timeout=30, nothing=None, variables={"A": "ё&=1"}
    )
    body = {"endpoint": "PJSIP/1@t", "callerId": '"Анна" <+7>', "timeout": 30, "variables": {"A": "ё&=1"}}
    assert small.asked == [("POST", "/ari/channels", {}, body)]


async def test_ids_may_hold_anything(small: SmallAri, ari: Ari) -> None:
    await ari.channels.hangup("a b?c#d%e", reason_code=17)
    assert small.asked == [("DELETE", "/ari/channels/a b?c#d%e", {"reason_code": "17"}, None)]


@pytest.mark.parametrize("status", [400, 404, 409, 422, 500, 503])
async def test_refusals(small: SmallAri, ari: Ari, status: int) -> None:
    small.status, small.body = status, '{"message": "Allocation failed — нет"}'.encode() + b"\xff" + b"x" * 1000
    with pytest.raises(AriError) as error:
        await ari.channels.answer("1")
    assert error.value.status == status
    assert isinstance(error.value, NotFound) == (status == 404)
    assert error.value.code != ASTERISK_AWAY
    assert "POST channels/1/answer" in str(error.value)
    assert "Allocation failed" in str(error.value)
    assert len(str(error.value)) < 400


async def test_nobody_there() -> None:
    async with Ari(f"http://127.0.0.1:{free_port()}", "dozvon", "secret") as ari:
        with pytest.raises(AriError) as error:
            await ari.ping()
    assert (error.value.status, error.value.code) == (0, ASTERISK_AWAY)


async def test_what_concerns_a_channel_that_is_gone_is_without_effect(small: SmallAri, ari: Ari) -> None:
    small.status = 404
    phone = AriPhone(ari, "dozvon")
    assert not await phone.play("1", "p", Path("/clips/a.alaw"))
    assert not await phone.play_ringback("1", "p")
    assert not await phone.is_playing("p")
    await phone.stop_playback("p")
    await phone.record("1")
    await phone.send_silence("1", on=True)
    await phone.send_silence("1", on=False)
    await phone.bridge("b", "1", "2")
    await phone.unbridge("b")
    await phone.hang_up("1")
    assert len(small.asked) == 10
    small.status = 500
    for work in (phone.hang_up("1"), phone.stop_playback("p"), phone.play("1", "p", Path("/a.alaw"))):
        with pytest.raises(AriError):
            await work


@pytest.mark.parametrize(
    ("number", "endpoint"),
    [
        ("+79001234567", "PJSIP/+79001234567@trunk"),
        ("sip:anna@pbx.example", "PJSIP/trunk/sip:anna@pbx.example"),
        ("SIPS:anna@pbx.example:5061", "PJSIP/trunk/SIPS:anna@pbx.example:5061"),
    ],
)
async def test_placing_a_call(small: SmallAri, ari: Ari, number: str, endpoint: str) -> None:
    await AriPhone(ari, "dozvon").originate(
        channel="id",
        trunk="trunk",
        number=number,
        caller_id="+7495",
        timeout_s=30,
        args="call",
        record_to=Path("/r/id"),
        longest_s=700,
    )
    ((_, _, _, body),) = small.asked
    assert (body["endpoint"], body["channelId"], body["timeout"]) == (endpoint, "id", 30)
    assert (body["app"], body["appArgs"], body["callerId"]) == ("dozvon", "call", "+7495")
    assert body["variables"] == {"TIMEOUT(absolute)": "700", "DOZVON_RECORDING": "/r/id"}


async def test_what_is_live(small: SmallAri, ari: Ari) -> None:
    small.answers["/ari/channels"] = 200, b'[{"id": "a", "state": "Up", "new": 1}, {"id": "b", "state": "Ring"}]'
    small.answers["/ari/bridges"] = 200, b'[{"id": "c", "technology": "simple_bridge"}]'
    phone = AriPhone(ari, "dozvon")
    assert await phone.live_channels() == {"a", "b"}
    assert await phone.live_bridges() == {"c"}
