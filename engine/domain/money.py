"""Money in roubles as ``Decimal`` with four places, and the flat tariff."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

STEP = Decimal("0.0001")


def roubles(value: Decimal | int | str) -> Decimal:
    """``value`` rounded half up to the ledger's four places."""
    return Decimal(value).quantize(STEP, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Tariff:
    """Price of a connected minute, RUB; every started minute from answer to hang-up is charged in full.

    An attempt that was not answered costs nothing.
    """

    per_minute: Decimal

    def cost(self, talk_seconds: float) -> Decimal:
        """What ``talk_seconds`` of conversation (from answer) cost."""
        if talk_seconds <= 0:
            return roubles(0)
        minutes = -(-int(talk_seconds * 1000) // 60_000)  # ceiling, in whole milliseconds
        return roubles(self.per_minute * max(minutes, 1))

    def hold(self, longest_call_s: int) -> Decimal:
        """The most that one attempt can cost; reserved before dialling so that no limit can overrun."""
        return self.cost(longest_call_s)
