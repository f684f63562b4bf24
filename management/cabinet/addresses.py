"""Addresses with parameters."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode


def with_params(query: str, **changes: object) -> str:
    """``?…`` with the parameters of ``query`` (no question mark), those named set, or taken out where None."""
    kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=False) if name not in changes]
    return "?" + urlencode(kept + [(name, str(value)) for name, value in changes.items() if value is not None])


def pairs(query: str, *without: str) -> list[tuple[str, str]]:
    """The parameters of ``query`` except those named, for the hidden inputs of a form that keeps the others."""
    return [(name, value) for name, value in parse_qsl(query) if name not in without]
