"""Files that only their owner may read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_secret(file: Path, content: str) -> None:
    """Write ``content`` with mode 600 from the first byte on, in a folder of mode 700."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        os.fchmod(descriptor, 0o600)  # an existing file keeps its old mode otherwise
        stream.write(content)


def stored_secret(file: Path) -> str:
    """The secret in ``file``, made at random (43 URL-safe characters) the first time."""
    try:
        kept = file.read_text().strip()
    except FileNotFoundError:
        kept = ""
    if not kept:
        kept = secrets.token_urlsafe(32)
        write_secret(file, kept + "\n")
    return kept
