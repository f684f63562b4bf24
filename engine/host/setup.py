"""``python -m engine.host.setup``: make sure that an Asterisk is at hand, with progress on stderr.

The launcher runs it before the tests; ``demo`` and ``up`` do the same from Python.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from engine.domain import text
from engine.domain.errors import DozvonError
from engine.host.asterisk_tree import AsteriskInstall, fetch_asterisk, find_asterisk
from engine.host.debian import Say
from engine.host.paths import PROJECT, State


def asterisk_at_hand(state: State, home: str | None, mirror: str | None, say: Say) -> AsteriskInstall:
    """Find, or else fetch. ``home`` is ``ASTERISK_HOME``, ``mirror`` is ``DOZVON_DEBIAN_MIRROR``."""
    return find_asterisk(state, home) or fetch_asterisk(state, say, mirror)


def main() -> int:
    text.use(os.environ.get("LC_ALL") or os.environ.get("LANG", ""))
    state = State(Path(os.environ.get("DOZVON_HOME") or PROJECT / ".dozvon").resolve()).make()
    try:
        asterisk_at_hand(
            state,
            os.environ.get("ASTERISK_HOME"),
            os.environ.get("DOZVON_DEBIAN_MIRROR"),
            lambda line: print(line, file=sys.stderr, flush=True),
        )
    except DozvonError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
