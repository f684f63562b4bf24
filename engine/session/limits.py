"""The scenario machine's limits in one call: the attempt's, and what the cell's hearing needs."""

from __future__ import annotations

from engine.domain.attempt import Attempt
from engine.scenario.state import Limits
from engine.session.ear import Hearing

SCREENING_SAFETY_S = 0.5


def limits(attempt: Attempt, hearing: Hearing | None) -> Limits:
    """The machine's own deadline for the answering-machine filter is only for when the detector does not keep its."""
    if hearing is None:
        return Limits(action_timeout_s=attempt.action_timeout_s)
    return Limits(action_timeout_s=attempt.action_timeout_s, screening_s=hearing.amd.deadline_s + SCREENING_SAFETY_S)
