"""ARI's events as Asterisk 22 writes them, and what they say to a call."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, get_args

import msgspec
import pytest

from engine.ari import messages
from engine.ari.messages import HEARD, decode_event
from engine.ari.phone import translate
from engine.domain import telephony as tel

AT = datetime(2026, 1, 1, tzinfo=UTC)
CHANNEL = {
    "id": "call-1",
    "name": "PJSIP/carrier-00000001",
    "state": "Up",
    "protocol_id": "x",
    "caller": {"name": "", "number": "+7495"},
    "connected": {"name": "", "number": ""},
    "dialplan": {"context": "from-trunk", "exten": "+7900", "priority": 1, "app_name": "Stasis", "app_data": ""},
    "language": "en",
}
PLAYBACK = {"id": "call-1.play#1", "media_uri": "sound:x", "target_uri": "channel:call-1", "language": "en"}
SAID: list[tuple[dict[str, Any], tel.CallEvent | None]] = [
    ({"type": "StasisStart", "args": ["call"]}, tel.Connected("call-1", ("call",), AT, "+7495", "+7900")),
    ({"type": "StasisEnd"}, tel.LeftControl("call-1", AT)),
    ({"type": "ChannelHangupRequest", "cause": 16, "soft": True}, tel.HangupRequested("call-1", AT)),
    (
        {"type": "ChannelDestroyed", "cause": 17, "cause_txt": "User busy", "tech_cause": 486},
        tel.Ended("call-1", 17, "User busy", 486, AT),
    ),
    ({"type": "ChannelDestroyed", "cause": 0, "cause_txt": "Unknown"}, tel.Ended("call-1", 0, "Unknown", 0, AT)),
    ({"type": "ChannelStateChange", "channel": {**CHANNEL, "state": "Ringing"}}, tel.Ringing("call-1", AT)),
    ({"type": "ChannelStateChange", "channel": {**CHANNEL, "state": "Ring"}}, None),
    ({"type": "ChannelStateChange"}, None),
    ({"type": "ChannelDtmfReceived", "digit": "#", "duration_ms": 120}, tel.DigitReceived("call-1", "#", AT)),
    ({"type": "Dial", "peer": CHANNEL, "dialstatus": "RINGING"}, tel.Ringing("call-1", AT)),
    ({"type": "Dial", "peer": CHANNEL, "dialstatus": "PROGRESS"}, tel.EarlyMedia("call-1", AT)),
    ({"type": "Dial", "peer": CHANNEL, "dialstatus": ""}, None),
    ({"type": "Dial", "peer": CHANNEL, "dialstatus": "ANSWER"}, None),
    (
        {"type": "PlaybackFinished", "playback": {**PLAYBACK, "state": "done"}},
        tel.PlaybackDone("call-1", "call-1.play#1", False, AT),
    ),
    (
        {"type": "PlaybackFinished", "playback": {**PLAYBACK, "state": "failed"}},
        tel.PlaybackDone("call-1", "call-1.play#1", True, AT),
    ),
    ({"type": "PlaybackFinished", "playback": {**PLAYBACK, "state": "done", "target_uri": "bridge:b"}}, None),
    ({"type": "ApplicationReplaced"}, None),
]


@pytest.mark.parametrize(("event", "told"), SAID, ids=[event["type"] for event, _ in SAID])
def test_events(event: dict[str, Any], told: tel.CallEvent | None) -> None:
    whole = {
        "channel": CHANNEL,
        "application": "dozvon",
        "timestamp": "2026-01-01T00:00:00",
        "asterisk_id": "a",
        **event,
    }
    assert translate(decode_event(msgspec.json.encode(whole)), lambda: AT) == told


def test_whatever_means_something_is_asked_for() -> None:
    """Asterisk sends only what is in HEARD: an event that is understood but not asked for never comes."""
    understood = {event["type"] for event, told in SAID if told is not None}
    assert set(HEARD) == understood
    told_kinds = {type(told) for _, told in SAID if told is not None}
    assert told_kinds == set(get_args(tel.CallEvent))


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "ChannelVarset", "channel": {"id": "1", "state": "Up"}}',
        '{"type": "StasisStart"}',
        '{"type": "ChannelDestroyed", "channel": {"id": 5, "state": "Up"}, "cause": 1, "cause_txt": ""}',
        '{"application": "x"}',
        "[]",
        "nothing",
        "",
    ],
)
def test_what_is_no_event_of_ours(text: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        messages.decode_event(text)
