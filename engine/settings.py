"""Settings of an engine process: frozen, read once from the environment by the CLI, passed down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.domain.errors import BadInput
from engine.domain.text import mark
from engine.host.paths import PROJECT, State
from engine.speech.recording_file import Container, Keeping


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """``dsn``: PostgreSQL. ``ari``: address of Asterisk's HTTP server. ``media``: clips, materials and recordings.

    ``cell``: this cell's name, the same after each restart; ``metrics_port`` 0 switches the metrics off. ``silent_s``:
    a cell that has not told of itself for so many seconds is dead, and the others close its calls.
    """

    dsn: str
    ari: str
    ari_password: str = field(repr=False)
    media: Path
    state: State
    ari_user: str = "dozvon"
    app: str = "dozvon"
    cell: str = "cell-1"
    most_calls: int = 300
    silent_s: int = 30
    metrics_port: int = 0
    log_level: str = "info"
    asterisk_home: str | None = None
    vosk_model: Path | None = None
    recording: Keeping = field(default_factory=Keeping)


def state_from(environment: Mapping[str, str]) -> State:
    """The state folder: DOZVON_HOME, or ``.dozvon`` in the project."""
    return State(Path(environment.get("DOZVON_HOME") or PROJECT / ".dozvon").resolve()).make()


def engine_settings(environment: Mapping[str, str]) -> EngineSettings:
    """DATABASE_URL, DOZVON_ARI, DOZVON_ARI_PASSWORD_FILE are needed. Raises BadInput naming what is wrong."""
    state = state_from(environment)
    password_file = Path(_need(environment, "DOZVON_ARI_PASSWORD_FILE"))
    try:
        password = password_file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadInput(
            "setting_file", mark("{name}: cannot read {file}"), name="DOZVON_ARI_PASSWORD_FILE", file=password_file
        ) from error
    return EngineSettings(
        dsn=_need(environment, "DATABASE_URL"),
        ari=_need(environment, "DOZVON_ARI"),
        ari_password=password,
        media=Path(environment.get("DOZVON_MEDIA") or state.media),
        state=state,
        cell=environment.get("DOZVON_CELL", "cell-1"),
        most_calls=_number(environment, "DOZVON_MOST_CALLS", 300),
        silent_s=_number(environment, "DOZVON_SILENT_S", 30),
        metrics_port=_number(environment, "DOZVON_METRICS_PORT", 0),
        log_level=environment.get("DOZVON_LOG", "info"),
        asterisk_home=environment.get("ASTERISK_HOME"),
        vosk_model=vosk_model(environment),
        recording=Keeping(
            Container(_choice(environment, "DOZVON_RECORDING_FORMAT", [each.value for each in Container], "opus")),
            _choice(environment, "DOZVON_RECORDING_SIDES", ["stereo", "mixed"], "stereo") == "mixed",
        ),
    )


def vosk_model(environment: Mapping[str, str]) -> Path | None:
    """The speech model's directory that the operator has named."""
    return Path(environment["DOZVON_VOSK_MODEL"]) if environment.get("DOZVON_VOSK_MODEL") else None


def _need(environment: Mapping[str, str], name: str) -> str:
    if value := environment.get(name):
        return value
    raise BadInput("setting_missing", mark("The setting {name} is missing from the environment"), name=name)


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit():
        raise BadInput(
            "setting_number", mark("The setting {name} must be a whole number, not {text}"), name=name, text=text
        )
    return int(text)


def _choice(environment: Mapping[str, str], name: str, choices: Sequence[str], default: str) -> str:
    value = environment.get(name) or default
    if value not in choices:
        raise BadInput(
            "setting_choice",
            mark("The setting {name} must be one of {choices}, not {text}"),
            name=name,
            choices=", ".join(choices),
            text=value,
        )
    return value
