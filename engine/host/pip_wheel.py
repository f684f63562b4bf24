"""``python -m engine.host.pip_wheel STATE``: print the path of a pip wheel, for a Python without ``ensurepip``.

Debian splits ensurepip off into python3-venv, which wants root to install. The wheel itself comes from the host's
``/usr/share/python-wheels`` or from Debian's package python3-pip-whl, unpacked privately.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from engine.domain.errors import DozvonError
from engine.host.debian import DebianSource, host_mirror, unpack

_PLACE = Path("usr/share/python-wheels")


def pip_wheel(state: Path) -> Path:
    """A wheel that ``python WHEEL/pip install`` can run from."""
    kept = state / "pip"
    for root in (Path("/"), kept):
        found = sorted((root / _PLACE).glob("pip-*.whl"))
        if found:
            return found[-1]
    source = DebianSource(state / "apt-pip", os.environ.get("DOZVON_DEBIAN_MIRROR") or host_mirror())
    packages = source.download(["python3-pip-whl"], lambda line: print(line, file=sys.stderr, flush=True))
    unpack((source.archives / p.file for p in packages if p.file.startswith("python3-pip-whl_")), kept)
    shutil.rmtree(source.folder)
    return sorted((kept / _PLACE).glob("pip-*.whl"))[-1]


def main() -> int:
    try:
        print(pip_wheel(Path(sys.argv[1])))
    except DozvonError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
