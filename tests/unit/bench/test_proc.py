from __future__ import annotations

import os
import socket
import time

import pytest

from bench.support.proc import Meter, calls_up, cpu_seconds, family, parent, rss_mb, stat_seconds, status_mb, udp_ports

STAT = (
    "4242 (worker (a) b) S 17 4242 4242 0 -1 4194560 1500 0 0 0 "
    "250 50 3 4 20 0 3 0 12345 1000000 500 18446744073709551615 0 0 0 0"
)
UDP = """   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  101: 0100007F:4E20 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 0000000000000000 0
  102: 0100007F:4E21 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 3 2 0000000000000000 0
"""


def test_a_name_with_parentheses_does_not_shift_the_fields() -> None:
    assert stat_seconds(STAT, ticks=100) == 3.0  # utime 250 and stime 50; the dead children's 3 and 4 are not its own
    assert parent(STAT) == 17


def test_memory_is_in_mebibytes() -> None:
    assert status_mb("Name:\tx\nVmPeak:\t  9999 kB\nVmRSS:\t  2048 kB\n") == 2.0
    with pytest.raises(ValueError, match="VmRSS"):
        status_mb("Name:\tx\n")


def test_ports_are_hexadecimal() -> None:
    assert sorted(udp_ports(UDP).values()) == [20000, 20001]


def test_this_process() -> None:
    before = cpu_seconds(os.getpid())
    meter = Meter({"me": [os.getpid()], "gone": [2**22 + 1]})
    end = time.process_time() + 0.1
    while time.process_time() < end:
        pass
    usage = meter.read()
    assert 0.08 <= usage.cpu["me"] <= 0.1 + usage.seconds
    assert usage.cpu["gone"] == 0
    assert cpu_seconds(os.getpid()) > before
    assert 5 < rss_mb(os.getpid()) < 5000
    assert os.getpid() in family(os.getppid())


def test_a_call_holds_two_ports() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two,
    ):
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        # what lies between the two belongs to others
        ports = sorted(each.getsockname()[1] for each in (one, two))
        found = calls_up(os.getpid(), ports[0], ports[1])
        assert found == 1
        assert calls_up(os.getppid(), ports[0], ports[1]) == 0, "somebody else's sockets"
        one.close()
        assert calls_up(os.getpid(), ports[1], ports[1]) == 0
