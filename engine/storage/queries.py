"""SQL statements by name.

A file of SQL holds statements, each after a line ``-- name: statement``; further comment lines belong to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

SQL = Path(__file__).parent / "sql"
_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def load(file: Path) -> Mapping[str, str]:
    """The statements of ``file`` by their names. Raises ValueError for a name given twice."""
    parts = _NAME.split(file.read_text(encoding="utf-8"))
    statements: dict[str, str] = {}
    for statement, text in zip(parts[1::2], parts[2::2], strict=True):
        if statement in statements:
            raise ValueError(f"{file.name}: {statement} given twice")
        statements[statement] = text.strip()
    return statements
