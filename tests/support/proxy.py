"""A TCP proxy on the loopback interface whose connections a test can cut."""

from __future__ import annotations

import asyncio


class Proxy:
    """Passes connections on to ``port``. While it is cut, it refuses new ones."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._server: asyncio.Server | None = None
        self._port = 0
        self._ends: set[asyncio.StreamWriter] = set()
        self._links: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._link, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for end in set(self._ends):
            end.transport.abort()
        await asyncio.gather(*self._links, return_exceptions=True)

    async def cut(self, seconds: float) -> None:
        """Every connection is reset at once; the next ones are taken after ``seconds``."""
        await self.close()
        await asyncio.sleep(seconds)
        await self.open()

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._links.add(task)
        self._ends.add(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
            self._ends.add(far_writer)
            await asyncio.gather(_pass_on(reader, far_writer), _pass_on(far_reader, writer))
            self._ends.discard(far_writer)
        except OSError:
            writer.transport.abort()
        finally:
            self._ends.discard(writer)
            self._links.discard(task)


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    finally:
        sink.close()
