"""Settings of a management process: frozen, read once by ``__main__``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.domain.errors import BadInput
from engine.domain.text import mark

_SCHEMES = ("postgresql://", "postgres://")
_LOG_LEVELS = ("debug", "info", "warning", "error", "critical")


@dataclass(frozen=True, slots=True)
class Settings:
    """``dsn``: PostgreSQL; it may hold a password. Times in seconds.

    ``fresh_s``: how long one look at the database serves all who ask how things are. ``patience_s``: how long they
    wait for it before the database counts as away.
    """

    dsn: str = field(repr=False)
    pool: int = 8
    fresh_s: float = 1.0
    patience_s: float = 3.0
    log_level: str = "info"


def settings_from(environment: Mapping[str, str]) -> Settings:
    """DATABASE_URL is needed, DOZVON_LOG is optional. Raises BadInput naming what is wrong."""
    dsn = environment.get("DATABASE_URL", "")
    if not dsn:
        raise BadInput(
            "setting_missing", mark("The setting {name} is missing from the environment"), name="DATABASE_URL"
        )
    if not dsn.startswith(_SCHEMES):
        # The value is not shown: a mistyped address often holds the password.
        raise BadInput(
            "setting_dsn", mark("The setting {name} must begin with {scheme}"), name="DATABASE_URL", scheme=_SCHEMES[0]
        )
    level = environment.get("DOZVON_LOG", "info").lower()
    if level not in _LOG_LEVELS:
        raise BadInput(
            "setting_log_level",
            mark("The setting {name} must be one of: {choices}"),
            name="DOZVON_LOG",
            choices=", ".join(_LOG_LEVELS),
        )
    return Settings(dsn, log_level=level)
