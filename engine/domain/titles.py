"""What outcomes and states are called where people read them."""

from __future__ import annotations

from engine.domain.text import mark

OUTCOMES = {
    "answered": mark("Answered"),
    "no_answer": mark("No answer"),
    "busy": mark("Busy"),
    "unreachable": mark("Unreachable"),
    "invalid_number": mark("Invalid number"),
    "declined": mark("Declined"),
    "congestion": mark("Congestion"),
    "failed": mark("Failed"),
}
STATES = {
    "running": mark("Running"),
    "paused": mark("Paused"),
    "stopped": mark("Stopped"),
    "finished": mark("Finished"),
    "draft": mark("Draft"),
}
