"""Debian packages on a machine where we are not root and may not touch the system.

A private apt state stands beside the host's own. Use: ``DebianSource(state.apt, mirror).download([...], say)`` gives
the verified ``.deb`` files; ``unpack`` lays them out in a folder. Signatures are checked by apt against the installed
Debian keyring; nothing here can switch that off.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from engine.domain.errors import Unavailable
from engine.domain.text import mark, translate

SUITE = "forky"  # bookworm and trixie carry no Asterisk
COMPONENTS = "main contrib non-free"  # RHVoice's Russian voices are in non-free
_KEYRINGS = tuple(Path("/usr/share/keyrings") / f"debian-archive-keyring.{kind}" for kind in ("gpg", "pgp"))
_DEBIAN_SUITES = frozenset(("bookworm", "trixie", "forky", "duke", "sid", "oldstable", "stable", "testing", "unstable"))
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_SETTINGS = (
    "APT::Get::AllowUnauthenticated=0",
    "Acquire::AllowInsecureRepositories=0",
    "Acquire::AllowDowngradeToInsecureRepositories=0",
    "Acquire::Languages=none",
    "Acquire::PDiffs=0",
    "Acquire::ForceHash=SHA256",  # --print-uris would print the old MD5 otherwise
    "Debug::NoLocking=1",  # our own lock guards the state; the default one wants root
    "APT::Sandbox::User=root",  # as root apt would drop to _apt, who may not enter a private folder
)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Package:
    """One downloaded ``.deb`` with the SHA-256 that the signed index gives for it."""

    file: str
    sha256: str


def architecture() -> str:
    """Debian's name of this machine's architecture."""
    machine = platform.machine()
    if machine not in _ARCHITECTURES or platform.system() != "Linux":
        raise Unavailable(
            "architecture",
            mark("This machine ({machine}) is not supported; Linux on x86_64 or aarch64 is."),
            machine=f"{platform.system()} {machine}",
        )
    return _ARCHITECTURES[machine]


def triplet() -> str:
    """The multiarch folder name, such as ``x86_64-linux-gnu``."""
    architecture()
    return f"{platform.machine()}-linux-gnu"


def choose_mirror(targets: str) -> str | None:
    """Pick the Debian archive from lines ``origin|release|address`` as ``apt-get indextargets`` prints them.

    ``origin`` is empty until the host's lists have been updated once; then the suite's name tells Debian from others.
    Security archives carry no forky and are passed over.
    """
    for line in targets.splitlines():
        origin, _, rest = line.partition("|")
        release, _, address = rest.partition("|")
        known = origin == "Debian" or (origin in ("", "$(ORIGIN)") and release in _DEBIAN_SUITES)
        if known and "security" not in address and "security" not in release and not address.startswith("cdrom:"):
            return address
    return None


def host_mirror() -> str:
    """The Debian mirror that the host's own apt uses; raises Unavailable where there is none (Ubuntu, no apt)."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise Unavailable(
            "no-apt",
            mark(
                "apt-get is missing, so Asterisk cannot be fetched. Install Asterisk 22.10.1 or newer yourself "
                "and name its folder in ASTERISK_HOME."
            ),
        )
    form = "$(ORIGIN)|$(RELEASE)|$(REPO_URI)"
    listing = subprocess.run(
        ["apt-get", "indextargets", "--format", form, "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=False,
    )
    mirror = choose_mirror(listing.stdout)
    if mirror is None:
        raise Unavailable(
            "no-mirror",
            mark(
                "This machine's apt knows no Debian mirror. Set DOZVON_DEBIAN_MIRROR to the address of one, "
                "or install Asterisk 22.10.1 or newer and name its folder in ASTERISK_HOME."
            ),
        )
    return mirror


def _keyring() -> Path:
    for keyring in _KEYRINGS:
        if keyring.exists():
            return keyring
    raise Unavailable(
        "no-keyring",
        mark("Debian's signing keys are missing. Install the package debian-archive-keyring and try again."),
    )


@dataclass(frozen=True, slots=True)
class DebianSource:
    folder: Path
    mirror: str

    def download(self, packages: Sequence[str], say: Say) -> list[Package]:
        """Fetch ``packages`` with all they depend on; the files lie in :attr:`archives` afterwards."""
        self._prepare()
        say(translate("Reading the list of Debian packages"))
        self._apt(["update", "--error-on=any"], say)
        wanted = self._resolve(packages)
        say(translate("Downloading {count} packages").format(count=len(wanted)))
        self._apt(["install", "--yes", "--download-only", "--no-install-recommends", *packages], say)
        for package in wanted:
            self._verify(package)
        return wanted

    @property
    def archives(self) -> Path:
        return self.folder / "cache" / "archives"

    def _prepare(self) -> None:
        for part in ("lists/partial", "cache/archives/partial", "empty/partial"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").write_text("")  # as if nothing were installed: the tree must be complete by itself
        source = f"deb [arch={architecture()} signed-by={_keyring()}] {self.mirror} {SUITE} {COMPONENTS}\n"
        (self.folder / "sources.list").write_text(source)

    def _options(self, archives: Path) -> list[str]:
        places = {
            "Dir::State": self.folder,
            "Dir::State::lists": self.folder / "lists",
            "Dir::State::status": self.folder / "status",
            "Dir::Cache": self.folder / "cache",
            "Dir::Cache::archives": archives,
            "Dir::Etc::sourcelist": self.folder / "sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::Etc::preferences": "-",
            "Dir::Etc::preferencesparts": "-",
            "APT::Architecture": architecture(),
        }
        settings = [f"{name}={value}" for name, value in places.items()] + list(_SETTINGS)
        return [part for setting in settings for part in ("-o", setting)]

    def _resolve(self, packages: Sequence[str]) -> list[Package]:
        """What ``install`` will fetch. Asked with an empty archive, or files already there would not be listed."""
        done = subprocess.run(
            ["apt-get", *self._options(self.folder / "empty"), "--print-uris", "--yes", "--no-install-recommends",
             "install", *packages],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise _apt_failed(done.stderr)
        return parse_uris(done.stdout)

    def _apt(self, arguments: Sequence[str], say: Say) -> None:
        """Run apt-get, telling each further tenth of the download."""
        command = ["apt-get", *self._options(self.archives), "-q", "-o", "APT::Status-Fd=1", *arguments]
        told = 0
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            for line in process.stdout:
                found = re.match(r"dlstatus:\d+:([\d.]+):", line)
                tenth = int(float(found[1]) / 10) if found else 0
                if tenth > told and "install" in arguments:
                    told = tenth
                    say(translate("Downloading: {percent} %").format(percent=tenth * 10))
            complaint = process.stderr.read()
        if process.returncode != 0:
            raise _apt_failed(complaint)

    def _verify(self, package: Package) -> None:
        """apt has checked each file on arrival; checked again because an archive kept from a broken run may differ."""
        file = self.archives / package.file
        with file.open("rb") as stream:
            actual = hashlib.file_digest(stream, "sha256").hexdigest()
        if actual != package.sha256:
            file.unlink()
            raise Unavailable(
                "bad-checksum",
                mark("The downloaded package {file} does not match its signed checksum. Run the command again."),
                file=package.file,
            )


def parse_uris(listing: str) -> list[Package]:
    """Read ``apt-get --print-uris``: lines ``'address' file size SHA256:hash``."""
    found = re.findall(r"^'[^']*' (\S+\.deb) \d+ SHA256:([0-9a-f]{64})$", listing, re.MULTILINE)
    return [Package(file, digest) for file, digest in found]


def unpack(files: Iterable[Path], into: Path) -> None:
    """Lay out the packages' files in the folder ``into``, several packages at once: decompressing is what takes time."""
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        for _ in pool.map(lambda file: _unpack(file, into), files):
            pass


def _unpack(file: Path, into: Path) -> None:
    done = subprocess.run(["dpkg-deb", "-x", str(file), str(into)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable("unpack", mark("{file} cannot be unpacked: {why}"), file=file.name, why=done.stderr.strip())


def _apt_failed(complaint: str) -> Unavailable:
    errors = [line.removeprefix("E: ").strip() for line in complaint.splitlines() if line.startswith("E:")]
    why = errors[0] if errors else complaint.strip().rpartition("\n")[2]
    return Unavailable("apt", mark("apt could not fetch the packages: {why}"), why=why)
