from __future__ import annotations

import socket
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from engine.domain.errors import Unavailable
from engine.host.doctor import Check, Health, Subject, checks, contact_state, render, worst
from engine.host.paths import State
from engine.host.ports import LOOPBACK, free_port, free_range

CONTACTS = """
  Contact:  <Aor/ContactUri..............................> <Hash....> <Status> <RTT(ms)..>
  Contact:  carrier/sip:127.0.0.1:59441                    1aa6fa7530 NonQual        -nan
  Contact:  dead/sip:192.0.2.1:5060                        1aa6fa7531 Unavail         nan
"""


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    start, end = free_range(4)
    return Subject(State(tmp_path), http_port=free_port(), sip_port=free_port(), rtp_start=start, rtp_end=end)


def _named(found: list[Check], part: str) -> Check:
    return next(check for check in found if part in check.name)


def test_whatever_is_not_well_comes_with_a_remedy(subject: Subject) -> None:
    def refuse() -> int:
        raise Unavailable("x", "no server at {host}", host="db")

    for asked in (subject, replace(subject, running=True, postgres=refuse, asterisk_home="/nonexistent")):
        for check in checks(asked):
            assert bool(check.remedy) == (check.state is not Health.OK), check


def test_a_busy_port_is_told_by_number(subject: Subject) -> None:
    with closing(socket.socket()) as holder:
        holder.bind((LOOPBACK, subject.http_port))
        holder.listen()
        found = _named(checks(subject), str(subject.http_port))
    assert found.state is Health.BAD
    assert _named(checks(subject), str(subject.http_port)).state is Health.OK


def test_a_busy_rtp_port_only_warns(subject: Subject) -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as holder:
        holder.bind((LOOPBACK, subject.rtp_start + 1))
        found = _named(checks(subject), "RTP")
    assert found.state is Health.WARN
    assert str(subject.rtp_start + 1) in found.text


def test_nobody_on_the_ari_port_is_told(subject: Subject) -> None:
    found = _named(checks(replace(subject, running=True, ari_password="x")), "ARI")
    assert found.state is Health.BAD
    assert str(subject.http_port) in found.text


@pytest.mark.parametrize(("version", "state"), [(14, Health.BAD), (15, Health.OK), (18, Health.OK)])
def test_postgres_must_be_15_or_newer(subject: Subject, version: int, state: Health) -> None:
    assert _named(checks(replace(subject, postgres=lambda: version)), "PostgreSQL").state is state


def test_contact_states_are_found_by_trunk() -> None:
    assert contact_state(CONTACTS, "carrier") == "NonQual"
    assert contact_state(CONTACTS, "dead") == "Unavail"
    assert contact_state(CONTACTS, "absent") is None


def test_rendering_shows_the_remedy_below() -> None:
    found = [Check("Disk", Health.OK, "9 GB"), Check("SIP", Health.BAD, "busy", "choose another")]
    assert list(render(found)) == ["✓ Disk: 9 GB", "✗ SIP: busy", "    → choose another"]


@pytest.mark.parametrize(
    ("states", "expected"),
    [((), Health.OK), ((Health.OK, Health.WARN), Health.WARN), ((Health.WARN, Health.BAD, Health.OK), Health.BAD)],
)
def test_the_worst_counts(states: tuple[Health, ...], expected: Health) -> None:
    assert worst(Check("x", state, "") for state in states) is expected
