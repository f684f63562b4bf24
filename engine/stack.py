"""Everything that runs on one machine, started in order and stopped in reverse: PostgreSQL, Asterisk (with the test carrier as a
second one), management and its worker, the engine. The verbs ``demo`` and ``up``, tests and benchmarks all start it this way.

>>> with Stack(state, environment, Ports.found(), carrier=True, say=print) as stack:
...     stack.dsn
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType

from engine.bootstrap import speakers
from engine.children import START_S, Children, end, runs
from engine.domain.errors import Unavailable
from engine.domain.text import mark, translate
from engine.host.asterisk import AsteriskInstance
from engine.host.asterisk_tree import AsteriskInstall
from engine.host.debian import Say
from engine.host.instance_files import InstanceSpec, Peer, Role
from engine.host.paths import PROJECT, State
from engine.host.ports import LOOPBACK, free_port, free_range
from engine.host.postgres import EmbeddedPostgres
from engine.host.secret import stored_secret
from engine.host.setup import asterisk_at_hand
from engine.keeper import Part
from engine.speech import subscribers
from engine.storage.database import ensure_database

MAIN = "main"
CARRIER = "carrier"
"""Name of the trunk (PJSIP endpoint) to the test carrier."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the parts listen, all on the loopback interface but SIP and RTP of ``up``."""

    cabinet: int
    platform_http: int
    platform_sip: int
    platform_rtp: tuple[int, int]
    carrier_http: int
    carrier_sip: int
    carrier_rtp: tuple[int, int]
    metrics: int

    @staticmethod
    def found(cabinet: int = 0) -> Ports:
        """Free ones, so that several stacks can live side by side."""
        return Ports(
            cabinet=cabinet or free_port(),
            platform_http=free_port(),
            platform_sip=free_port(),
            platform_rtp=free_range(1000, first=20000),
            carrier_http=free_port(),
            carrier_sip=free_port(),
            carrier_rtp=free_range(1000, first=40000),
            metrics=free_port(),
        )

    @staticmethod
    def usual(cabinet: int = 8080) -> Ports:
        """The well-known ones of an installation: SIP 5060, ARI 8088, RTP 10000-19999, metrics 9108."""
        return Ports(cabinet, 8088, 5060, (10000, 19999), 8089, 5070, (30000, 31999), 9108)


