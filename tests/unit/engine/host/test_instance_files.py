from __future__ import annotations

import configparser
from dataclasses import replace
from pathlib import Path

import pytest

from engine.domain.errors import BadInput
from engine.host.asterisk_tree import AsteriskInstall, Origin
from engine.host.instance_files import InstanceSpec, Peer, Role, asterisk_conf, generated
from engine.host.paths import PROJECT

SPEC = InstanceSpec(
    "platform", Role.PLATFORM, http_port=8088, sip_port=5060, rtp_start=20000, rtp_end=20399, ari_password="s3cret",
    peers=(Peer("carrier", 5070), Peer("secure", 5061, "192.0.2.7", "tls")), variables={"GREETING": "a;b"},
)  # fmt: skip


def test_every_generated_file_is_included_by_a_plain_one() -> None:
    conf = PROJECT / "asterisk-conf"
    plain = "\n".join(f.read_text() for f in (*conf.glob("common/*.conf"), PROJECT / "dialplan" / "platform.conf"))
    for name in generated(SPEC, Path("/media")):
        wanted = f"generated/{name}" if "/" not in name else "generated/trunks/*.conf"
        assert f"include {wanted}" in plain, name


def test_the_password_stands_in_one_file_only() -> None:
    assert [name for name, content in generated(SPEC, Path("/media")).items() if "s3cret" in content] == ["ari.conf"]
    assert "s3cret" not in repr(SPEC)


def test_http_stays_on_loopback_whatever_sip_listens_on() -> None:
    files = generated(replace(SPEC, sip_address="192.0.2.1"), Path("/media"))
    assert "bindaddr = 127.0.0.1" in files["http.conf"]
    assert "bind = 192.0.2.1:5060" in files["pjsip.conf"]
    assert "media_address = 192.0.2.1" in files["pjsip.conf"]
    assert "127.0.0.1" not in files["pjsip.conf"]


def test_behind_nat_every_transport_tells_the_outer_address() -> None:
    inside = generated(SPEC, Path("/media"))["pjsip.conf"]
    outside = generated(replace(SPEC, external_address="198.51.100.4"), Path("/media"))["pjsip.conf"]
    assert "external" not in inside
    assert outside.count("external_media_address = 198.51.100.4") == 3
    assert outside.count("external_signaling_address = 198.51.100.4") == 3


def test_a_peer_becomes_endpoint_address_and_identification() -> None:
    files = generated(SPEC, Path("/media"))
    assert "[carrier](trunk-udp)" in files["trunks/carrier.conf"]
    assert "contact = sip:127.0.0.1:5070\n" in files["trunks/carrier.conf"]
    assert "[secure](trunk-tls)" in files["trunks/secure.conf"]
    assert "contact = sip:192.0.2.7:5061\\;transport=tls\n" in files["trunks/secure.conf"]
    assert "match = 192.0.2.7\n" in files["trunks/secure.conf"]


def test_a_semicolon_in_a_variable_does_not_begin_a_comment() -> None:
    assert "GREETING = a\\;b\n" in generated(SPEC, Path("/media"))["globals.conf"]


@pytest.mark.parametrize("variables", [{"A B": "x"}, {"A": "x\nexten => s,1,System(rm)"}, {"": "x"}])
def test_a_variable_cannot_smuggle_in_configuration(variables: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        generated(replace(SPEC, variables=variables), Path("/media"))


@pytest.mark.parametrize("name", ["", "a/b", "..", "a b", "[x]"])
def test_names_are_checked(name: str) -> None:
    with pytest.raises(BadInput):
        replace(SPEC, name=name)
    with pytest.raises(BadInput):
        replace(SPEC, peers=(Peer(name, 5060),))


@pytest.mark.parametrize(("start", "end"), [(20000, 20000), (20100, 20000), (80, 20000), (60000, 70000)])
def test_rtp_range_is_checked(start: int, end: int) -> None:
    with pytest.raises(BadInput):
        replace(SPEC, rtp_start=start, rtp_end=end)


def test_tls_listens_beside_sip_unless_told_otherwise() -> None:
    assert SPEC.tls == 5061
    assert replace(SPEC, tls_port=6000).tls == 6000


def test_asterisk_conf_points_into_the_instance_folder() -> None:
    install = AsteriskInstall(
        (), Path("/a/sbin/asterisk"), Path("/a/mod"), Path("/a/data"), "22.10.1", Origin.HOST, Path("/a")
    )
    parser = configparser.ConfigParser()
    parser.read_string(asterisk_conf(install, Path("/state/run/platform"), Path("/short")))
    places = parser["directories"]
    assert places["astrundir"] == "/short"
    assert places["astmoddir"] == "/a/mod"
    assert parser["options"]["live_dangerously"] == "no"
    writable = {"astetcdir", "astvarlibdir", "astdbdir", "astkeydir", "astspooldir", "astlogdir", "astagidir"}
    assert all(places[name].startswith("/state/run/platform/") for name in writable)
