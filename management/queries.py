"""A feature's SQL statements by name, in the format of engine.storage.queries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def load(file: Path) -> Mapping[str, str]:
    """Each statement follows a line ``-- name: statement``. Raises ValueError for a name given twice."""
    parts = _NAME.split(file.read_text(encoding="utf-8"))
    statements: dict[str, str] = {}
    for name, text in zip(parts[1::2], parts[2::2], strict=True):
        if name in statements:
            raise ValueError(f"{file.parent.name}/{file.name}: {name} given twice")
        statements[name] = text.strip()
    return statements
