"""Sums and the chart of a period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from engine.domain.text import mark
from management.cabinet.charts import Chart, Series
from management.filters import Period
from management.language import Texts
from management.sections.schemas import Day

USUAL_DAYS, MOST_DAYS = 30, 366


@dataclass(frozen=True, slots=True)
class Summary:
    """Money in roubles; ``lead_price`` None without leads."""

    calls: int
    answered: int
    leads: int
    spent: Decimal

    @property
    def lead_price(self) -> Decimal | None:
        return self.spent / self.leads if self.leads else None


def whole(period: Period, today: date) -> Period:
    """With both ends, the first not after the last, MOST_DAYS at most."""
    last = period.last or today
    first = period.first or last - timedelta(days=USUAL_DAYS - 1)
    first, last = min(first, last), max(first, last)
    return Period(max(first, last - timedelta(days=MOST_DAYS - 1)), last)


def summary(days: Sequence[Day]) -> Summary:
    return Summary(
        sum(day.calls for day in days),
        sum(day.answered for day in days),
        sum(day.leads for day in days),
        sum((day.spent for day in days), Decimal(0)),
    )


def charts(days: Sequence[Day], period: Period, zone: str, texts: Texts) -> tuple[Chart, Chart]:
    """Goals, and money. Days without calls are there too."""
    assert period.first is not None
    assert period.last is not None
    known = {day.day: day for day in days}
    shown = [period.first + timedelta(days=at) for at in range((period.last - period.first).days + 1)]
    times = tuple(int(datetime.combine(day, time(), ZoneInfo(zone)).timestamp()) for day in shown)
    names = tuple(texts.day(day) for day in shown)
    leads = tuple(float(known[day].leads) if day in known else 0.0 for day in shown)
    spent = tuple(float(round(known[day].spent, 2)) if day in known else 0.0 for day in shown)
    return (
        Chart(times, names, (Series(texts.gettext(mark("Goals")), leads, "bars"),), zone),
        Chart(times, names, (Series(texts.gettext(mark("Spent")), spent, "bars"),), zone, "₽"),
    )
