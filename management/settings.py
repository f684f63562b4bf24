"""Settings of a management process: frozen, read once by ``__main__``."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from engine.domain.errors import BadInput
from engine.domain.text import mark

_SCHEMES = ("postgresql://", "postgres://")
_LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
_LEAST_SECRET = 32


@dataclass(frozen=True, slots=True)
class Settings:
    """``dsn``: PostgreSQL; it may hold a password. Times in seconds.

    ``fresh_s``: how long one look at the database serves all who ask how things are. ``patience_s``: how long they
    wait for it before the database counts as away. ``secret`` signs CSRF tokens and links; the same in all processes of an
    installation. ``public_url``: where browsers find the cabinet, without a slash at the end; links in letters begin with it.
    """

    dsn: str = field(repr=False)
    pool: int = 8
    fresh_s: float = 1.0
    patience_s: float = 3.0
    log_level: str = "info"
    secret: str = field(repr=False, default_factory=lambda: secrets.token_urlsafe(32))
    public_url: str = "http://127.0.0.1:8080"
    api_per_minute: int = 600

    @property
    def secure(self) -> bool:
        """Whether browsers come by https."""
        return self.public_url.startswith("https://")


def settings_from(environment: Mapping[str, str]) -> Settings:
    """DATABASE_URL is needed, the rest is optional. Raises BadInput naming what is wrong."""
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
    chosen = Settings(dsn, log_level=level)
    return Settings(
        dsn,
        log_level=level,
        secret=_secret(environment) or chosen.secret,
        public_url=_public_url(environment) or chosen.public_url,
    )


def _secret(environment: Mapping[str, str]) -> str | None:
    """The content of the file DOZVON_SECRET_FILE. Without one a secret is made that lasts as long as the process."""
    name = "DOZVON_SECRET_FILE"
    if not environment.get(name):
        return None
    file = Path(environment[name])
    try:
        found = file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadInput("setting_file", mark("{name}: cannot read {file}"), name=name, file=file) from error
    if len(found) < _LEAST_SECRET:
        raise BadInput(
            "setting_short", mark("{name}: at least {least} characters are needed"), name=name, least=_LEAST_SECRET
        )
    return found


def _public_url(environment: Mapping[str, str]) -> str | None:
    name = "DOZVON_PUBLIC_URL"
    if not environment.get(name):
        return None
    parts = urlsplit(environment[name])
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/") or parts.query:
        raise BadInput("setting_url", mark("{name}: an address like https://calls.example.com is needed"), name=name)
    return f"{parts.scheme}://{parts.netloc}"
