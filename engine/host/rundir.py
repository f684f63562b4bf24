"""Where an Asterisk's control socket lies."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from engine.domain.errors import Unavailable
from engine.domain.text import mark

_LONGEST = 107 - len("/asterisk.ctl")  # sockaddr_un holds 108 bytes with the closing zero


def run_folder(folder: Path) -> Path:
    """``folder/sock``, or a short private folder in the temporary one where that path is too long for a UNIX socket.

    The short name depends on ``folder`` alone, so that other processes find the same instance. Anybody may write to the
    temporary folder: one that is not ours alone is refused.
    """
    run = folder / "sock"
    if len(os.fsencode(run)) > _LONGEST:
        digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
        run = Path(tempfile.gettempdir()) / f"dozvon-{os.getuid()}-{digest}"
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = run.lstat()
    if run.is_symlink() or status.st_uid != os.getuid():
        raise Unavailable("run-folder", mark("{folder} belongs to somebody else; remove it."), folder=run)
    run.chmod(0o700)
    return run
