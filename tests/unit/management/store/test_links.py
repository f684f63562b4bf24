from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from management.store.links import FileLink, Links

LINK = FileLink("accounts/1/audio/x.mp3", "audio/mpeg", "Запись разговора.mp3", inline=True)
SECRET = "s" * 32


@given(name=st.text(), inline=st.booleans())
def test_read_back_as_signed(name: str, inline: bool) -> None:
    links, link = Links(SECRET), FileLink("key", "text/plain", name, inline)
    assert links.read(links.sign(link)) == link


def test_over_when_its_time_is() -> None:
    time = [1000.0]
    links = Links(SECRET, lambda: time[0])
    token = links.sign(LINK, life_s=60)
    time[0] = 1059.0
    assert links.read(token) == LINK
    assert links.read(token) == LINK  # a player asks again and again
    time[0] = 1060.0
    assert links.read(token) is None


def test_signed_by_another() -> None:
    assert Links(SECRET).read(Links("t" * 32).sign(LINK)) is None


@given(data=st.data())
def test_forged(data: st.DataObject) -> None:
    links = Links(SECRET)
    token = links.sign(LINK)
    place = data.draw(st.integers(0, len(token) - 2))  # a signature's last letter has bits that mean nothing
    letter = data.draw(st.sampled_from("abcXYZ019-_."))
    forged = token[:place] + letter + token[place + 1 :]
    assert links.read(forged) in ((LINK,) if forged == token else (None,))


@pytest.mark.parametrize("token", ["", ".", "a.b", "..", "é.ü"])
def test_no_token_at_all(token: str) -> None:
    assert Links(SECRET).read(token) is None
