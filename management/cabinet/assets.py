"""Static files and their addresses."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from litestar import Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import CacheControlHeader
from litestar.middleware import DefineMiddleware
from litestar.middleware.compression import CompressionMiddleware
from litestar.static_files import create_static_files_router

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
STATIC_PATH = "/static"
_YEAR_S = 31_536_000


@cache
def asset(name: str) -> str:
    """The address of a static file; it changes with the content, so that browsers may keep the file for ever."""
    digest = sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"{STATIC_PATH}/{name}?v={digest}"


def static_files() -> Router:
    """Compressed, and kept by browsers for ever.

    Pages are not compressed here: their length would tell of the tokens in them, and a live channel must not wait.
    """
    return create_static_files_router(
        path=STATIC_PATH,
        directories=[STATIC],
        cache_control=CacheControlHeader(public=True, max_age=_YEAR_S, immutable=True),
        middleware=[
            DefineMiddleware(CompressionMiddleware, config=CompressionConfig("gzip", gzip_compress_level=6)),
        ],
    )
