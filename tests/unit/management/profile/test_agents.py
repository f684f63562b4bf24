from __future__ import annotations

import pytest

from management.profile.agents import browser_of, system_of

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)


@pytest.mark.parametrize(
    ("agent", "browser", "system"),
    [
        (CHROME, "Chrome 126", "Windows"),
        (CHROME.replace("Safari", "YaBrowser/24.6.1 Safari"), "Yandex Browser 24", "Windows"),
        (CHROME + " Edg/126.0", "Edge 126", "Windows"),
        (CHROME + " OPR/112.0", "Opera 112", "Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox 128", "Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1 Version/17.5 Mobile/15E148 Safari/604.1",
            "Safari 17",
            "iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537 Chrome/126.0 Mobile Safari/537",
            "Chrome 126",
            "Android",
        ),
        ("curl/8.8.0", "curl 8", ""),
        ("", "", ""),
        ("<script>", "", ""),
    ],
)
def test_devices_in_words(agent: str, browser: str, system: str) -> None:
    assert (browser_of(agent), system_of(agent)) == (browser, system)
