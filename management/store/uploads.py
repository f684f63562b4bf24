"""From an HTTP upload to the chunks that the store takes."""

from __future__ import annotations

from collections.abc import AsyncIterator

from litestar.datastructures import UploadFile

from management.store.kinds import MIB, RULES, Kind
from management.store.media import CHUNK

_FRAME = 64 * 1024


def body_limit(kind: Kind) -> int:
    """``request_max_body_size`` of a route that takes one file of this kind: Litestar reads the body before the handler
    is called, and must refuse what is far too large. Its parser spools parts over 1 MB to disk.
    """
    return RULES[kind].largest + MIB + _FRAME


async def chunks_of(upload: UploadFile) -> AsyncIterator[bytes]:
    """The file in pieces; closes it at the end."""
    try:
        while chunk := await upload.read(CHUNK):
            yield chunk
    finally:
        await upload.close()
