"""The real voices of the unpacked Asterisk tree (or of the host)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.host.asterisk_tree import AsteriskInstall, fetch_asterisk, find_asterisk, tool_argv
from engine.host.paths import PROJECT, State
from engine.speech.espeak import Espeak
from engine.speech.rhvoice import RHVoice


@pytest.fixture(scope="session")
def install() -> AsteriskInstall:
    state = State(Path(os.environ.get("DOZVON_HOME", PROJECT / ".dozvon")))
    return find_asterisk(state, os.environ.get("ASTERISK_HOME")) or fetch_asterisk(state, print)


@pytest.fixture(scope="session")
def rhvoice(install: AsteriskInstall) -> RHVoice:
    data = install.root / "usr" / "share" / "RHVoice"
    env = {"RHVOICE_DATA_PATH": str(data), "RHVOICE_CONFIG_PATH": str(install.root / "etc" / "RHVoice")}
    return RHVoice(tool_argv(install, "usr/bin/RHVoice-test"), env if data.is_dir() else {})


@pytest.fixture(scope="session")
def espeak(install: AsteriskInstall) -> Espeak:
    data = next(install.root.glob("usr/lib/*/espeak-ng-data"), None)
    return Espeak(tool_argv(install, "usr/bin/espeak-ng"), {"ESPEAK_DATA_PATH": str(data.parent)} if data else {})
