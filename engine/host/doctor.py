"""The doctor looks at everything a run needs, explains each failure in one line and says what to do about it.

Use: ``for line in render(checks(subject)): print(line)``; :func:`worst` gives the exit code's reason. Nothing is changed,
except that ports are bound for a moment. Takes up to two seconds for each trunk that does not answer.
"""

from __future__ import annotations

import http.client
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from engine.domain.errors import DozvonError
from engine.domain.text import translate as _
from engine.host.asterisk import ari_status
from engine.host.asterisk_tree import MINIMUM, AsteriskInstall, find_asterisk, host_asterisk, new_enough
from engine.host.paths import State
from engine.host.ports import LOOPBACK, first_busy, is_free
from engine.host.sip_probe import Trunk, options

MINIMUM_POSTGRES = 15
TESTED_PYTHON = ((3, 11), (3, 12), (3, 13))
_BUILT = 1767225600  # 2026-01-01 UTC: this software is younger, so a clock before that is wrong
_GIB = 1 << 30


class Health(Enum):
    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Check:
    """``text`` says what was found; ``remedy`` what to do, empty when all is well."""

    name: str
    state: Health
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What to look at. ``postgres`` returns the server's major version or raises DozvonError or OSError.

    ``running``: Asterisk is meant to be up, so its ports should be busy and ARI should answer ``ari_password``.
    ``contacts`` is what ``pjsip show contacts`` prints, when it is.
    """

    state: State
    http_port: int
    sip_port: int
    rtp_start: int
    rtp_end: int
    asterisk_home: str | None = None
    running: bool = False
    ari_password: str | None = None
    postgres: Callable[[], int] | None = None
    trunks: tuple[Trunk, ...] = ()
    contacts: str = ""
    sip_address: str = LOOPBACK


def checks(subject: Subject) -> list[Check]:
    """All of them, in the order in which they should be repaired."""
    install, asterisk = _asterisk(subject)
    found = [_python(), _disk(subject.state.root), _clock(time.time()), asterisk]
    if install is not None:
        found += [_sounds(install), _voices(install)]
    if subject.postgres is not None:
        found.append(_postgres(subject.postgres))
    found += _ari(subject) if subject.running else _ports(subject)
    found += [_trunk(trunk, subject.contacts) for trunk in subject.trunks]
    return found


def worst(found: Iterable[Check]) -> Health:
    states = {check.state for check in found}
    return next((state for state in (Health.BAD, Health.WARN) if state in states), Health.OK)


def render(found: Iterable[Check]) -> Iterator[str]:
    """One line a check, and an indented one with the remedy where there is something to do."""
    signs = {Health.OK: "✓", Health.WARN: "!", Health.BAD: "✗"}
    for check in found:
        yield f"{signs[check.state]} {check.name}: {check.text}"
        if check.remedy:
            yield f"    → {check.remedy}"


def _python() -> Check:
    """Older ones never come here: the launcher turns them away. One that we have not been tested with gets a warning."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] in TESTED_PYTHON:
        return Check("Python", Health.OK, version)
    remedy = _("Dozvon is tested with Python 3.11 to 3.13; if something fails, use one of these.")
    return Check("Python", Health.WARN, version, remedy)


def _disk(root: Path) -> Check:
    free = shutil.disk_usage(root if root.exists() else root.parent).free
    text = _("{free:.1f} GB free in {folder}").format(free=free / _GIB, folder=root)
    remedy = _(
        "Free some space, or set DOZVON_HOME to a folder on a larger disk. An hour of recorded calls takes 115 MB."
    )
    if free < _GIB:
        return Check(_("Disk"), Health.BAD, text, remedy)
    return Check(_("Disk"), Health.WARN, text, remedy) if free < 5 * _GIB else Check(_("Disk"), Health.OK, text)


def _clock(now: float) -> Check:
    name, shown = _("Clock"), time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    if now >= _BUILT:
        return Check(name, Health.OK, shown)
    remedy = _("Set the clock and keep it right with systemd-timesyncd or chrony: calling hours depend on it.")
    return Check(name, Health.BAD, shown, remedy)


def _asterisk(subject: Subject) -> tuple[AsteriskInstall | None, Check]:
    wanted = ".".join(map(str, MINIMUM))
    try:
        install = find_asterisk(subject.state, subject.asterisk_home)
    except DozvonError as error:
        remedy = _("Point ASTERISK_HOME at Asterisk {version} or newer, or unset it to have one fetched.")
        return None, Check("Asterisk", Health.BAD, str(error), remedy.format(version=wanted))
    if install is not None:
        return install, Check("Asterisk", Health.OK, f"{install.version} ({install.origin.value}: {install.root})")
    host = host_asterisk()
    text = _("not set up yet")
    if host is not None and not new_enough(host.version):
        text = _("the installed one is {version}, {wanted} or newer is needed").format(
            version=host.version, wanted=wanted
        )
    return None, Check("Asterisk", Health.WARN, text, _("Nothing to do: the next start fetches one (about 120 MB)."))


