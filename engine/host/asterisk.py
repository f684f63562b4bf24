"""Runs one Asterisk from a folder of its own, in the foreground, as a child of this process.

Use::

    platform = AsteriskInstance(state, install, InstanceSpec("platform", Role.PLATFORM, ...))
    platform.start()            # checks ports, writes the folder, starts; Unavailable with one clear line
    platform.wait_ready(20)     # ARI answers with the right password
    platform.command("core show channels")
    platform.stop()

The folder ``state.run/<name>`` holds ``asterisk.conf``; ``etc/``: links to the plain files, so that ``core reload``
sees an administrator's edits, and ``generated/``, written at each start; ``spool/``, ``var/``, ``log/messages.log``.
Another process may look at a running instance: ``AsteriskInstance(state, install, spec).command(...)`` needs no start.
"""

from __future__ import annotations

import base64
import http.client
import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from engine.domain.errors import BadInput, Unavailable
from engine.domain.text import mark
from engine.host.asterisk_tree import AsteriskInstall
from engine.host.instance_files import InstanceSpec, asterisk_conf, generated
from engine.host.log_reader import problems
from engine.host.paths import PROJECT, State
from engine.host.ports import LOOPBACK, first_busy, is_free
from engine.host.rundir import socket_folder
from engine.host.secret import write_secret

OPEN_FILES = (
    65536  # a call holds up to ten descriptors (RTP and RTCP sockets, pipes, timer, recording); 1024 end at ~100 calls
)


