from __future__ import annotations

import pytest

from management.accounts.holders import Visit, braked

SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1"
YANDEX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/136.0 YaBrowser/25.6.0 Safari/537.36"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36 Edg/140.0"


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (SAFARI, "Safari, iPhone"),
        (YANDEX, "Yandex Browser, Windows"),
        (EDGE, "Edge, Windows"),
        ("curl/8.9", ""),
        ("", ""),
    ],
)
def test_devices(agent: str, device: str) -> None:
    assert Visit("", agent, "ru").device == device


@pytest.mark.parametrize(
    ("ip", "network"),
    [("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"), ("", "")],
)
def test_networks(ip: str, network: str) -> None:
    assert Visit(ip, "", "ru").network == network


def test_keys_of_brakes_are_short_and_tell_no_address() -> None:
    assert braked("x", "a") != braked("x", "b")
    assert len(braked("password", "я" * 100_000)) < 50
    assert "anna" not in braked("x", "anna@example.com")
