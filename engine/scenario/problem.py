"""What is wrong with a scenario, where, and how badly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.domain.text import translate


class Severity(StrEnum):
    ERROR = "error"
    """The scenario cannot be saved as ready."""
    WARNING = "warning"
    """It can, but may not do what its author thinks."""


@dataclass(frozen=True, slots=True)
class Problem:
    """``node`` is the node's id, None for the document as a whole; ``code`` is stable; ``message`` a gettext id for
    ``params``.
    """

    node: str | None
    code: str
    severity: Severity
    message: str
    params: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return translate(self.message).format(**self.params)


def error(node: str | None, code: str, message: str, **params: object) -> Problem:
    return Problem(node, code, Severity.ERROR, message, params)


def warning(node: str | None, code: str, message: str, **params: object) -> Problem:
    return Problem(node, code, Severity.WARNING, message, params)
