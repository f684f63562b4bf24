"""An Asterisk that is new enough: named by ``ASTERISK_HOME``, unpacked by us, or the host's own.

Use: ``find_asterisk(state, home) or fetch_asterisk(state, say)``. The result knows how to start Asterisk's binary and
the other programs of the same tree (RHVoice-test, espeak-ng) with the tree's own libraries.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from engine.domain.errors import BadInput, Unavailable
from engine.domain.text import mark, translate
from engine.host.debian import DebianSource, Package, Say, host_mirror, triplet, unpack
from engine.host.paths import State

MINIMUM = (22, 10, 1)  # the first with the ARI security fixes, chan_websocket and task pools together
PACKAGES = ("asterisk", "asterisk-core-sounds-ru-wav", "rhvoice", "rhvoice-russian", "espeak-ng")
STAMP = ".dozvon.json"
_UNNEEDED = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "usr/share/info",
    "usr/share/lintian",
    "usr/share/perl",
    "usr/share/zoneinfo",
)


class Origin(Enum):
    TREE = "tree"
    HOST = "host"
    ASTERISK_HOME = "ASTERISK_HOME"


@dataclass(frozen=True, slots=True)
class AsteriskInstall:
    """``loader`` goes before any program of the tree (empty for an Asterisk installed in the usual way)."""

    loader: tuple[str, ...]
    binary: Path
    modules: Path
    data: Path
    version: str
    origin: Origin
    root: Path

    @property
    def argv(self) -> tuple[str, ...]:
        return (*self.loader, str(self.binary))

    @property
    def sounds(self) -> Path:
        return self.data / "sounds"


def parse_version(text: str) -> tuple[int, ...]:
    """``Asterisk 22.10.1+dfsg+~cs6`` → (22, 10, 1); () where no number is found."""
    found = re.search(r"(?:^|\s|/)(?:certified/)?(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part or 0) for part in found.groups()) if found else ()


def new_enough(text: str) -> bool:
    return parse_version(text) >= MINIMUM


def find_asterisk(state: State, asterisk_home: str | None = None) -> AsteriskInstall | None:
    """The Asterisk to use, or None if one has to be fetched.

    ``ASTERISK_HOME`` wins and must be good (BadInput otherwise); then the tree made by :func:`fetch_asterisk`, which
    has voices and sounds too; then the host's, if it is new enough.
    """
    if asterisk_home:
        return _from_home(Path(asterisk_home).expanduser())
    if (state.asterisk / STAMP).exists():
        return _install(state.asterisk, Origin.TREE)
    host = host_asterisk()
    return host if host is not None and new_enough(host.version) else None


def host_asterisk() -> AsteriskInstall | None:
    """The installed Asterisk, whatever its version (the doctor tells when it is too old)."""
    binary = shutil.which("asterisk", path=os.defpath + ":/usr/sbin:/usr/local/sbin")
    if binary is None:
        return None
    prefix = Path(binary).resolve().parent.parent
    return _probe(prefix, Path(binary), (), Origin.HOST)


def _from_home(home: Path) -> AsteriskInstall:
    if not home.is_dir():
        raise BadInput("asterisk-home", mark("ASTERISK_HOME names {folder}, which is not a folder."), folder=home)
    install = _install(home, Origin.ASTERISK_HOME)
    if not new_enough(install.version):
        raise Unavailable(
            "asterisk-old",
            mark("Asterisk {version} in {folder} is too old: {minimum} or newer is needed."),
            version=install.version, folder=home, minimum=".".join(map(str, MINIMUM)),
        )  # fmt: skip
    return install


def _install(root: Path, origin: Origin) -> AsteriskInstall:
    """An unpacked tree (``usr/sbin/asterisk`` with its own loader) or a prefix of ``make install``."""
    for prefix in (root / "usr", root):
        binary = prefix / "sbin" / "asterisk"
        if binary.exists():
            loader = tree_loader(root) if prefix != root else ()
            install = _probe(prefix, binary, loader, origin)
            if install is not None:
                return install
    raise BadInput(
        "asterisk-home", mark("{folder} holds no working Asterisk (no sbin/asterisk that starts)."), folder=root
    )


def tree_loader(root: Path) -> tuple[str, ...]:
    """The command prefix that runs a program of an unpacked tree with the tree's libraries.

    The programs expect their loader at an absolute place of the host, where another glibc lives; starting the tree's
    own loader explicitly avoids both that and LD_LIBRARY_PATH, which children of Asterisk would inherit.
    """
    libraries = root / "usr" / "lib" / triplet()
    for name in ("usr/lib64/ld-linux-x86-64.so.2", "usr/lib/ld-linux-aarch64.so.1"):
        if (root / name).exists():
            return (str(root / name), "--library-path", f"{libraries}:{libraries / 'pulseaudio'}")
    return ()


def tool_argv(install: AsteriskInstall, program: str) -> tuple[str, ...]:
    """How to run another program of the same tree, named from its root: ``tool_argv(install, "usr/bin/espeak-ng")``.

    With an Asterisk from the host the host's program of that name is meant; raises Unavailable where it is missing.
    """
    inside = install.root / program
    if install.loader and inside.exists():
        return (*install.loader, str(inside))
    found = shutil.which(Path(program).name)
    if found is None:
        raise Unavailable("no-program", mark("The program {name} is not installed."), name=Path(program).name)
    return (found,)


def _probe(prefix: Path, binary: Path, loader: tuple[str, ...], origin: Origin) -> AsteriskInstall | None:
    try:
        said = subprocess.run([*loader, str(binary), "-V"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = said.stdout.strip().removeprefix("Asterisk ")
    modules = _first(prefix, (f"lib/{triplet()}/asterisk/modules", "lib/asterisk/modules", "lib64/asterisk/modules"))
    data = _first(prefix, ("share/asterisk", "var/lib/asterisk", "../var/lib/asterisk"))
    if said.returncode != 0 or not version or modules is None or data is None:
        return None
    root = prefix.parent if prefix.name == "usr" else prefix
    return AsteriskInstall(loader, binary, modules, data, version, origin, root)


def _first(prefix: Path, candidates: Sequence[str]) -> Path | None:
    return next((prefix / name for name in candidates if (prefix / name).is_dir()), None)


def fetch_asterisk(state: State, say: Say, mirror: str | None = None) -> AsteriskInstall:
    """Download and unpack Asterisk with sounds and voices into ``state.asterisk``, once.

    ``mirror``: a Debian mirror's address (``DOZVON_DEBIAN_MIRROR``) instead of the one in the host's apt configuration.
    About 120 MB are downloaded. Two processes may call this at once: the second waits and finds the work done.
    """
    with _locked(state.root / "asterisk.lock"):
        if not (state.asterisk / STAMP).exists():
            _fetch(state, say, mirror or host_mirror())
    install = _install(state.asterisk, Origin.TREE)
    say(translate("Asterisk {version} is ready").format(version=install.version))
    return install


def _fetch(state: State, say: Say, mirror: str) -> None:
    source = DebianSource(state.apt, mirror)
    packages = source.download(PACKAGES, say)
    offered = next((p.file.split("_")[1] for p in packages if p.file.startswith("asterisk_")), "?")
    if not new_enough(re.sub(r"^\d+(%3a|:)", "", offered)):
        raise Unavailable(
            "asterisk-old",
            mark("Asterisk {version} in {folder} is too old: {minimum} or newer is needed."),
            version=offered, folder=mirror, minimum=".".join(map(str, MINIMUM)),
        )  # fmt: skip
    say(translate("Unpacking {count} packages").format(count=len(packages)))
    fresh = state.root / "asterisk.part"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    unpack((source.archives / package.file for package in packages), fresh)
    _tidy(fresh)
    _write_stamp(fresh, packages)
    shutil.rmtree(state.asterisk, ignore_errors=True)
    fresh.rename(state.asterisk)
    shutil.rmtree(state.apt, ignore_errors=True)


def _tidy(tree: Path) -> None:
    for name in _UNNEEDED:
        shutil.rmtree(tree / name, ignore_errors=True)
    sounds = tree / "usr" / "share" / "asterisk" / "sounds"
    for link in sounds.iterdir():
        if link.is_symlink() and not link.exists():
            link.unlink()  # they point into the host's /var/lib
    # Debian's maintainer scripts, which do not run here, make these two through update-alternatives.
    for language, pattern in (("ru", "ru_RU_*"), ("en", "en_US_*")):
        voice = next(sounds.glob(pattern), None)
        if voice is not None:
            (sounds / language).symlink_to(voice.name)


def _write_stamp(tree: Path, packages: Sequence[Package]) -> None:
    content = {"packages": {package.file: package.sha256 for package in packages}}
    (tree / STAMP).write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
