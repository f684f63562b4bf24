"""The session's Phone on Asterisk: channel operations in the session's words, ARI events as telephony events."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from engine.ari.client import Ari, AriError, NotFound
from engine.ari.messages import (
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelHangupRequest,
    ChannelStateChange,
    Dial,
    Event,
    PlaybackFinished,
    StasisEnd,
    StasisStart,
)
from engine.domain.telephony import (
    CallEvent,
    Connected,
    DigitReceived,
    EarlyMedia,
    Ended,
    HangupRequested,
    LeftControl,
    PlaybackDone,
    Ringing,
)

RINGBACK = "tone:ring;tonezone=ru"
NORMAL_CLEARING = 16


class AriPhone:
    """Satisfies ``session.ports.Phone``. Operations on a channel that has just ended are quietly without effect."""

    def __init__(self, ari: Ari, app: str) -> None:
        self._ari = ari
        self._app = app

    async def originate(
        self,
        *,
        channel: str,
        trunk: str,
        number: str,
        caller_id: str,
        timeout_s: int,
        args: str,
        record_to: Path | None,
        longest_s: int,
    ) -> None:
        """``longest_s``: from now on; Asterisk itself ends what nobody ended until then, should we be gone for good."""
        variables = {"TIMEOUT(absolute)": str(longest_s)}
        if record_to:
            variables["DOZVON_RECORDING"] = str(record_to)
        await self._ari.channels.originate(
            endpoint=_endpoint(trunk, number),
            app=self._app,
            appArgs=args,
            channelId=channel,
            callerId=caller_id,
            timeout=timeout_s,
            formats="alaw,ulaw",
            variables=variables,
        )

    async def play(self, channel: str, playback: str, clip: Path) -> bool:
        """Start ``clip`` (the file without its extension is what Asterisk wants). False: the channel is gone."""
        return await self._play(channel, playback, f"sound:{clip.with_suffix('')}")

    async def play_ringback(self, channel: str, playback: str) -> bool:
        return await self._play(channel, playback, RINGBACK)

    async def _play(self, channel: str, playback: str, media: str) -> bool:
        try:
            await self._ari.channels.play(channel, media=media, playback=playback)
        except NotFound:
            return False
        return True

    async def stop_playback(self, playback: str) -> None:
        with suppress(NotFound):
            await self._ari.playbacks.stop(playback)

    async def is_playing(self, playback: str) -> bool:
        try:
            await self._ari.playbacks.get(playback)
        except NotFound:
            return False
        return True

    async def record(self, channel: str) -> None:
        """Send the channel through the dialplan's ``record`` context; it comes back as Connected("recording")."""
        with suppress(NotFound):
            await self._ari.channels.continueInDialplan(channel, context="record")

    async def send_silence(self, channel: str, on: bool) -> None:
        """Send packets of silence while nothing is played. Must be off while something is: Asterisk's playback ends its
        generator of silence, and would not start it again.
        """
        with suppress(NotFound):
            await (self._ari.channels.startSilence if on else self._ari.channels.stopSilence)(channel)

    async def bridge(self, bridge: str, *channels: str) -> None:
        with suppress(NotFound):
            await self._ari.bridges.create(bridge)
            await self._ari.bridges.addChannel(bridge, *channels)

    async def unbridge(self, bridge: str) -> None:
        with suppress(NotFound):
            await self._ari.bridges.destroy(bridge)

    async def hang_up(self, channel: str, cause: int = NORMAL_CLEARING) -> None:
        with suppress(NotFound):
            await self._ari.channels.hangup(channel, reason_code=cause)

    async def live_channels(self) -> frozenset[str]:
        """Ids of all channels that Asterisk has now."""
        return frozenset(channel.id for channel in await self._ari.channels.list())

    async def live_bridges(self) -> frozenset[str]:
        """Ids of all bridges; an empty one stays until it is destroyed."""
        return frozenset(bridge.id for bridge in await self._ari.bridges.list())


def _endpoint(trunk: str, number: str) -> str:
    if number.lower().startswith(("sip:", "sips:")):
        return f"PJSIP/{trunk}/{number}"
    return f"PJSIP/{number}@{trunk}"


def translate(event: Event, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> CallEvent | None:
    """An ARI event in the session's words; None for those that say nothing to a call."""
    at = now()
    match event:  # what comes with every attempt first
        case Dial(peer, status):
            if status == "RINGING":
                return Ringing(peer.id, at)
            return EarlyMedia(peer.id, at) if status == "PROGRESS" else None
        case ChannelDestroyed(channel, cause, text, tech):
            return Ended(channel.id, cause, text, tech, at)
        case ChannelHangupRequest(channel):
            return HangupRequested(channel.id, at)
        case StasisStart(channel, args):
            return Connected(channel.id, args, at, channel.caller.number, channel.dialplan.exten)
        case StasisEnd(channel):
            return LeftControl(channel.id, at)
        case ChannelStateChange(channel) if channel.state == "Ringing":
            return Ringing(channel.id, at)
        case ChannelDtmfReceived(channel, digit):
            return DigitReceived(channel.id, digit, at)
        case PlaybackFinished(playback):
            kind, _, channel_id = playback.target_uri.partition(":")
            return PlaybackDone(channel_id, playback.id, playback.state == "failed", at) if kind == "channel" else None
        case _:
            return None


__all__ = ["AriError", "AriPhone", "translate"]
