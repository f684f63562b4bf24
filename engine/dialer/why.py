"""«Почему этот контакт ещё не обзвонен?» – one answer for each contact, from the facts that the store keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from engine.dialer.window import Closed, Window, closed, next_opening
from engine.domain.text import mark, translate
from engine.domain.titles import OUTCOMES, STATES


class Reason(StrEnum):
    DONE = "done"
    BLACKLISTED = "blacklisted"
    CALLING = "calling"
    CAMPAIGN_NOT_RUNNING = "campaign_not_running"
    UNKNOWN_ZONE = "unknown_zone"
    WINDOW_CLOSED = "window_closed"
    RETRY_LATER = "retry_later"
    IN_LINE = "in_line"


TEXTS = {
    Reason.DONE: mark("Called already: {outcome} ({detail})"),
    Reason.BLACKLISTED: mark("The number is in the blacklist"),
    Reason.CALLING: mark("Is being called now"),
    Reason.CAMPAIGN_NOT_RUNNING: mark("The campaign does not run: {state}. {detail}"),
    Reason.UNKNOWN_ZONE: mark("The contact's time zone {zone} is not known, so nobody can say when calling is allowed"),
    Reason.WINDOW_CLOSED: mark("Outside the calling window; it opens at {at}"),
    Reason.RETRY_LATER: mark("The last attempt: {outcome}; the next one at {at}"),
    Reason.IN_LINE: mark("In line: {ahead} contacts are before it, at {per_hour} calls per hour"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """``str`` gives it in words. ``at``: when that ends, where it is known."""

    reason: Reason
    at: datetime | None
    params: Mapping[str, object]

    def __str__(self) -> str:
        when = self.at.astimezone(UTC).strftime("%d.%m %H:%M UTC") if self.at else "—"
        return translate(TEXTS[self.reason]).format(at=when, **self.params).rstrip(". ")


def explain(facts: Mapping[str, Any], window: Window, now: datetime) -> Answer:
    """``facts`` as storage.campaigns.Campaigns.explain gives them; ``window`` the campaign's."""
    params = {
        "outcome": translate(OUTCOMES.get(facts["last_outcome"], "—")),
        "detail": facts["reason_text"] or facts["campaign_reason"] or facts["reason"],
        "state": translate(STATES[facts["campaign_state"]]),
        "zone": facts["zone"],
        "ahead": facts["ahead"],
        "per_hour": facts["per_hour"],
    }
    zone = facts["zone"] or None
    match facts["state"]:
        case "done":
            return Answer(Reason.DONE, None, params)
        case "blocked":
            return Answer(Reason.BLACKLISTED, None, params)
        case "calling":
            return Answer(Reason.CALLING, None, params)
    if facts["campaign_state"] != "running":
        return Answer(Reason.CAMPAIGN_NOT_RUNNING, None, params)
    shut = closed(window, now, zone)
    if shut is Closed.UNKNOWN_ZONE:
        return Answer(Reason.UNKNOWN_ZONE, None, params)
    if shut is not None:
        return Answer(Reason.WINDOW_CLOSED, next_opening(window, now, zone), params)
    if facts["next_at"].replace(tzinfo=UTC) > now:
        return Answer(Reason.RETRY_LATER, facts["next_at"], params)
    return Answer(Reason.IN_LINE, None, params)