class Stack:
    """Satisfies ``with``. ``name`` tells stacks of one state folder apart."""

    def __init__(
        self, state: State, environment: Mapping[str, str], ports: Ports, *, carrier: bool, say: Say, name: str = MAIN
    ) -> None:
        self.state = state
        self.ports = ports
        self.dsn = environment.get("DATABASE_URL", "")
        self.environment = environment
        self.media = state.media
        self.name = name
        self.password_file = state.secrets / "ari"
        self._with_carrier = carrier
        self._say = say
        self._children = Children(self.log_folder, name, self._environment)
        self._postgres: EmbeddedPostgres | None = None
        self.platform: AsteriskInstance | None = None
        self.carrier: AsteriskInstance | None = None
        self.engine: subprocess.Popen[bytes] | None = None
        self.management: subprocess.Popen[bytes] | None = None
        self.worker: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Stack:
        try:
            self.start_servers()
            self.start_management()
            self.start_worker()
            self.start_engine()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start_servers(self) -> None:
        """Asterisk (fetched if need be), PostgreSQL, and the carrier with its voices."""
        home, mirror = self.environment.get("ASTERISK_HOME"), self.environment.get("DOZVON_DEBIAN_MIRROR")
        install = asterisk_at_hand(self.state, home, mirror, self._say)
        if not self.dsn:
            self._say(translate("Starting PostgreSQL"))
            self._postgres = EmbeddedPostgres(self.state.pg)
            self.dsn = self._postgres.start()
            if self.name != MAIN:  # a demo's campaigns are not the installation's
                self.dsn = asyncio.run(ensure_database(self.dsn, self.name))
        if self._with_carrier:
            self.carrier = self._carrier(install)
        self.platform = self._platform(install)
        self._say(translate("Starting Asterisk {version}").format(version=install.version))
        for instance in (self.platform, self.carrier):
            if instance:
                instance.start()
        for instance in (self.platform, self.carrier):
            if instance:
                instance.wait_ready(START_S)

    def _carrier(self, install: AsteriskInstall) -> AsteriskInstance:
        voices = self.state.media / "subscribers"
        self._say(translate("Preparing the virtual subscribers' voices"))
        asyncio.run(subscribers.build(voices, speakers(install), install.sounds, lambda _: None))
        spec = InstanceSpec(
            f"{self.name}-carrier",
            Role.CARRIER,
            self.ports.carrier_http,
            self.ports.carrier_sip,
            *self.ports.carrier_rtp,
            ari_password=stored_secret(self.password_file),
            peers=(Peer("platform", self.ports.platform_sip),),
            variables={"VOICES": str(voices)},
        )
        return AsteriskInstance(self.state, install, spec)

    def _platform(self, install: AsteriskInstall) -> AsteriskInstance:
        spec = InstanceSpec(
            f"{self.name}-platform",
            Role.PLATFORM,
            self.ports.platform_http,
            self.ports.platform_sip,
            *self.ports.platform_rtp,
            ari_password=stored_secret(self.password_file),
            peers=(Peer(CARRIER, self.ports.carrier_sip),) if self._with_carrier else (),
            sip_address=self.environment.get("DOZVON_SIP_ADDRESS", LOOPBACK),
            external_address=self.environment.get("DOZVON_EXTERNAL_ADDRESS", ""),
        )
        return AsteriskInstance(self.state, install, spec)

    def require_trunk(self, name: str) -> None:
        """Raises Unavailable when Asterisk knows no endpoint ``name``."""
        assert self.platform is not None
        if "Unable to find object" in self.platform.command(f"pjsip show endpoint {name}"):
            raise Unavailable(
                "unknown_trunk",
                mark("Asterisk knows no trunk {name}: is there a file asterisk-conf/trunks/{name}.conf?"),
                name=name,
            )

    def start_engine(self) -> None:
        self._say(translate("Starting the engine"))
        self.engine = self._children.begin("engine", "-m", "engine.cli", "run")
        self._children.ready("engine", self.engine, self.ports.metrics, "/metrics", "dozvon_ari_up 1.0")

    def start_management(self) -> None:
        self._say(translate("Starting the cabinet"))
        self.management = self._children.begin("management", "-m", "management", "--port", str(self.ports.cabinet))
        self._children.ready("management", self.management, self.ports.cabinet, "/health", "{")

    def start_worker(self) -> None:
        """Background jobs, in a process of their own: pages do not wait while one works through a large file. Nothing
        waits for it either; it is at work when it says ``worker_ready`` in its log.
        """
        self.worker = self._children.begin("worker", "-m", "management", "worker")

    @property
    def log_folder(self) -> Path:
        return self.state.logs

    def engine_environment(self) -> dict[str, str]:
        """What the engine's process is told."""
        return {
            "DATABASE_URL": self.dsn,
            "DOZVON_HOME": str(self.state.root),
            "DOZVON_ARI": f"http://127.0.0.1:{self.ports.platform_http}",
            "DOZVON_ARI_PASSWORD_FILE": str(self.password_file),
            "DOZVON_MEDIA": str(self.media),
            "DOZVON_SECRET_FILE": self.environment.get("DOZVON_SECRET_FILE", str(self._links_secret())),
            "DOZVON_PUBLIC_URL": self.environment.get("DOZVON_PUBLIC_URL", f"http://127.0.0.1:{self.ports.cabinet}"),
            "DOZVON_METRICS_PORT": str(self.ports.metrics),
            "DOZVON_CELL": self.environment.get("DOZVON_CELL", f"cell-{self.name}"),
        }

    def _links_secret(self) -> Path:
        """What management's processes sign links with; made the first time."""
        file = self.state.secrets / "links"
        stored_secret(file)
        return file

    def people(self, account: int) -> list[dict[str, str]]:
        """The demo's customer, who owns ``account``, and its operator: role, email, and a link that signs in once."""
        return [json.loads(line) for line in self._management("demo-people", str(account))]

    def operator_link(self) -> str:
        """Signs the first administrator in, once."""
        return self._management("sign-in")[-1]

    def _management(self, *arguments: str) -> list[str]:
        return self._children.told("management", "-m", "management", *arguments)

    def _environment(self) -> dict[str, str]:
        """Of every child."""
        return {**os.environ, **self.environment, **self.engine_environment(), "PYTHONPATH": str(PROJECT)}

    def parts(self) -> list[Part]:
        """What a keeper keeps running, in the order in which they need each other."""
        asterisks = [instance for instance in (self.platform, self.carrier) if instance is not None]
        return [
            *(Part(f"asterisk-{each.spec.name}", partial(_lives, each), partial(_restart, each)) for each in asterisks),
            Part("management", lambda: runs(self.management), self.start_management),
            Part("worker", lambda: runs(self.worker), self.start_worker),
            Part("engine", lambda: runs(self.engine), self.start_engine),
        ]

    def stop(self) -> None:
        """The engine first: it ends its calls while Asterisk is there."""
        end((self.engine, self.worker, self.management))
        for instance in (self.platform, self.carrier):
            if instance is not None:
                instance.stop()
        if self._postgres is not None:
            self._postgres.stop()


def _lives(instance: AsteriskInstance) -> bool:
    return instance.pid is not None


def _restart(instance: AsteriskInstance) -> None:
    instance.start()
    instance.wait_ready(START_S)
