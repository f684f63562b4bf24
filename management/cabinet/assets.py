"""Static files and their addresses."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
STATIC_PATH = "/static"


@cache
def asset(name: str) -> str:
    """The address of a static file; it changes with the content, so that browsers may keep the file for ever."""
    digest = sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"{STATIC_PATH}/{name}?v={digest}"
