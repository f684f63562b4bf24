"""What nobody needs before he asks for it is not imported at the start: a cold start shall take less than two seconds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HEAVY = {
    "pgqueuer",
    "xlsxwriter",
    "polyfactory",
    "faker",
    "numpy",
    "pandas",
    "boto3",
    "botocore",
    "aiohttp",
    "vosk",
    "uv",
}
_STARTED = """
import sys
from pathlib import Path
from management.__main__ import create_app
from management.settings import Settings
create_app(Settings("postgresql://nowhere", media=Path(sys.argv[1])))
print(*{name.partition(".")[0] for name in sys.modules})
"""


def test_heavy_modules_wait_until_they_are_needed(tmp_path: Path, project_root: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _STARTED, str(tmp_path)], env={"PYTHONPATH": str(project_root)},
                          capture_output=True, text=True, check=True, timeout=60)  # fmt: skip
    loaded = set(done.stdout.split())
    assert {"litestar", "management"} <= loaded
    assert not loaded & HEAVY
