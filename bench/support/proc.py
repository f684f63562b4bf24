"""What processes use, from ``/proc`` (see proc(5)): nothing runs inside the measured process."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


def stat_seconds(line: str, ticks: int = _TICKS) -> float:
    """User and system time of all threads, from the content of ``/proc/PID/stat``."""
    # The program's name stands in parentheses and may itself hold spaces and parentheses.
    fields = line[line.rindex(")") + 2 :].split()
    return (int(fields[11]) + int(fields[12])) / ticks


def parent(line: str) -> int:
    """The parent's id, from the content of ``/proc/PID/stat``."""
    return int(line[line.rindex(")") + 2 :].split()[1])


def status_mb(text: str, field: str = "VmRSS") -> float:
    """A memory field of ``/proc/PID/status`` in MiB (the file counts in KiB)."""
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) / 1024
    raise ValueError(f"no {field}")


def udp_ports(text: str) -> dict[str, int]:
    """Local ports of the UDP sockets in ``/proc/PID/net/udp``, which are all of the machine, by inode."""
    lines = [line.split() for line in text.splitlines()[1:] if line.strip()]
    return {line[9]: int(line[1].rpartition(":")[2], 16) for line in lines}


def socket_inodes(pid: int) -> set[str]:
    """Of the sockets that a process has open."""
    found = set()
    for file in (PROC / str(pid) / "fd").iterdir():
        try:
            link = str(file.readlink())
        except OSError:
            continue  # it was closed while we looked
        if link.startswith("socket:["):
            found.add(link[8:-1])
    return found


def cpu_seconds(pid: int) -> float:
    return stat_seconds((PROC / str(pid) / "stat").read_text())


def rss_mb(pid: int) -> float:
    return status_mb((PROC / str(pid) / "status").read_text())


def family(pid: int) -> list[int]:
    """``pid`` and its children."""
    found = [pid]
    for stat in PROC.glob("[0-9]*/stat"):
        try:
            if parent(stat.read_text()) == pid:
                found.append(int(stat.parent.name))
        except OSError:
            continue  # it ended while we looked
    return found


def calls_up(pid: int, first: int, last: int) -> int:
    """Calls with open media in a range of RTP ports: each holds two sockets, RTP and RTCP. Asks Asterisk nothing."""
    ports = udp_ports((PROC / str(pid) / "net" / "udp").read_text())
    own = socket_inodes(pid)
    return sum(first <= port <= last for inode, port in ports.items() if inode in own) // 2


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds used by each named process, and the seconds that passed meanwhile."""

    cpu: Mapping[str, float]
    seconds: float


class Meter:
    """Measures from its creation to ``read``. ``processes``: name → ids that count together."""

    def __init__(self, processes: Mapping[str, list[int]]) -> None:
        self._processes = dict(processes)
        self._before = self._now()
        self._began = time.monotonic()

    def read(self) -> Usage:
        now = self._now()
        spent = {name: sum(now[name].get(pid, was) - was for pid, was in self._before[name].items()) for name in now}
        return Usage(spent, time.monotonic() - self._began)

    def _now(self) -> dict[str, dict[int, float]]:
        return {name: {pid: spent for pid in pids if (spent := _spent(pid)) is not None}
                for name, pids in self._processes.items()}  # fmt: skip


def _spent(pid: int) -> float | None:
    try:
        return cpu_seconds(pid)
    except OSError:
        return None
