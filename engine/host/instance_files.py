"""PURE: the generated part of one Asterisk's configuration.

The files an administrator edits (``asterisk-conf/``, ``dialplan/``) are plain and hold no port, address or password.
Those come from here: small files in the instance's ``generated`` folder that the plain ones ``#include``.

=========================  =========================================================
generated file             included by
=========================  =========================================================
``http.conf``              ``http.conf``: address and port of HTTP and ARI
``ari.conf`` (secret)      ``ari.conf``: the password of user ``dozvon``
``pjsip.conf``             ``pjsip.conf``: templates ``listen-udp listen-tcp listen-tls listen-media``
``rtp.conf``               ``rtp.conf``: port range
``musiconhold.conf``       ``musiconhold.conf``: the folder of the music
``globals.conf``           the dialplan's ``[globals]``: ``InstanceSpec.variables``
``trunks/<peer>.conf``     ``pjsip.conf``: one trunk for each of ``InstanceSpec.peers``
=========================  =========================================================
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Literal

from engine.domain.errors import BadInput
from engine.domain.text import mark
from engine.host.asterisk_tree import AsteriskInstall
from engine.host.ports import LOOPBACK


class Role(Enum):
    PLATFORM = "platform"
    CARRIER = "carrier"


@dataclass(frozen=True, slots=True)
class Peer:
    """Another SIP party, trusted by its address and reached without registration: the demo's other Asterisk.

    Dial it as ``PJSIP/<number>@<name>``; its calls land in the dialplan's ``from-trunk``. Customers' trunks are files
    in ``asterisk-conf/trunks`` instead.
    """

    name: str
    port: int
    host: str = LOOPBACK
    transport: Literal["udp", "tcp", "tls"] = "udp"


@dataclass(frozen=True, slots=True)
class InstanceSpec:
    """``name`` is the folder's; SIP over TLS listens on ``tls_port``, or one above ``sip_port`` where that is 0.

    ``sip_address`` is where SIP and RTP listen; HTTP and ARI always stay on the loopback interface.
    ``external_address``: what others must call us by, where this machine stands behind NAT (a container does).
    ``variables`` become the dialplan's globals. RTP takes two ports a call: 200 calls need a range of 400, a bridged
    transfer twice that.
    """

    name: str
    role: Role
    http_port: int
    sip_port: int
    rtp_start: int
    rtp_end: int
    ari_password: str = field(repr=False)
    peers: tuple[Peer, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    sip_address: str = LOOPBACK
    tls_port: int = 0
    external_address: str = ""

    @property
    def tls(self) -> int:
        return self.tls_port or self.sip_port + 1

    def __post_init__(self) -> None:
        names = (self.name, *(peer.name for peer in self.peers))
        bad = next((name for name in names if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", name)), None)
        if bad is not None:
            raise BadInput(
                "instance-name",
                mark("{name} cannot name an Asterisk or a trunk: use letters, digits, - and _."),
                name=repr(bad),
            )
        if not 1024 <= self.rtp_start < self.rtp_end <= 65535:
            raise BadInput(
                "rtp-range",
                mark("The RTP port range {start}-{end} is not usable."),
                start=self.rtp_start,
                end=self.rtp_end,
            )


def asterisk_conf(install: AsteriskInstall, folder: Path, run: Path) -> str:
    """The file given to ``asterisk -C``. ``run`` holds the control socket, whose path must stay under 108 bytes."""
    places = {
        "astetcdir": folder / "etc",
        "astmoddir": install.modules,
        "astdatadir": install.data,
        "astvarlibdir": folder / "var",
        "astdbdir": folder / "var",
        "astkeydir": folder / "var",
        "astspooldir": folder / "spool",
        "astlogdir": folder / "log",
        "astrundir": run,
        "astagidir": folder / "var",
        "astsbindir": install.binary.parent,
    }
    options = {
        "defaultlanguage": "ru",
        "live_dangerously": "no",  # ARI clients and dialplan functions may not run programs or write files
        "hideconnect": "yes",
        "nocolor": "yes",
        "documentation_language": "en",
        "systemname": folder.name,
    }
    directories = "".join(f"{name} = {path}\n" for name, path in places.items())
    settings = "".join(f"{name} = {value}\n" for name, value in options.items())
    return f"; Generated at each start; edits are lost.\n[directories]\n{directories}\n[options]\n{settings}"


def generated(spec: InstanceSpec, media: Path) -> dict[str, str]:
    """File name in the ``generated`` folder → content. ``media`` is the state's media folder."""
    note = "; Generated at each start; edits are lost.\n"
    files = {
        "http.conf": f"bindaddr = {LOOPBACK}\nbindport = {spec.http_port}\n",
        "ari.conf": f"password = {spec.ari_password}\n",
        "rtp.conf": f"rtpstart = {spec.rtp_start}\nrtpend = {spec.rtp_end}\n",
        "pjsip.conf": _listen(spec),
        "musiconhold.conf": f"directory = {media / 'moh'}\n",
        "globals.conf": "".join(f"{name} = {_plain(name, value)}\n" for name, value in spec.variables.items()),
    }
    files |= {f"trunks/{peer.name}.conf": _trunk(peer) for peer in spec.peers}
    return {name: note + content for name, content in files.items()}


def _listen(spec: InstanceSpec) -> str:
    at = spec.sip_address
    outside = ""
    if spec.external_address:
        outside = (
            f"external_signaling_address = {spec.external_address}\n"
            f"external_media_address = {spec.external_address}\n"
            "local_net = 127.0.0.0/8\n"
        )
    return (
        f"[listen-udp](!)\nbind = {at}:{spec.sip_port}\n{outside}\n"
        f"[listen-tcp](!)\nbind = {at}:{spec.sip_port}\n{outside}\n"
        f"[listen-tls](!)\nbind = {at}:{spec.tls}\n{outside}\n"
        f"[listen-media](!)\nmedia_address = {at}\nbind_rtp_to_media_address = yes\n"
    )


def _trunk(peer: Peer) -> str:
    transport = "" if peer.transport == "udp" else f"\\;transport={peer.transport}"
    return (
        f"[{peer.name}](trunk-{peer.transport})\naors = {peer.name}\n\n"
        f"[{peer.name}](trunk-aor)\nqualify_frequency = 10\ncontact = sip:{peer.host}:{peer.port}{transport}\n\n"
        f"[{peer.name}](trunk-identify)\nendpoint = {peer.name}\nmatch = {peer.host}\n"
    )


def _plain(name: str, value: str) -> str:
    """A global's value as the configuration parser must see it: ``;`` would begin a comment."""
    if "\n" in value or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise BadInput("global", mark("The dialplan variable {name} has an unusable name or value."), name=name)
    return value.replace(";", "\\;")
