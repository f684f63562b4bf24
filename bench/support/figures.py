"""PURE: medians, quantiles of Prometheus histograms, Asterisk's tables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

Buckets = Mapping[float, float]
"""Upper bound → number of observations at or below it."""
_CLOCK = re.compile(r"\b\d\d:\d\d:\d\d\b")
_BUCKET = re.compile(r'^(\w+)_bucket\{.*?le="([^"]+)".*?\}\s+(\S+)$', re.MULTILINE)


def buckets(text: str, name: str) -> dict[float, float]:
    """The cumulative buckets of histogram ``name`` in Prometheus' text format."""
    return {float(bound): float(count) for found, bound, count in _BUCKET.findall(text) if found == name}


def value_of(text: str, name: str) -> float:
    """A gauge or counter without labels on a Prometheus page. ValueError when there is none."""
    for line in text.splitlines():
        if line.startswith(f"{name} "):
            return float(line.split()[1])
    raise ValueError(f"no {name}")


def quantile(before: Buckets, after: Buckets, share: float) -> float | None:
    """The value below which ``share`` of the observations between two readings lie, interpolated inside its bucket as
    Prometheus does; the last finite bound when it lies beyond; None without observations.
    """
    counts = sorted((bound, count - before.get(bound, 0.0)) for bound, count in after.items())
    if not counts or counts[-1][1] <= 0:
        return None
    rank = share * counts[-1][1]
    low, below = 0.0, 0.0
    for bound, count in counts:
        if count >= rank:
            if bound == float("inf"):
                return low
            return low + (bound - low) * (rank - below) / (count - below) if count > below else bound
        low, below = bound, count
    return low


def middle(values: Sequence[float]) -> float:
    """The median: one round disturbed by a neighbour on the machine does not move it."""
    if not values:
        raise ValueError("no values")
    return median(values)


def share(part: float, whole: float) -> float:
    """``part / whole``; 0 when there is no whole."""
    return part / whole if whole else 0.0


@dataclass(frozen=True, slots=True)
class Leg:
    """RTP of one call leg, packets of 20 ms; ``lost_out`` is what the other side reported by RTCP."""

    seconds: int
    received: int
    lost_in: int
    sent: int
    lost_out: int


def legs(table: str) -> list[Leg]:
    """The lines of Asterisk's ``pjsip show channelstats`` that describe a channel with media."""
    found = []
    for line in table.splitlines():
        clock = _CLOCK.search(line)
        numbers = line[clock.end() :].split() if clock else []
        if clock and len(numbers) >= 9:
            hours, minutes, seconds = (int(part) for part in clock.group().split(":"))
            received, lost_in, sent, lost_out = (int(numbers[at].replace("K", "000")) for at in (1, 2, 5, 6))
            found.append(Leg(hours * 3600 + minutes * 60 + seconds, received, lost_in, sent, lost_out))
    return found
