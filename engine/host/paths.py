"""Where one installation keeps its state. Everything that is made, downloaded or recorded lies under one folder.

Use: ``state = State(Path(".dozvon").resolve())`` once, in the launcher or the CLI (which alone read ``DOZVON_HOME``),
and pass it down. Nothing here touches the disk except :meth:`State.make`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class State:
    root: Path

    @property
    def venv(self) -> Path:
        return self.root / "venv"

    @property
    def asterisk(self) -> Path:
        """The unpacked Asterisk tree (about 400 MB with its voices)."""
        return self.root / "asterisk"

    @property
    def apt(self) -> Path:
        return self.root / "apt"

    @property
    def run(self) -> Path:
        """One folder for each running Asterisk."""
        return self.root / "run"

    @property
    def media(self) -> Path:
        return self.root / "media"

    @property
    def secrets(self) -> Path:
        """Mode 700; the files in it are mode 600."""
        return self.root / "secrets"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def pg(self) -> Path:
        return self.root / "pg"

    def make(self) -> State:
        """Create the folders that other code expects to exist; safe to repeat."""
        for folder in (self.root, self.run, self.media, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        self.secrets.mkdir(mode=0o700, exist_ok=True)
        self.secrets.chmod(0o700)
        return self
