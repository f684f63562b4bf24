"""ARI over one kept-alive aiohttp session, the resources named as ari-py named them.

>>> async with Ari(address, user, password) as ari:
...     await ari.channels.originate(endpoint="PJSIP/79001234567@carrier", app="dozvon", channelId="…")
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from types import TracebackType
from urllib.parse import quote

import aiohttp
import msgspec
from yarl import URL

from engine.ari.messages import Bridge, Channel, decode_bridges, decode_channels, decode_recordings
from engine.ari.requests import TIMEOUT_S, RequestSocket
from engine.domain.errors import Unavailable
from engine.domain.text import mark

Params = Mapping[str, object]
_TIMEOUT = aiohttp.ClientTimeout(total=TIMEOUT_S, sock_connect=3)
CONNECTIONS = 16
"""Kept-alive connections. Each holds one of Asterisk's HTTP sessions (``sessionlimit``); a request takes ~1 ms."""


class AriError(Unavailable):
    """Asterisk refused a request or could not be reached (status 0)."""

    def __init__(self, status: int, text: str, request: str) -> None:
        code = "ari" if status else "asterisk_away"
        super().__init__(code, mark("Asterisk: {request}: {status} {text}"), status=status, text=text, request=request)
        self.status = status


class NotFound(AriError):
    """The channel, bridge or playback is gone: usually it has just ended."""


class Ari:
    """The client. Raises AriError (NotFound for 404) from every request."""

    def __init__(self, address: str, user: str, password: str) -> None:
        self.address = address.rstrip("/")
        self._headers = {"Authorization": aiohttp.encode_basic_auth(user, password)}
        self._http: aiohttp.ClientSession | None = None
        self._orders = RequestSocket(self._connect)
        self.channels = Channels(self)
        self.bridges = Bridges(self)
        self.playbacks = Playbacks(self)
        self.recordings = Recordings(self)
        self.applications = Applications(self)

    async def __aenter__(self) -> Ari:
        connector = aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=60)
        self._http = aiohttp.ClientSession(connector=connector, headers=self._headers, timeout=_TIMEOUT)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._orders.close()
        if self._http:
            await self._http.close()

    @property
    def http(self) -> aiohttp.ClientSession:
        assert self._http is not None, "use the client in `async with`"
        return self._http

    async def request(self, method: str, path: str, params: Params | None = None, body: object = None) -> bytes:
        url = URL(f"{self.address}/ari/{quote(path)}", encoded=True)  # ids are ours and may hold any character
        query = {key: str(value) for key, value in (params or {}).items() if value is not None}
        data = None if body is None else msgspec.json.encode(body)
        headers = None if data is None else {"Content-Type": "application/json"}
        try:
            async with self.http.request(method, url, params=query, data=data, headers=headers) as answer:
                content = await answer.read()
                if answer.status < 400:
                    return content
        except (aiohttp.ClientError, TimeoutError) as error:
            raise AriError(0, str(error) or type(error).__name__, f"{method} {path}") from error
        raise _refusal(answer.status, content.decode(errors="replace"), f"{method} {path}")

    async def order(self, method: str, path: str, body: object) -> None:
        """A request over the socket for requests, in the order of the calls; parameters go in ``body``."""
        request = f"{method} {path}"
        try:
            answer = await self._orders.request(method, path, body)
        except aiohttp.ClientResponseError as error:  # the socket's own handshake
            raise _refusal(error.status, error.message, request) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise AriError(0, str(error) or type(error).__name__, request) from error
        if answer.status_code >= 400:
            raise _refusal(answer.status_code, answer.message_body or answer.reason_phrase, request)

    async def _connect(self) -> aiohttp.ClientWebSocketResponse:
        # A socket must name an application; this one is nobody's, so no event comes.
        params = {"app": f"requests-{secrets.token_hex(8)}"}
        url = f"{self.address}/ari/events"
        return await self.http.ws_connect(url, params=params, heartbeat=2 * TIMEOUT_S, max_msg_size=0)

    async def ping(self) -> None:
        await self.request("GET", "asterisk/ping")


def _refusal(status: int, text: str, request: str) -> AriError:
    return (NotFound if status == 404 else AriError)(status, text[:200], request)


