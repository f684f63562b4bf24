"""A form that was refused: what to write at its fields."""

from __future__ import annotations

from engine.domain.errors import DozvonError
from management.cabinet.forms import errors
from management.cabinet.pages import Frame
from management.errors import Invalid, told


def wrong(frame: Frame, error: DozvonError) -> dict[str, str]:
    """By field; what concerns no field at ""."""
    return errors(frame.texts, error.fields) if isinstance(error, Invalid) else {"": told(error, frame.texts.gettext)}
