"""The ARI events and objects that we use, as msgspec structs; fields we do not read are left out.

Source: Asterisk 22's own ``rest-api/events.json`` and ``channels.json``.
"""

from __future__ import annotations

import msgspec


class CallerId(msgspec.Struct, frozen=True):
    number: str = ""
    name: str = ""


class DialplanPlace(msgspec.Struct, frozen=True):
    exten: str = ""


class Channel(msgspec.Struct, frozen=True):
    id: str
    state: str
    name: str = ""
    caller: CallerId = CallerId()
    dialplan: DialplanPlace = DialplanPlace()


class Bridge(msgspec.Struct, frozen=True):
    id: str


class StoredRecording(msgspec.Struct, frozen=True):
    name: str


class Playback(msgspec.Struct, frozen=True):
    id: str
    state: str
    target_uri: str


class RestResponse(msgspec.Struct, frozen=True, tag="RESTResponse"):
    """The answer to a request that went over a WebSocket (``request_id``: as in the request)."""

    request_id: str
    status_code: int
    reason_phrase: str = ""
    message_body: str = ""


class StasisStart(msgspec.Struct, frozen=True, tag=True):
    channel: Channel
    args: tuple[str, ...]


class StasisEnd(msgspec.Struct, frozen=True, tag=True):
    channel: Channel


class ChannelDestroyed(msgspec.Struct, frozen=True, tag=True):
    channel: Channel
    cause: int
    cause_txt: str
    tech_cause: int = 0


class ChannelHangupRequest(msgspec.Struct, frozen=True, tag=True):
    channel: Channel


class ChannelStateChange(msgspec.Struct, frozen=True, tag=True):
    channel: Channel


class ChannelDtmfReceived(msgspec.Struct, frozen=True, tag=True):
    channel: Channel
    digit: str


class Dial(msgspec.Struct, frozen=True, tag=True):
    peer: Channel
    dialstatus: str


class PlaybackFinished(msgspec.Struct, frozen=True, tag=True):
    playback: Playback


class ApplicationReplaced(msgspec.Struct, frozen=True, tag=True):
    application: str


Event = (
    StasisStart
    | StasisEnd
    | ChannelDestroyed
    | ChannelHangupRequest
    | ChannelStateChange
    | ChannelDtmfReceived
    | Dial
    | PlaybackFinished
    | ApplicationReplaced
)
HEARD = tuple(
    kind.__name__
    for kind in (
        StasisStart,
        StasisEnd,
        ChannelDestroyed,
        ChannelHangupRequest,
        ChannelStateChange,
        ChannelDtmfReceived,
        Dial,
        PlaybackFinished,
    )
)
"""What we ask Asterisk to send: it filters at the source, so that a variable set or a format change costs nothing."""

decode_event = msgspec.json.Decoder(Event).decode
decode_response = msgspec.json.Decoder(RestResponse).decode
decode_channels = msgspec.json.Decoder(list[Channel]).decode
decode_bridges = msgspec.json.Decoder(list[Bridge]).decode
decode_recordings = msgspec.json.Decoder(list[StoredRecording]).decode
