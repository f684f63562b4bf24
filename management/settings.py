"""Settings of a management process: frozen, read once by ``__main__``."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import unquote, urlsplit

from engine.domain.errors import BadInput
from engine.domain.text import mark

_SCHEMES = ("postgresql://", "postgres://")
_LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
_SHORTEST_SECRET = 32
_WORKER_JOBS = 10
_API_PER_MINUTE = 600
_CODES_PER_USER = 10
_CODES_PER_PHONE = 5
_SESSION_IDLE_H = 7 * 24
_STAFF_SESSION_IDLE_H = 12
_LONGEST_SESSION_H = 30 * 24
LOCAL_URL = "http://127.0.0.1:8080"


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server. ``tls``: encrypted from the first byte on (smtps); else STARTTLS, which must succeed where there is
    a password to protect. ``authorities``: a file of certificates to trust instead of the system's.
    """

    host: str
    port: int
    tls: bool
    user: str = ""
    password: str = field(default="", repr=False)
    authorities: Path | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """``dsn``: PostgreSQL; it may hold a password. Times in seconds.

    ``fresh_s``: how long one look at the database serves all who ask how things are. ``patience_s``: how long they
    wait for it before the database counts as away. ``smtp`` None: mail stays in the outbox. ``mail_from``: address,
    with or without a name. ``store``: an ``s3://`` address, '' for the folder ``media``. ``secret`` signs links and CSRF tokens;
    the same in all processes of an installation. ``public_url``: where browsers find the cabinet, without a slash at the end;
    links in letters begin with it. ``api_per_minute``: requests of one user, in each process.
    ``codes_per_user``, ``codes_per_phone``: codes that confirm a phone, asked for by one user and sent to one number, in 24 hours.
    ``session_idle_h``, ``staff_session_idle_h``: hours without use after which a customer's and an employee's session ends.
    ``documents``: folder of the operator's own offer and policy (accounts/documents.py).
    ``system_trunk``, ``system_caller_id``: by which the installation itself calls (codes that confirm a phone); '': the only
    trunk there is, and a number of the carousel.
    ``worker_jobs``: how many a worker does at once. ``worker_metrics``: port of its Prometheus page on loopback; 0: none.
    """

    dsn: str = field(repr=False)
    pool: int = 8
    fresh_s: float = 1.0
    patience_s: float = 3.0
    log_level: str = "info"
    smtp: Smtp | None = None
    mail_from: str = ""
    media: Path = Path(".dozvon/media")
    documents: Path = Path(".dozvon/documents")
    store: str = ""
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(_SHORTEST_SECRET), repr=False)
    worker_jobs: int = _WORKER_JOBS
    worker_metrics: int = 0
    public_url: str = LOCAL_URL
    api_per_minute: int = _API_PER_MINUTE
    codes_per_user: int = _CODES_PER_USER
    codes_per_phone: int = _CODES_PER_PHONE
    session_idle_h: int = _SESSION_IDLE_H
    staff_session_idle_h: int = _STAFF_SESSION_IDLE_H
    system_trunk: str = ""
    system_caller_id: str = ""

    @property
    def secure(self) -> bool:
        """Whether browsers come by https."""
        return self.public_url.startswith("https://")


def settings_from(environment: Mapping[str, str]) -> Settings:
    """DATABASE_URL is needed, all others are optional. Raises BadInput naming what is wrong."""
    smtp = _smtp(environment)
    return Settings(
        _dsn(environment),
        log_level=_log_level(environment),
        smtp=smtp,
        mail_from=_mail_from(environment, smtp),
        media=Path(environment.get("DOZVON_MEDIA") or Path(environment.get("DOZVON_HOME") or ".dozvon") / "media"),
        documents=Path(
            environment.get("DOZVON_DOCUMENTS") or Path(environment.get("DOZVON_HOME") or ".dozvon") / "documents"
        ),
        store=_store(environment),
        secret=_secret(environment),
        worker_jobs=_number(environment, "DOZVON_WORKER_JOBS", _WORKER_JOBS, 2, 100),
        worker_metrics=_number(environment, "DOZVON_WORKER_METRICS_PORT", 0, 0, 65535),
        public_url=_public_url(environment),
        api_per_minute=_number(environment, "DOZVON_API_PER_MINUTE", _API_PER_MINUTE, 1, 1_000_000),
        codes_per_user=_number(environment, "DOZVON_CODES_PER_USER", _CODES_PER_USER, 1, 1000),
        codes_per_phone=_number(environment, "DOZVON_CODES_PER_PHONE", _CODES_PER_PHONE, 1, 1000),
        session_idle_h=_number(environment, "DOZVON_SESSION_IDLE_H", _SESSION_IDLE_H, 1, _LONGEST_SESSION_H),
        staff_session_idle_h=_number(
            environment, "DOZVON_STAFF_SESSION_IDLE_H", _STAFF_SESSION_IDLE_H, 1, _LONGEST_SESSION_H
        ),
        system_trunk=environment.get("DOZVON_SYSTEM_TRUNK", ""),
        system_caller_id=environment.get("DOZVON_SYSTEM_CALLER_ID", ""),
    )


