"""``{{field}}`` in texts («теги персонализации»)."""

from __future__ import annotations

import re
from collections.abc import Mapping

_TAG = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_GAPS = re.compile(r"[ \t]{2,}")


def names(text: str) -> tuple[str, ...]:
    """Names of the fields in ``text``, in order, each once."""
    return tuple(dict.fromkeys(found[1] for found in _TAG.finditer(text)))


def malformed(text: str) -> bool:
    """True when a tag is left open, closed twice or empty."""
    rest = _TAG.sub("", text)
    return "{{" in rest or "}}" in rest or "" in names(text)


def fill(text: str, fields: Mapping[str, str]) -> str:
    """``text`` with its tags replaced; an unknown field becomes nothing, and the gap it leaves is closed."""
    if "{{" not in text:
        return text
    return _GAPS.sub(" ", _TAG.sub(lambda found: fields.get(found[1], ""), text)).strip()
