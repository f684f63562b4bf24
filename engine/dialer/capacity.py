"""How many calls a campaign may begin now, and what holds it back. Pure: the one place where all limits meet."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from engine.dialer.pacer import Pace, Rate, grant, room
from engine.domain.campaign import CampaignState, Room

BURST_SHARE = 10
"""A trunk takes at most a tenth of a second's attempts at once: in no second more than 1.1 times its rate."""


class Hold(StrEnum):
    """What keeps the next call from being made, the strongest first. The last four end by themselves."""

    NOT_RUNNING = "not_running"
    LEAD_LIMIT = "lead_limit"
    SPEND_LIMIT = "spend_limit"
    NO_FUNDS = "no_funds"
    CAMPAIGN_CHANNELS = "campaign_channels"
    TRUNK_CHANNELS = "trunk_channels"
    PACE = "pace"
    TRUNK_RATE = "trunk_rate"


@dataclass(frozen=True, slots=True)
class Share:
    """``count`` calls may begin; the new times of both pacers; if ``count`` is less than was wanted, ``hold`` says why.

    ``wait_s``: when a pacer allows the next, seconds; None when something else must happen first.
    ``exhausted``: a limit that only a finished call or the customer can lift is used up by calls that are decided already.
    """

    count: int
    pace_tat: float | None
    rate_tat: float | None
    hold: Hold | None = None
    wait_s: float | None = None


def share(free: Room, now: float, wanted: int) -> Share:
    """The least of all limits; money and leads count as used by every call in progress (reserved, not hoped for)."""
    if free.state is not CampaignState.RUNNING:
        return Share(0, free.pace_tat, free.rate_tat, Hold.NOT_RUNNING)
    pace = Pace(free.per_hour, free.burst)
    rate = Rate(free.calls_per_second, max(1, free.calls_per_second // BURST_SHARE))
    limits: list[tuple[Hold, int]] = [
        (Hold.LEAD_LIMIT, wanted if free.leads_free is None else free.leads_free),
        (Hold.SPEND_LIMIT, _affordable(free.spend_free, free.hold, wanted)),
        (Hold.NO_FUNDS, _affordable(free.balance_free, free.hold, wanted)),
        (Hold.CAMPAIGN_CHANNELS, free.channels_free),
        (Hold.TRUNK_CHANNELS, free.trunk_free),
        (Hold.PACE, room(pace, free.pace_tat, now)),
        (Hold.TRUNK_RATE, room(rate, free.rate_tat, now)),
    ]
    count = max(0, min(wanted, *(limit for _, limit in limits)))
    hold = next((name for name, limit in limits if limit <= count), None) if count < wanted else None
    paced = grant(pace, free.pace_tat, now, count)
    rated = grant(rate, free.rate_tat, now, count)
    wait = {Hold.PACE: paced.wait_s, Hold.TRUNK_RATE: rated.wait_s}.get(hold) if hold else None
    return Share(count, paced.tat, rated.tat, hold, wait)


def _affordable(money: Decimal | None, each: Decimal, wanted: int) -> int:
    if money is None or each == 0:
        return wanted
    return int(max(money, Decimal(0)) // each)
