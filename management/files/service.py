"""Byte ranges, and names in headers: pure."""

from __future__ import annotations

import re
from urllib.parse import quote

_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{1,18})?|-(\d{1,18}))", re.ASCII)
_PLAIN = re.compile(r"[^A-Za-z0-9._ -]", re.ASCII)


class Unsatisfiable(Exception):
    """The range begins after the end."""


def span(header: str, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last, of a Range header (RFC 9110, 14.2). None: send everything; so are several
    ranges at once and what is no range answered, as the RFC allows. Raises Unsatisfiable.
    """
    found = _RANGE.fullmatch(header.strip())
    if found is None:
        return None
    first, last, tail = found.groups()
    if tail is not None:
        if int(tail) == 0:
            raise Unsatisfiable
        return max(size - int(tail), 0), size
    start = int(first)
    if last is not None and int(last) < start:
        return None  # "5-3" is no range
    if start >= size:
        raise Unsatisfiable
    return start, size if last is None else min(int(last) + 1, size)


def disposition(name: str, *, inline: bool) -> str:
    """A Content-Disposition header (RFC 6266): the name for all browsers, and beside it in plain ASCII for old ones."""
    kind = "inline" if inline else "attachment"
    clean = re.sub(r"[\x00-\x1f\x7f/\\]", "_", name)[:150] or "file"
    plain = _PLAIN.sub("_", clean)
    encoded = quote(clean.encode("utf-8", "replace"), safe="")
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