class Channels:
    """Named in ARI's own way, camel case included."""

    def __init__(self, ari: Ari) -> None:
        self._ari = ari

    async def originate(self, *, variables: Mapping[str, str] | None = None, **params: object) -> None:
        """``params`` as ARI names them. Goes over the socket for requests: it is sent for every attempt."""
        given = {name: value for name, value in params.items() if value is not None}
        await self._ari.order("POST", "channels", {**given, "variables": dict(variables or {})})

    async def list(self) -> list[Channel]:
        return decode_channels(await self._ari.request("GET", "channels"))

    async def hangup(self, channel: str, *, reason_code: int) -> None:
        await self._ari.request("DELETE", f"channels/{channel}", {"reason_code": reason_code})

    async def answer(self, channel: str) -> None:
        await self._ari.request("POST", f"channels/{channel}/answer")

    async def play(self, channel: str, *, media: str, playback: str) -> None:
        await self._ari.request("POST", f"channels/{channel}/play/{playback}", {"media": media})

    async def startSilence(self, channel: str) -> None:
        await self._ari.request("POST", f"channels/{channel}/silence")

    async def stopSilence(self, channel: str) -> None:
        await self._ari.request("DELETE", f"channels/{channel}/silence")

    async def continueInDialplan(self, channel: str, *, context: str) -> None:
        params = {"context": context, "extension": "s", "priority": 1}
        await self._ari.request("POST", f"channels/{channel}/continue", params)

    async def snoop(self, channel: str, *, snoopId: str, app: str, appArgs: str) -> None:
        """What ``channel`` receives; it need not be answered, nor in our application."""
        params = {"spy": "in", "app": app, "appArgs": appArgs}
        await self._ari.request("POST", f"channels/{channel}/snoop/{snoopId}", params)

    async def record(self, channel: str, *, name: str, format: str, seconds: int) -> None:  # noqa: A002
        params = {"name": name, "format": format, "maxDurationSeconds": seconds, "ifExists": "overwrite"}
        await self._ari.request("POST", f"channels/{channel}/record", params)

    async def setChannelVar(self, channel: str, variable: str, value: str) -> None:
        await self._ari.request("POST", f"channels/{channel}/variable", {"variable": variable, "value": value})


class Bridges:
    def __init__(self, ari: Ari) -> None:
        self._ari = ari

    async def list(self) -> list[Bridge]:
        return decode_bridges(await self._ari.request("GET", "bridges"))

    async def create(self, bridge: str) -> None:
        await self._ari.request("POST", f"bridges/{bridge}", {"type": "mixing"})

    async def addChannel(self, bridge: str, *channels: str) -> None:
        await self._ari.request("POST", f"bridges/{bridge}/addChannel", {"channel": ",".join(channels)})

    async def destroy(self, bridge: str) -> None:
        await self._ari.request("DELETE", f"bridges/{bridge}")


class Playbacks:
    def __init__(self, ari: Ari) -> None:
        self._ari = ari

    async def get(self, playback: str) -> None:
        """Raises NotFound when it is over."""
        await self._ari.request("GET", f"playbacks/{playback}")

    async def stop(self, playback: str) -> None:
        await self._ari.request("DELETE", f"playbacks/{playback}")


class Recordings:
    def __init__(self, ari: Ari) -> None:
        self._ari = ari

    async def getLive(self, name: str) -> None:
        """Raises NotFound when it is over."""
        await self._ari.request("GET", f"recordings/live/{name}")

    async def listStored(self) -> list[str]:
        return [each.name for each in decode_recordings(await self._ari.request("GET", "recordings/stored"))]

    async def getStoredFile(self, name: str) -> bytes:
        return await self._ari.request("GET", f"recordings/stored/{name}/file")

    async def deleteStored(self, name: str) -> None:
        await self._ari.request("DELETE", f"recordings/stored/{name}")


class Applications:
    def __init__(self, ari: Ari) -> None:
        self._ari = ari

    async def filter(self, app: str, kinds: tuple[str, ...]) -> None:
        body = {"allowed": [{"type": kind} for kind in kinds]}
        await self._ari.request("PUT", f"applications/{app}/eventFilter", body=body)

    async def subscribe(self, app: str, source: str) -> None:
        """Events of ``source`` (``channel:ID``) that never enters the application. AriError when there is no such thing."""
        await self._ari.request("POST", f"applications/{app}/subscription", {"eventSource": source})
