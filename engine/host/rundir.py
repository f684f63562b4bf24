"""Where the control sockets of our servers lie."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from engine.domain.errors import Unavailable
from engine.domain.text import mark

_LONGEST = 107  # sockaddr_un holds 108 bytes with the closing zero


def socket_folder(folder: Path, socket_name: str, owner: int | None = None) -> Path:
    """``folder/sock``, or a short private folder in the temporary one where ``socket_name`` in it were too long a path.

    The short name depends on ``folder`` alone, so that other processes find the same server. Anybody may write to the
    temporary folder: one that is not ours (or ``owner``'s, a user id) alone is refused. Mode 700.
    """
    run = folder / "sock"
    if len(os.fsencode(run / socket_name)) > _LONGEST:
        digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
        run = Path(tempfile.gettempdir()) / f"dozvon-{os.getuid()}-{digest}"
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    if run.is_symlink() or run.lstat().st_uid not in (os.getuid(), owner):
        raise Unavailable("run-folder", mark("{folder} belongs to somebody else; remove it."), folder=run)
    run.chmod(0o700)
    if owner is not None and owner != os.getuid():
        os.chown(run, owner, -1)
    return run