def _public_url(environment: Mapping[str, str]) -> str:
    name = "DOZVON_PUBLIC_URL"
    given = environment.get(name, "")
    if not given:
        return LOCAL_URL
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/") or parts.query:
        raise BadInput(
            "setting_url",
            mark("The setting {name} must be of the form {form}"),
            name=name,
            form="https://calls.example.com",
        )
    return f"{parts.scheme}://{parts.netloc}"


def _dsn(environment: Mapping[str, str]) -> str:
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
    return dsn


def _log_level(environment: Mapping[str, str]) -> str:
    level = environment.get("DOZVON_LOG", "info").lower()
    if level not in _LOG_LEVELS:
        raise BadInput(
            "setting_log_level",
            mark("The setting {name} must be one of: {choices}"),
            name="DOZVON_LOG",
            choices=", ".join(_LOG_LEVELS),
        )
    return level


def _smtp(environment: Mapping[str, str]) -> Smtp | None:
    address = environment.get("DOZVON_SMTP_URL", "")
    if not address:
        return None
    wrong = BadInput(
        "setting_smtp",
        mark("The setting {name} must be of the form {form}"),
        name="DOZVON_SMTP_URL",
        form="smtps://user:password@host:port",
    )
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise wrong from error
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise wrong
    tls = parts.scheme == "smtps"
    return Smtp(
        parts.hostname,
        port or (465 if tls else 587 if parts.username else 25),
        tls,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        _file(environment, "DOZVON_SMTP_CA"),
    )


def _mail_from(environment: Mapping[str, str], smtp: Smtp | None) -> str:
    given = environment.get("DOZVON_MAIL_FROM", "")
    if not given and smtp is None:
        return ""
    name, address = parseaddr(given)
    try:
        parsed = Address(name, addr_spec=address)
    except (ValueError, IndexError, HeaderParseError) as error:
        raise _no_address() from error
    if not parsed.username or not parsed.domain or not given.isprintable():
        raise _no_address()
    return str(parsed)


def _no_address() -> BadInput:
    return BadInput(
        "setting_mail_from",
        mark("The setting {name} must be an e-mail address, such as {example}"),
        name="DOZVON_MAIL_FROM",
        example="Dozvon <robot@example.ru>",
    )


def _store(environment: Mapping[str, str]) -> str:
    address = environment.get("DOZVON_STORE_URL", "")
    if address and not (address.startswith("s3://") and urlsplit(address).netloc):
        raise BadInput(
            "setting_store",
            mark("The setting {name} must be of the form {form}"),
            name="DOZVON_STORE_URL",
            form="s3://bucket/prefix",
        )
    return address


def _secret(environment: Mapping[str, str]) -> str:
    """Random when none is given: links signed then die with the process, and no other process knows them."""
    file = _file(environment, "DOZVON_SECRET_FILE")
    secret = secrets.token_urlsafe(_SHORTEST_SECRET) if file is None else file.read_text(encoding="utf-8").strip()
    if len(secret) < _SHORTEST_SECRET:
        raise BadInput(
            "setting_secret",
            mark("The file of {name} must hold at least {count} characters"),
            name="DOZVON_SECRET_FILE",
            count=_SHORTEST_SECRET,
        )
    return secret


def _file(environment: Mapping[str, str], name: str) -> Path | None:
    """A file that can be read; None when the setting is not there."""
    if not environment.get(name):
        return None
    file = Path(environment[name])
    try:
        with file.open("rb"):
            return file
    except OSError as error:
        raise BadInput(
            "setting_file", mark("The file of {name} cannot be read: {error}"), name=name, error=error.strerror
        ) from error


def _number(environment: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environment.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise BadInput(
            "setting_number",
            mark("The setting {name} must be a number from {least} to {most}"),
            name=name,
            least=least,
            most=most,
        )
    return int(text)