class AsteriskInstance:
    def __init__(self, state: State, install: AsteriskInstall, spec: InstanceSpec, project: Path = PROJECT) -> None:
        self.install = install
        self.spec = spec
        self.folder = state.run / spec.name
        self.log = self.folder / "log" / "messages.log"
        self.console_log = state.logs / f"asterisk-{spec.name}.log"
        self._run = socket_folder(self.folder, "asterisk.ctl")
        self._media = state.media
        self._project = project
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def pid(self) -> int | None:
        """The running Asterisk's, also one started by another process."""
        if self._process is not None and self._process.poll() is None:
            return self._process.pid
        try:
            pid = int((self._run / "asterisk.pid").read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if str(self._conf).encode() in command.split(b"\0") else None

    @property
    def _conf(self) -> Path:
        return self.folder / "asterisk.conf"

    def prepare(self) -> Path:
        """Write the instance's folder and return it. Safe to repeat; a running instance sees changes after a reload."""
        (self._media / "moh").mkdir(parents=True, exist_ok=True)
        for part in ("var/keys", "spool/recording", "log"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        self.console_log.parent.mkdir(parents=True, exist_ok=True)
        self._conf.write_text(asterisk_conf(self.install, self.folder, self._run))
        etc = self.folder / "etc"
        shutil.rmtree(etc, ignore_errors=True)
        etc.mkdir()
        for source in self._plain_files():
            (etc / source.name).unlink(missing_ok=True)
            (etc / source.name).symlink_to(source)
        (etc / "extensions.conf").symlink_to(self._dialplan())
        (etc / "trunks").symlink_to(self._project / "asterisk-conf" / "trunks")
        for name, content in generated(self.spec, self._media).items():
            write_secret(etc / "generated" / name, content)
        return self.folder

    def _plain_files(self) -> list[Path]:
        """Common files first: a role's file of the same name replaces the common one."""
        base = self._project / "asterisk-conf"
        return [file for part in ("common", self.spec.role.value) for file in sorted((base / part).glob("*.conf"))]

    def _dialplan(self) -> Path:
        dialplan = self._project / "dialplan" / f"{self.spec.role.value}.conf"
        if not dialplan.exists():
            raise BadInput("no-dialplan", mark("The dialplan {file} is missing."), file=dialplan)
        return dialplan

    def start(self) -> None:
        """Start Asterisk; an instance left behind by a dead process of ours is stopped first."""
        self._replace_orphan()
        self._check_ports()
        self.prepare()
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        (self._run / "asterisk.ctl").unlink(missing_ok=True)
        with self.console_log.open("ab") as output:
            self._process = subprocess.Popen(
                [*self.install.argv, "-C", str(self._conf), "-f"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C in the terminal is for the engine, which hangs up calls first
            )
        _, hard = resource.prlimit(self._process.pid, resource.RLIMIT_NOFILE)
        ceiling = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
        resource.prlimit(self._process.pid, resource.RLIMIT_NOFILE, (ceiling, hard))
        (self.folder / "owner").write_text(str(os.getpid()))

    def wait_ready(self, timeout: float = 30.0) -> None:
        """Return when ARI answers and no error is in the log; raise Unavailable with the log's own words otherwise.

        Blocks, looking every 50 ms; call it through ``asyncio.to_thread`` from a coroutine. ``timeout`` in seconds.
        """
        deadline = time.monotonic() + timeout
        while not self._ari_answers():
            if self._process is not None and self._process.poll() is not None:
                raise self._failed(mark("Asterisk “{name}” ended while starting: {why}"))
            if time.monotonic() > deadline:
                error = self._failed(mark("Asterisk “{name}” did not become ready: {why}"))
                self.stop()
                raise error
            time.sleep(0.05)
        found = problems(self._new_log())
        if found and self._process is not None:
            self.stop()
            raise Unavailable("asterisk-config", mark("Asterisk “{name}” has an error in its configuration: {why}"),
                              name=self.spec.name, why=found[0])  # fmt: skip

    def stop(self, timeout: float = 10.0) -> None:
        """SIGTERM, and SIGKILL to that very process after ``timeout`` seconds. Calls in progress are hung up."""
        pid = self.pid
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        if not self._gone(pid, timeout):
            os.kill(pid, signal.SIGKILL)
            self._gone(pid, timeout)

    def command(self, line: str) -> str:
        """Run a console command in the running Asterisk and return what it prints."""
        done = subprocess.run(
            [*self.install.argv, "-C", str(self._conf), "-rx", line],
            capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode != 0:
            raise Unavailable("asterisk-console", mark("Asterisk “{name}” is not running."), name=self.spec.name)
        return done.stdout

    def _gone(self, pid: int, timeout: float) -> bool:
        if self._process is not None and self._process.pid == pid:
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                return False
            return True
        deadline = time.monotonic() + timeout
        while not _ended(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        return _ended(pid)

    def _replace_orphan(self) -> None:
        if self.pid is None:
            return
        try:
            owner = int((self.folder / "owner").read_text())
            os.kill(owner, 0)
        except (OSError, ValueError):
            self.stop()
            return
        raise Unavailable("asterisk-running", mark("Asterisk “{name}” is already running, started by process {owner}."),
                          name=self.spec.name, owner=owner)  # fmt: skip

    def _check_ports(self) -> None:
        spec = self.spec
        busy = [("HTTP", spec.http_port)] if not is_free(spec.http_port) else []
        if not is_free(spec.sip_port, address=spec.sip_address) or first_busy([spec.sip_port], spec.sip_address):
            busy.append(("SIP", spec.sip_port))
        if not is_free(spec.tls, address=spec.sip_address):
            busy.append(("SIP TLS", spec.tls))
        for what, port in busy:
            raise Unavailable(
                "port-busy",
                mark(
                    "Port {port} ({what} of Asterisk “{name}”) is busy: "
                    "end the program that uses it or choose another port."
                ),
                port=port, what=what, name=spec.name,
            )  # fmt: skip

    def _ari_answers(self) -> bool:
        status = ari_status(self.spec.http_port, self.spec.ari_password)
        if status == http.client.UNAUTHORIZED:
            self.stop()
            raise Unavailable("ari-password", mark("Asterisk “{name}” refuses the ARI password."), name=self.spec.name)
        return status == http.client.OK

    def _new_log(self) -> Sequence[str]:
        if not self.log.exists():
            return []
        with self.log.open("rb") as stream:
            stream.seek(self._log_start)
            return stream.read().decode(errors="replace").splitlines()

    def _failed(self, message: str) -> Unavailable:
        lines = self._new_log() or self.console_log.read_text(errors="replace").splitlines()[-20:]
        found = problems(lines)  # the last one made it give up
        why = found[-1] if found else str(self.console_log)
        return Unavailable("asterisk-start", message, name=self.spec.name, why=why)


def _ended(pid: int) -> bool:
    """Whether nothing of the process holds a port any more. Its command line and its pid file are gone some time before that."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state in "ZX" and len(list(Path(f"/proc/{pid}/task").iterdir())) == 1
    except OSError:
        return True


def ari_status(port: int, password: str, user: str = "dozvon") -> int | None:
    """HTTP status of ARI's ping on the loopback interface: 200, 401, 503 while starting; None if nobody answers."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
    try:
        connection.request("GET", "/ari/asterisk/ping", headers={"Authorization": f"Basic {credentials}"})
        response = connection.getresponse()
        response.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return response.status
