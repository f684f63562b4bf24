"""The compose file and the images, checked without a container engine: what they name must exist and stay private."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.host.paths import PROJECT
from engine.host.serve import spec_from
from engine.settings import engine_settings
from management.settings import settings_from

DOCKER = PROJECT / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
STAGES = re.split(r"^FROM ", (DOCKER / "Dockerfile").read_text(), flags=re.MULTILINE)[1:]


def _expand(text: str) -> str:
    """Compose's ``${NAME:-default}`` with nothing set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def _stage(name: str) -> str:
    return next(stage for stage in STAGES if re.match(rf"\S+ AS {name}\n", stage))


def test_the_five_services_are_there() -> None:
    assert set(SERVICES) == {"postgres", "asterisk", "engine", "management", "worker"}


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_is_built_here_watched_and_restarted(name: str) -> None:
    service = SERVICES[name]
    build = service["build"]
    assert (DOCKER / build["context"] / build["dockerfile"]).is_file()
    assert service["restart"] == "unless-stopped"
    check = service["healthcheck"]
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries", "start_period"} <= set(check)
    if "target" in build:
        assert _stage(build["target"])


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_is_published_beyond_loopback(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert _expand(port).startswith("127.0.0.1:"), port
    assert SERVICES[name].get("network_mode") != "host"


def test_ari_and_the_database_are_not_published() -> None:
    published = " ".join(_expand(port) for service in SERVICES.values() for port in service.get("ports", []))
    assert "8088" not in published
    assert "5432" not in published


def test_sip_and_rtp_ports_agree_with_asterisks_settings(tmp_path: Path) -> None:
    environment = SERVICES["asterisk"]["environment"]
    (tmp_path / "ari").write_text("x")
    spec = spec_from({**environment, "DOZVON_ARI_PASSWORD_FILE": str(tmp_path / "ari")})
    ports = {_expand(port).split(":", 1)[1] for port in SERVICES["asterisk"]["ports"]}
    rtp = f"{spec.rtp_start}-{spec.rtp_end}"
    assert ports == {f"{spec.sip_port}:{spec.sip_port}/udp", f"{spec.sip_port}:{spec.sip_port}/tcp", f"{rtp}:{rtp}/udp"}
    assert SERVICES["engine"]["environment"]["DOZVON_ARI"].endswith(f"127.0.0.1:{spec.http_port}")
    assert SERVICES["engine"]["network_mode"] == "service:asterisk"


def test_settings_satisfy_the_programs(tmp_path: Path) -> None:
    (tmp_path / "ari").write_text("secret\n")
    given = {name: _expand(value) for name, value in SERVICES["engine"]["environment"].items()}
    own = {"DOZVON_ARI_PASSWORD_FILE": str(tmp_path / "ari"), "DOZVON_HOME": str(tmp_path / "state")}
    engine = engine_settings({**given, **own})
    assert (engine.ari_password, engine.metrics_port) == ("secret", 9091)
    assert f":{engine.metrics_port}/metrics" in SERVICES["engine"]["healthcheck"]["test"][-1]
    assert settings_from(SERVICES["management"]["environment"]).dsn == engine.dsn
    worker = settings_from({name: _expand(value) for name, value in SERVICES["worker"]["environment"].items()})
    assert (worker.dsn, worker.media, worker.smtp) == (engine.dsn, engine.media, None)
    assert f":{worker.worker_metrics}/metrics" in SERVICES["worker"]["healthcheck"]["test"][-1]


def test_every_environment_name_is_read_somewhere() -> None:
    sources = [*(PROJECT / "engine").rglob("*.py"), *(PROJECT / "management").rglob("*.py"), DOCKER / "entrypoint"]
    read = "\n".join(source.read_text() for source in sources)
    names = {name for service in SERVICES.values() for name in service.get("environment", {})}
    assert {name for name in names if name not in read} == set()


def test_secrets_are_files_and_reach_those_who_need_them() -> None:
    for name, secret in COMPOSE["secrets"].items():
        assert secret == {"file": f"./secrets/{name}"}
    assert {name: sorted(service["secrets"]) for name, service in SERVICES.items()} == {
        "postgres": ["postgres_password"],
        "asterisk": ["ari_password"],
        "engine": ["ari_password", "postgres_password"],
        "management": ["links_secret", "postgres_password"],
        "worker": ["links_secret", "postgres_password"],
    }
    text = (DOCKER / "compose.yaml").read_text()
    assert not re.search(r"PASSWORD: |://[^/\s]*:[^/\s]*@", text)
    assert "secrets/" in (DOCKER / ".gitignore").read_text().splitlines()


def test_the_asterisk_and_the_engine_share_the_media_at_one_path() -> None:
    mounts = [[v for v in SERVICES[name]["volumes"] if v.startswith("media:")] for name in ("asterisk", "engine")]
    assert mounts[0] == mounts[1] != []
    assert all(
        mounts[0][0] == f"media:{SERVICES[name]['environment']['DOZVON_MEDIA']}" for name in ("asterisk", "engine")
    )


def test_mounted_folders_exist() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (DOCKER / source).is_dir(), volume


@pytest.mark.parametrize("file", [DOCKER / "Dockerfile", DOCKER / "postgres" / "Dockerfile"])
def test_images_come_from_debian_and_copy_what_exists(file: Path) -> None:
    text = file.read_text()
    stages = {"base"} | set(re.findall(r"^FROM \S+ AS (\w+)", text, re.MULTILINE))
    for base in re.findall(r"^FROM (\S+)", text, re.MULTILINE):
        assert base in stages or re.fullmatch(r"debian:\w+-slim", base), base
    ignore = file.with_name(file.name + ".dockerignore").read_text().splitlines()
    for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE):
        for source in shlex.split(line)[:-1]:
            assert (PROJECT / source).exists(), source
            assert f"!{source.split('/')[0]}" in ignore, source
    for stage in re.findall(r"^COPY --from=(\S+)", text, re.MULTILINE):
        assert stage in stages


@pytest.mark.parametrize("script", [DOCKER / "entrypoint", DOCKER / "postgres" / "entrypoint"])
def test_entry_points_are_executable_shell(script: Path) -> None:
    assert os.access(script, os.X_OK)
    assert subprocess.run(["sh", "-n", str(script)], check=False).returncode == 0


def test_every_python_module_that_is_run_exists() -> None:
    commands = " ".join(shlex.join(service["healthcheck"]["test"]) for service in SERVICES.values())
    commands += (DOCKER / "Dockerfile").read_text().replace('", "', " ")
    modules = set(re.findall(r"-m ([\w.]+)", commands)) - {"venv"}
    assert modules >= {"engine.host.serve", "engine.host.setup", "engine.cli", "management"}
    for module in modules:
        spec = importlib.util.find_spec(module)
        assert spec is not None, module
        assert spec.name == module


def test_the_copied_part_of_the_engine_is_enough_for_asterisks_image() -> None:
    """That image has Debian's Python alone: engine.host must start from engine/domain and engine/host."""
    copied = re.findall(r"^COPY (engine\S*) ", _stage("asterisk"), re.MULTILINE)
    assert copied == ["engine/__init__.py", "engine/domain", "engine/host"]
    run = (
        "import sys; sys.path.insert(0, sys.argv[1]); import engine.host.serve, engine.host.setup; print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-P", "-c", run, str(PROJECT)], capture_output=True, text=True, check=True
    )
    ours = {name for name in done.stdout.split() if name.startswith("engine.")}
    assert all(name.startswith(("engine.domain", "engine.host")) for name in ours)
