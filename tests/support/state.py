"""A state folder for tests: fresh, but sharing the unpacked Asterisk and the rendered sounds with the project's own."""

from __future__ import annotations

import os
from pathlib import Path

from engine.host.paths import PROJECT, State


def project_state() -> State:
    return State(Path(os.environ.get("DOZVON_HOME") or PROJECT / ".dozvon").resolve()).make()


def fresh_state(folder: Path) -> State:
    """Databases, logs and recordings are the test's own; what takes long to make and never changes is shared."""
    shared, state = project_state(), State(folder).make()
    for name in ("subscribers", "clips"):
        (shared.media / name).mkdir(exist_ok=True)
        (state.media / name).symlink_to(shared.media / name)
    if shared.asterisk.exists():
        state.asterisk.symlink_to(shared.asterisk)
    return state
