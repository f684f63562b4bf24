"""One real Asterisk from the tree: ready, refused, on loopback only, and clear when it cannot start."""

from __future__ import annotations

import http.client
import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from engine.domain.errors import Unavailable
from engine.host.asterisk import OPEN_FILES, AsteriskInstance, ari_status
from engine.host.asterisk_tree import AsteriskInstall, find_asterisk, tool_argv
from engine.host.instance_files import InstanceSpec, Peer, Role
from engine.host.paths import PROJECT, State
from engine.host.ports import LOOPBACK, free_port, free_range

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def install() -> AsteriskInstall:
    found = find_asterisk(
        State(Path(os.environ.get("DOZVON_HOME", PROJECT / ".dozvon"))), os.environ.get("ASTERISK_HOME")
    )
    assert found is not None, "run ./dozvon test, which fetches Asterisk"
    return found


def _spec(name: str = "platform") -> InstanceSpec:
    start, end = free_range(40)
    return InstanceSpec(
        name, Role.PLATFORM, free_port(), free_port(), start, end, "right", (Peer("carrier", free_port()),)
    )


@pytest.fixture(scope="module")
def running(install: AsteriskInstall, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsteriskInstance]:
    instance = AsteriskInstance(State(tmp_path_factory.mktemp("state")).make(), install, _spec())
    instance.start()
    instance.wait_ready()
    yield instance
    instance.stop()
    assert instance.pid is None


def test_ari_answers_the_right_password_and_refuses_others(running: AsteriskInstance) -> None:
    assert ari_status(running.spec.http_port, "right") == http.client.OK
    assert ari_status(running.spec.http_port, "wrong") == http.client.UNAUTHORIZED
    assert ari_status(running.spec.http_port, "right", user="root") == http.client.UNAUTHORIZED


def _listening(pid: int) -> set[tuple[str, str, int]]:
    """(protocol, address, port) of the process's listening TCP and bound UDP sockets, from /proc."""
    inodes = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    found = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            address, port = fields[1].split(":")
            if f"socket:[{fields[9]}]" in inodes and (table.startswith("udp") or fields[3] == "0A"):
                found.add((table, address, int(port, 16)))
    return found


def test_nothing_listens_outside_loopback(running: AsteriskInstance) -> None:
    assert running.pid is not None
    sockets = _listening(running.pid)
    loopback = f"{int.from_bytes(socket.inet_aton(LOOPBACK), 'little'):08X}"
    spec = running.spec
    assert {(table, port) for table, _, port in sockets} >= {
        ("tcp", spec.http_port), ("tcp", spec.sip_port), ("tcp", spec.tls), ("udp", spec.sip_port),
    }  # fmt: skip
    outside = [(table, port) for table, address, port in sockets if address != loopback]
    # The SIP library keeps one DNS client socket for IPv4 and one for IPv6, at ports of the kernel's choice; it opens
    # them without asking any setting, and they serve nobody.
    assert sorted(table for table, _ in outside) in (["udp", "udp6"], ["udp"], [])
    assert not {port for _, port in outside} & {spec.http_port, spec.sip_port, spec.tls}
    assert not any(spec.rtp_start <= port <= spec.rtp_end for _, port in outside)


def test_passwords_are_private_on_disk(running: AsteriskInstance) -> None:
    file = running.folder / "etc" / "generated" / "ari.conf"
    assert "right" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


def test_open_files_are_raised(running: AsteriskInstance) -> None:
    assert running.pid is not None
    soft, hard = resource.prlimit(running.pid, resource.RLIMIT_NOFILE)
    assert soft >= min(hard if hard != resource.RLIM_INFINITY else OPEN_FILES, OPEN_FILES)


def test_console_and_plain_files_are_in_force(running: AsteriskInstance) -> None:
    assert "carrier/sip:127.0.0.1" in running.command("pjsip show contacts")
    assert "Stasis(dozvon,inbound" in running.command("dialplan show from-trunk")
    assert re.search(r"taskprocessor_overload_trigger\s*: pjsip_only", running.command("pjsip show settings"))
    # Asterisk runs "h" after a hang-up: were it taken for a number, each ended call would come in again.
    assert "Stasis" not in running.command("dialplan show h@from-trunk")
    for number in ("79001234567", "+79001234567", "1", "sales"):
        assert "Stasis(dozvon,inbound" in running.command(f"dialplan show {number}@from-trunk")
    for module in ("app_amd", "app_chanspy", "res_http_websocket", "chan_rtp", "app_mixmonitor"):
        assert "Running" in running.command(f"module show like {module}")


def test_the_example_trunk_loads_in_each_variant(install: AsteriskInstall, tmp_path: Path) -> None:
    """All three variants at once, each under a name of its own, uncommented as the file tells an administrator to."""
    project = tmp_path / "project"
    shutil.copytree(PROJECT / "asterisk-conf", project / "asterisk-conf", ignore=shutil.ignore_patterns("*.conf.local"))
    shutil.copytree(PROJECT / "dialplan", project / "dialplan")
    example = (project / "asterisk-conf" / "trunks" / "trunk.conf.example").read_text()
    variants = re.split(r"^; -{20,}.*$", example, flags=re.MULTILINE)[1:4]
    for number, variant in enumerate(variants):
        text = re.sub(r"^;(?=[\[a-z])", "", variant, flags=re.MULTILINE).replace("EXAMPLE", f"trunk{number}")
        text = text.replace("sip.provider.example", LOOPBACK)
        (project / "asterisk-conf" / "trunks" / f"trunk{number}.conf").write_text(text)
    instance = AsteriskInstance(State(tmp_path / "state").make(), install, _spec(), project)
    instance.start()
    try:
        instance.wait_ready()
        endpoints = instance.command("pjsip show endpoints")
        registrations = instance.command("pjsip show registrations")
    finally:
        instance.stop()
    assert all(f"trunk{number}" in endpoints for number in range(3))
    assert "trunk0" in registrations


