"""Where voices, recorded prompts and music come from: Debian packages, unpacked into a folder of their own."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from engine.domain.text import translate
from engine.host.asterisk_tree import AsteriskInstall, fetch_asterisk, find_asterisk, tool_argv
from engine.host.debian import DebianSource, Say, host_mirror, triplet, unpack
from engine.host.paths import State

PACKAGES = (
    "asterisk-core-sounds-ru-wav",
    "asterisk-core-sounds-en-wav",
    "asterisk-core-sounds-fr-wav",
    "asterisk-core-sounds-it-wav",
    "asterisk-core-sounds-es-wav",
    "asterisk-prompt-es-co",
    "asterisk-prompt-fr-armelle",
    "asterisk-prompt-it-menardi-wav",
    "asterisk-prompt-de",
    "asterisk-moh-opsound-wav",
    "rhvoice-english",
    "rhvoice-ukrainian",
    "rhvoice-kyrgyz",
    "rhvoice-tatar",
    "flite",
    "libflite1",
)
"""Recorded by people, CC-BY, CC-BY-SA or GPL; voices of RHVoice and Flite. 210 MB to download; licences in ``sounds/amd/README.md``."""
_UNNEEDED = ("usr/share/doc", "usr/share/locale", "usr/share/man")
_STAMP = "packages.json"


@dataclass(frozen=True, slots=True)
class Sources:
    """``sounds``: Asterisk's folder of language folders; ``music``: of recorded music; ``rhvoice``/``espeak``/``flite``: command
    and environment of the programs.
    """

    sounds: Path
    music: Path
    rhvoice: tuple[str, ...]
    rhvoice_env: dict[str, str]
    espeak: tuple[str, ...]
    espeak_env: dict[str, str]
    flite: tuple[str, ...]
    flite_env: dict[str, str]


def fetch(state: State, say: Say, mirror: str | None = None, asterisk_home: str | None = None) -> Sources:
    """Download what is missing; Unavailable when there is no Debian mirror or a program is missing."""
    install = find_asterisk(state, asterisk_home) or fetch_asterisk(state, say, mirror)
    tree = state.root / "amd" / "packages"
    if not complete(tree):
        _download(state.root / "amd", tree, say, mirror)
    return found(install, tree)


def complete(tree: Path) -> bool:
    """Whether all of ``PACKAGES`` lie there; an older version fetched fewer."""
    stamp = tree / _STAMP
    files = json.loads(stamp.read_text()) if stamp.exists() else {}
    return {file.partition("_")[0] for file in files} >= set(PACKAGES)


def _download(folder: Path, tree: Path, say: Say, mirror: str | None) -> None:
    source = DebianSource(folder / "apt", mirror or host_mirror())
    packages = source.download(PACKAGES, say)
    say(translate("Unpacking {count} packages").format(count=len(packages)))
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    unpack((source.archives / package.file for package in packages), tree)
    for name in _UNNEEDED:
        shutil.rmtree(tree / name, ignore_errors=True)
    (tree / _STAMP).write_text(json.dumps({p.file: p.sha256 for p in packages}, indent=1, sort_keys=True) + "\n")
    shutil.rmtree(folder / "apt", ignore_errors=True)


def found(install: AsteriskInstall, tree: Path) -> Sources:
    """What lies unpacked in ``tree``, with the programs and the Russian voices of ``install``."""
    share = install.root / "usr" / "share"
    _join_voices(tree / "usr/share/RHVoice", share / "RHVoice")
    libraries = tree / "usr" / "lib" / triplet()
    espeak_data = next((install.root / "usr" / "lib").glob("*/espeak-ng-data"), None)
    return Sources(
        sounds=tree / "usr/share/asterisk/sounds",
        music=tree / "usr/share/asterisk/moh",
        rhvoice=tool_argv(install, "usr/bin/RHVoice-test"),
        rhvoice_env={
            "RHVOICE_DATA_PATH": str(tree / "usr/share/RHVoice"),
            "RHVOICE_CONFIG_PATH": str(install.root / "etc" / "RHVoice"),
        },
        espeak=tool_argv(install, "usr/bin/espeak-ng"),
        espeak_env={"ESPEAK_DATA_PATH": str(espeak_data.parent)} if espeak_data else {},
        flite=(*_with(install.loader, libraries), str(tree / "usr/bin/flite")),
        flite_env={} if install.loader else {"LD_LIBRARY_PATH": str(libraries)},
    )


def _with(loader: tuple[str, ...], libraries: Path) -> tuple[str, ...]:
    """``loader`` (program, option, path of libraries), finding also those in ``libraries``."""
    return (*loader[:-1], f"{libraries}:{loader[-1]}") if loader else ()


def _join_voices(here: Path, installed: Path) -> None:
    """RHVoice looks into one folder only: the Russian voices are linked beside the English ones."""
    for kind in ("languages", "voices"):
        (here / kind).mkdir(parents=True, exist_ok=True)
        for each in (installed / kind).glob("*") if installed.is_dir() else ():
            if not (here / kind / each.name).exists():
                (here / kind / each.name).symlink_to(each)
