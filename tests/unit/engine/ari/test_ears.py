"""Attaching ears: what Asterisk is asked, and what is left when it refuses."""

from __future__ import annotations

import pytest

from engine.ari.client import Ari, AriError
from engine.ari.ears import AriEars
from engine.speech.g711 import samples16
from tests.unit.engine.ari.conftest import SmallAri
from tests.unit.engine.ari.test_ear_sockets import Heard


async def test_an_ear_spies_on_its_call(ari: Ari, small: SmallAri) -> None:
    leg = await AriEars(ari, "dozvon", samples16).attach("call", Heard())
    (method, path, _, body), subscribed = small.asked
    assert (method, path) == ("POST", "/ari/channels")
    assert body["endpoint"].startswith("UnicastRTP/127.0.0.1:")
    assert (body["context"], body["channelId"]) == ("ear", "call-ear1")
    assert body["variables"] == {"DOZVON_HEARD": "call"}
    assert subscribed[1:3] == ("/ari/applications/dozvon/subscription", {"eventSource": "channel:call-ear1"})
    await leg.detach()
    assert small.asked[-1][:2] == ("DELETE", "/ari/channels/call-ear1")


async def test_nothing_is_left_of_an_ear_that_ended_at_once(ari: Ari, small: SmallAri) -> None:
    small.answers["/ari/applications/dozvon/subscription"] = (422, b"{}")
    ears, heard = AriEars(ari, "dozvon", samples16), Heard()
    with pytest.raises(AriError):
        await ears.attach("call", heard)
    assert small.asked[-1][:2] == ("DELETE", "/ari/channels/call-ear1")
    ears.ended("call-ear1")
    assert not heard.is_lost


async def test_an_end_is_told_once_and_only_to_its_own(ari: Ari) -> None:
    ears, heard, other = AriEars(ari, "dozvon", samples16), Heard(), Heard()
    leg = await ears.attach("call", heard)
    await (await ears.attach("other", other)).detach()
    for channel in ("call", "other-ear2", "call-ear1", "call-ear1"):
        ears.ended(channel)
    assert (heard.is_lost, other.is_lost) == (True, False)
    heard.is_lost = False
    await leg.detach()
    assert not heard.is_lost


async def test_a_reconnection_finds_ears_that_ended_unseen(ari: Ari, small: SmallAri) -> None:
    ears, gone, alive = AriEars(ari, "dozvon", samples16), Heard(), Heard()
    legs = [await ears.attach("a", gone), await ears.attach("b", alive)]
    small.body = b'[{"id": "b-ear2", "state": "Up"}]'
    await ears.reconcile()
    assert (gone.is_lost, alive.is_lost) == (True, False)
    assert small.asked[-1][2] == {"eventSource": "channel:b-ear2"}
    for leg in legs:
        await leg.detach()