@pytest.mark.parametrize("which", ["HTTP", "SIP"])
def test_a_busy_port_is_named(install: AsteriskInstall, tmp_path: Path, which: str) -> None:
    spec = _spec()
    port = spec.http_port if which == "HTTP" else spec.sip_port
    kind = socket.SOCK_STREAM if which == "HTTP" else socket.SOCK_DGRAM
    with closing(socket.socket(socket.AF_INET, kind)) as holder:
        holder.bind((LOOPBACK, port))
        if which == "HTTP":
            holder.listen()
        with pytest.raises(Unavailable, match=rf"{port} \({which}"):
            AsteriskInstance(State(tmp_path).make(), install, spec).start()


def _broken(tmp_path: Path, file: str, content: str) -> Path:
    project = tmp_path / "project"
    shutil.copytree(PROJECT / "asterisk-conf", project / "asterisk-conf")
    shutil.copytree(PROJECT / "dialplan", project / "dialplan")
    with (project / "asterisk-conf" / file).open("a") as stream:
        stream.write(content)
    return project


@pytest.mark.parametrize(
    ("file", "content", "word"),
    [
        ("common/pjsip.conf", "\n[odd](trunk-udp)\nno_such_option = 1\n", "no_such_option|odd"),
        ("common/modules.conf", "\nrequire = app_missing.so\n", "app_missing"),
        ("trunks/bad.conf", "\n[bad](no-such-template)\ntype = endpoint\n", "no-such-template"),
    ],
)
def test_a_broken_configuration_is_told_in_one_line(
    install: AsteriskInstall, tmp_path: Path, file: str, content: str, word: str
) -> None:
    project = _broken(tmp_path, file, content)
    instance = AsteriskInstance(State(tmp_path / "state").make(), install, _spec(), project)
    instance.start()
    try:
        with pytest.raises(Unavailable, match=word) as caught:
            instance.wait_ready()
        assert "\n" not in str(caught.value)
        assert instance.pid is None
    finally:
        instance.stop()


def test_an_instance_of_a_living_process_is_not_replaced(running: AsteriskInstance, install: AsteriskInstall) -> None:
    twin = AsteriskInstance(State(running.folder.parent.parent), install, replace(running.spec, http_port=free_port()))
    with pytest.raises(Unavailable) as caught:
        twin.start()
    assert caught.value.code == "asterisk-running"
    assert running.pid == twin.pid


def test_an_orphan_is_replaced(install: AsteriskInstall, tmp_path: Path) -> None:
    state = State(tmp_path / ("long" * 30)).make()  # also: the control socket's path would be too long here
    left = AsteriskInstance(state, install, _spec("orphan"))
    left.start()
    left.wait_ready()
    (left.folder / "owner").write_text("4194305")  # above the kernel's highest process number
    old = left.pid
    fresh = AsteriskInstance(state, install, left.spec)
    try:
        fresh.start()
        fresh.wait_ready()
        assert fresh.pid not in (None, old)
        assert "orphan" in fresh.command("core show settings")
    finally:
        fresh.stop()
        left.stop()
    assert left.pid is None


@pytest.mark.parametrize("program", ["usr/bin/espeak-ng", "usr/bin/RHVoice-test"])
def test_other_programs_of_the_tree_run(install: AsteriskInstall, program: str) -> None:
    assert tool_argv(install, program)[-1].endswith(Path(program).name)


def test_serve_runs_until_it_is_told_to_end(install: AsteriskInstall, tmp_path: Path) -> None:
    spec = _spec()
    (tmp_path / "password").write_text("from a file\n")
    environment = os.environ | {
        "DOZVON_HOME": str(tmp_path / "state"), "ASTERISK_HOME": str(install.root), "PYTHONPATH": str(PROJECT),
        "DOZVON_ARI_PASSWORD_FILE": str(tmp_path / "password"), "DOZVON_HTTP_PORT": str(spec.http_port),
        "DOZVON_SIP_PORT": str(spec.sip_port), "DOZVON_RTP": f"{spec.rtp_start}-{spec.rtp_end}",
    }  # fmt: skip
    serve = [sys.executable, "-m", "engine.host.serve"]
    with subprocess.Popen(serve, env=environment) as process:
        deadline = time.monotonic() + 20
        while ari_status(spec.http_port, "from a file") != http.client.OK and time.monotonic() < deadline:
            assert process.poll() is None
            time.sleep(0.05)
        assert subprocess.run([*serve, "--check"], env=environment, check=False).returncode == 0
        process.terminate()
        assert process.wait(20) == 0
    assert ari_status(spec.http_port, "from a file") is None
    assert subprocess.run([*serve, "--check"], env=environment, check=False).returncode == 1
