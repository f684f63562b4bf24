"""What a chart shows, to ``chart.js`` and as a table to those who read it with other means."""

from __future__ import annotations

import msgspec


class Series(msgspec.Struct, frozen=True):
    """``values``: one for each point; None leaves a gap. ``shape``: "line" or "bars"."""

    label: str
    values: tuple[float | None, ...]
    shape: str = "line"


class Chart(msgspec.Struct, frozen=True):
    """``times``: Unix seconds, ascending; ``names``: the same points in words, for the table. ``unit``: beside values.

    ``zone``: IANA, of the axis.
    """

    times: tuple[int, ...]
    names: tuple[str, ...]
    series: tuple[Series, ...]
    zone: str
    unit: str = ""

    def json(self) -> str:
        return msgspec.json.encode(self).decode()
