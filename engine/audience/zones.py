"""A contact's time zone as people write it in a list: ``Asia/Omsk``, ``МСК+3``, ``UTC+6``, ``+06:00``."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from zoneinfo import available_timezones

_OFFSET = re.compile(
    r"(?P<base>UTC|GMT|МСК|MSK)?(?:(?P<sign>[+\-−–])(?P<hours>\d{1,2})(?P<minutes>:00)?)?", re.IGNORECASE
)
_MOSCOW_H = 3
_LEAST_H, _MOST_H = -12, 14
_MACHINE_ZONES = frozenset({"Factory", "localtime"})


@lru_cache(maxsize=4096)
def parse_zone(text: str) -> str | None:
    """The IANA name that ``text`` means, or None when it means none.

    Whole hours from UTC (or Moscow: ``МСК``) become ``Etc/GMT…``, whose sign is POSIX's, the reverse. A bare ``+3`` is
    refused: lists mean Moscow by it as often as UTC. So are parts of an hour, which have no zone of their own.
    """
    wanted = text.strip()
    if name := _names().get(wanted.casefold()):
        return name
    found = _OFFSET.fullmatch(wanted.replace(" ", ""))
    if found is None or not wanted:
        return None
    base, hours = (found["base"] or "").upper(), found["hours"]
    if hours is None:
        return "Europe/Moscow" if base in ("МСК", "MSK") else "UTC"
    if not base and not found["minutes"]:
        return None
    offset = int(hours) * (1 if found["sign"] == "+" else -1) + (_MOSCOW_H if base in ("МСК", "MSK") else 0)
    if not _LEAST_H <= offset <= _MOST_H:
        return None
    return f"Etc/GMT{-offset:+d}" if offset else "UTC"


@cache
def _names() -> dict[str, str]:
    return {name.casefold(): name for name in sorted(available_timezones() - _MACHINE_ZONES)}
