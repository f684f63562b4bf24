"""``python -m engine.host.serve``: one platform Asterisk in the foreground, for a container or a systemd unit.

``--check`` asks the running one instead (exit status 0 when ARI answers). Settings come from the environment:

=============================  ==============================================================================
``DOZVON_ARI_PASSWORD_FILE``   needed; a file with the password of ARI's user ``dozvon``
``DOZVON_HTTP_PORT``           ARI, on the loopback interface (8088)
``DOZVON_SIP_PORT``            SIP over UDP and TCP (5060); TLS listens one above
``DOZVON_RTP``                 range of RTP ports (20000-20799: 200 calls that are all transferred)
``DOZVON_SIP_ADDRESS``         where SIP and RTP listen (127.0.0.1); ``auto`` takes this machine's own address
``DOZVON_EXTERNAL_ADDRESS``    our address as trunks see it, behind NAT
``ASTERISK_HOME``              which Asterisk; see :mod:`engine.host.asterisk_tree`
``DOZVON_HOME``                the state folder
=============================  ==============================================================================
"""

from __future__ import annotations

import http.client
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from engine.domain import text
from engine.domain.errors import BadInput, DozvonError, Unavailable
from engine.domain.text import mark
from engine.host.asterisk import AsteriskInstance, ari_status
from engine.host.asterisk_tree import find_asterisk
from engine.host.instance_files import InstanceSpec, Role
from engine.host.paths import PROJECT, State
from engine.host.ports import own_address

_LOOK_S = 1.0


def spec_from(environment: Mapping[str, str]) -> InstanceSpec:
    """The platform's spec. Raises BadInput that names the setting."""
    start, _, end = environment.get("DOZVON_RTP", "20000-20799").partition("-")
    address = environment.get("DOZVON_SIP_ADDRESS", "127.0.0.1")
    return InstanceSpec(
        "platform",
        Role.PLATFORM,
        http_port=_number("DOZVON_HTTP_PORT", environment.get("DOZVON_HTTP_PORT", "8088")),
        sip_port=_number("DOZVON_SIP_PORT", environment.get("DOZVON_SIP_PORT", "5060")),
        rtp_start=_number("DOZVON_RTP", start),
        rtp_end=_number("DOZVON_RTP", end),
        ari_password=_password(environment.get("DOZVON_ARI_PASSWORD_FILE", "")),
        sip_address=own_address() if address == "auto" else address,
        external_address=environment.get("DOZVON_EXTERNAL_ADDRESS", ""),
    )


def _number(name: str, value: str) -> int:
    if value.isascii() and value.isdigit() and int(value) <= 65535:
        return int(value)
    raise BadInput("setting_port", mark("The setting {name} must be a port number, not {text}"), name=name, text=value)


def _password(file: str) -> str:
    name = "DOZVON_ARI_PASSWORD_FILE"
    if not file:
        raise BadInput("setting_missing", mark("The setting {name} is missing from the environment"), name=name)
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadInput("setting_file", mark("{name}: cannot read {file}"), name=name, file=file) from error


def _serve(environment: Mapping[str, str]) -> int:
    """Until SIGTERM or SIGINT (0), or until Asterisk ends by itself (1)."""
    state = State(Path(environment.get("DOZVON_HOME") or PROJECT / ".dozvon").resolve()).make()
    install = find_asterisk(state, environment.get("ASTERISK_HOME"))
    if install is None:
        raise Unavailable("no-asterisk", mark("There is no Asterisk yet: run python -m engine.host.setup first."))
    instance = AsteriskInstance(state, install, spec_from(environment))
    asked_to_end = False

    def end(_signal: int, _frame: FrameType | None) -> None:
        nonlocal asked_to_end
        asked_to_end = True

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    instance.start()
    try:
        instance.wait_ready()
        while instance.pid is not None and not asked_to_end:
            time.sleep(_LOOK_S)  # goes on after a signal's handler has run: ending takes up to a second longer
    finally:
        instance.stop()
    return 0 if asked_to_end else 1


def main(arguments: Sequence[str]) -> int:
    environment = dict(os.environ)
    text.use(environment.get("LC_ALL") or environment.get("LANG", ""))
    try:
        if "--check" in arguments:
            spec = spec_from(environment)
            return 0 if ari_status(spec.http_port, spec.ari_password) == http.client.OK else 1
        return _serve(environment)
    except DozvonError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