def _sounds(install: AsteriskInstall) -> Check:
    name = _("Russian sounds")
    if (install.sounds / "ru").is_dir():
        return Check(name, Health.OK, str(install.sounds / "ru"))
    remedy = _("Install the package asterisk-core-sounds-ru-wav. The test carrier's subscribers speak with it.")
    return Check(name, Health.WARN, _("missing in {folder}").format(folder=install.sounds), remedy)


def _voices(install: AsteriskInstall) -> Check:
    name = _("Voices")
    for root in (install.root / "usr", Path("/usr")):
        found = sorted(p.name for p in (root / "share" / "RHVoice" / "voices").glob("*") if p.is_dir())
        if found:
            return Check(name, Health.OK, ", ".join(found))
    remedy = _("Install the packages rhvoice and rhvoice-russian, or choose another provider of speech.")
    return Check(name, Health.WARN, _("RHVoice has no voice"), remedy)


def _postgres(version: Callable[[], int]) -> Check:
    try:
        major = version()
    except (DozvonError, OSError) as error:
        remedy = _("Check DATABASE_URL and that the server runs; without DATABASE_URL the embedded one is used.")
        return Check("PostgreSQL", Health.BAD, str(error), remedy)
    if major >= MINIMUM_POSTGRES:
        return Check("PostgreSQL", Health.OK, str(major))
    remedy = _("Upgrade the server to {version} or newer.").format(version=MINIMUM_POSTGRES)
    return Check("PostgreSQL", Health.BAD, str(major), remedy)


def _ports(subject: Subject) -> list[Check]:
    remedy = _("End the program that uses it (ss -lntup shows which), or choose another port.")
    wanted = (
        ("HTTP/ARI", LOOPBACK, subject.http_port, (socket.SOCK_STREAM,)),
        ("SIP", subject.sip_address, subject.sip_port, (socket.SOCK_STREAM, socket.SOCK_DGRAM)),
    )
    found: list[Check] = []
    for what, address, port, kinds in wanted:
        name = _("Port {port} ({what})").format(port=port, what=what)
        free = all(is_free(port, kind, address) for kind in kinds)
        found.append(Check(name, Health.OK, _("free")) if free else Check(name, Health.BAD, _("busy"), remedy))
    name = _("RTP ports {start}-{end}").format(start=subject.rtp_start, end=subject.rtp_end)
    busy = first_busy(range(subject.rtp_start, subject.rtp_end + 1), subject.sip_address)
    if busy is None:
        return [*found, Check(name, Health.OK, _("free"))]
    return [*found, Check(name, Health.WARN, _("{port} is busy").format(port=busy), remedy)]


def _ari(subject: Subject) -> list[Check]:
    status = ari_status(subject.http_port, subject.ari_password or "")
    if status == http.client.OK:
        return [Check("ARI", Health.OK, f"{LOOPBACK}:{subject.http_port}")]
    if status == http.client.UNAUTHORIZED:
        remedy = _(
            "The password in use is not the one Asterisk started with: restart Asterisk, or correct the password."
        )
        return [Check("ARI", Health.BAD, _("Asterisk refuses the password"), remedy)]
    if status is None:
        text = _("nobody answers on {address}:{port}").format(address=LOOPBACK, port=subject.http_port)
        return [Check("ARI", Health.BAD, text, _("Start Asterisk (./dozvon up) and look into its log."))]
    text = _("HTTP status {status}").format(status=status)
    return [Check("ARI", Health.BAD, text, _("Wait until Asterisk has started, then look into its log."))]


def _trunk(trunk: Trunk, contacts: str) -> Check:
    name = _("Trunk {name}").format(name=trunk.name)
    where = f"{trunk.host}:{trunk.port}/{trunk.transport}"
    answer = options(trunk)
    if answer.status == 0:
        remedy = _("Check address, port and transport in asterisk-conf/trunks, the firewall, and that the provider "
                   "allows this machine's address.")  # fmt: skip
        return Check(name, Health.BAD, _("{where} does not answer: {why}").format(where=where, why=answer.why), remedy)
    if contact_state(contacts, trunk.name) == "Unavail":
        remedy = _("Asterisk cannot reach it although this machine can: check the trunk's transport and SIP address.")
        return Check(name, Health.WARN, _("{where} answers, but not to Asterisk").format(where=where), remedy)
    return Check(name, Health.OK, _("{where} answers ({status})").format(where=where, status=answer.status))


def contact_state(contacts: str, name: str) -> str | None:
    """PURE: the status column of ``pjsip show contacts`` for the trunk ``name``: Avail, Unavail, NonQual; None if absent."""
    for line in contacts.splitlines():
        words = line.split()
        if len(words) >= 4 and words[0] == "Contact:" and words[1].partition("/")[0] == name:
            return words[3]
    return None
