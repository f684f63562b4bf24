"""Asks a SIP server whether it lives, with an OPTIONS request of our own: Asterisk need not run for it.

Any SIP answer counts as alive, also 401, 404 or 405: who refuses has heard us.
"""

from __future__ import annotations

import re
import secrets
import socket
import ssl
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Transport = Literal["udp", "tcp", "tls"]
_TRANSPORTS: dict[str, Transport] = {"udp": "udp", "tcp": "tcp", "tls": "tls"}


@dataclass(frozen=True, slots=True)
class Trunk:
    """Where a trunk's SIP server is. ``name`` is its section in the trunk file."""

    name: str
    host: str
    port: int = 5060
    transport: Transport = "udp"


@dataclass(frozen=True, slots=True)
class Answer:
    """``status`` is the SIP status line's number; 0 when nothing came, and then ``why`` tells the reason."""

    status: int
    why: str = ""


def options(trunk: Trunk, timeout: float = 2.0) -> Answer:
    """One OPTIONS request; over UDP it is repeated once after half of ``timeout`` seconds, as packets get lost."""
    try:
        with closing(_connect(trunk, timeout)) as link:
            here, port = link.getsockname()[:2]
            request = _request(trunk, str(here), int(port))
            for _ in range(2 if trunk.transport == "udp" else 1):
                link.sendall(request)
                answer = _receive(link)
                if answer is not None:
                    return answer
    except (OSError, ValueError) as error:
        return Answer(0, getattr(error, "strerror", None) or str(error))
    return Answer(0, "timeout")


def _connect(trunk: Trunk, timeout: float) -> socket.socket:
    if trunk.transport == "udp":
        family, kind, proto, _, address = socket.getaddrinfo(trunk.host, trunk.port, type=socket.SOCK_DGRAM)[0]
        link = socket.socket(family, kind, proto)
        link.settimeout(timeout / 2)
        link.connect(address)
        return link
    plain = socket.create_connection((trunk.host, trunk.port), timeout)
    if trunk.transport == "tcp":
        return plain
    return ssl.create_default_context().wrap_socket(plain, server_hostname=trunk.host)


def _receive(link: socket.socket) -> Answer | None:
    try:
        data = link.recv(4096)
    except TimeoutError:
        return None
    found = re.match(rb"SIP/2\.0 (\d{3})", data)
    return Answer(int(found[1])) if found else Answer(0, "not a SIP answer")


def _request(trunk: Trunk, here: str, port: int) -> bytes:
    target = f"sip:{trunk.host}:{trunk.port}"
    if trunk.transport != "udp":
        target += f";transport={trunk.transport}"
    lines = (
        f"OPTIONS {target} SIP/2.0",
        f"Via: SIP/2.0/{trunk.transport.upper()} {here}:{port};branch=z9hG4bK{secrets.token_hex(8)};rport",
        "Max-Forwards: 5",
        f"From: <sip:doctor@{here}>;tag={secrets.token_hex(6)}",
        f"To: <{target}>",
        f"Call-ID: {secrets.token_hex(12)}@{here}",
        "CSeq: 1 OPTIONS",
        f"Contact: <sip:doctor@{here}:{port}>",
        "Content-Length: 0",
    )
    return "\r\n".join((*lines, "", "")).encode()


def trunks_in(folder: Path) -> list[Trunk]:
    """The customers' trunks: every ``contact`` in the ``*.conf`` files of ``asterisk-conf/trunks``."""
    return [trunk for file in sorted(folder.glob("*.conf")) for trunk in parse_trunks(file.read_text(errors="replace"))]


def parse_trunks(text: str) -> list[Trunk]:
    """PURE: trunks of one PJSIP file; comments and contacts that are no SIP address are passed over."""
    found: list[Trunk] = []
    name = "?"
    for raw in text.splitlines():
        line = re.split(r"(?<!\\);", raw, maxsplit=1)[0].strip()
        section = re.match(r"\[([^\]]+)\]", line)
        if section:
            name = section[1]
        contact = re.match(r"contact\s*=>?\s*sips?:(?:[^@]*@)?([^:;\\\s]+)(?::(\d+))?(?:.*transport=(\w+))?", line)
        if contact:
            transport = _TRANSPORTS.get((contact[3] or "udp").lower(), "udp")
            default = 5061 if transport == "tls" else 5060
            found.append(Trunk(name, contact[1], int(contact[2] or default), transport))
    return found
