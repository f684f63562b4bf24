"""A browser's own words about itself (User-Agent) in a few of ours. Only for people to tell their devices apart: it can lie."""

from __future__ import annotations

import re

_BROWSERS = (
    (r"YaBrowser/(\d+)", "Yandex Browser"),
    (r"Edg(?:e|A|iOS)?/(\d+)", "Edge"),
    (r"(?:OPR|Opera)/(\d+)", "Opera"),
    (r"SamsungBrowser/(\d+)", "Samsung Internet"),
    (r"(?:Firefox|FxiOS)/(\d+)", "Firefox"),
    (r"(?:Chrome|CriOS)/(\d+)", "Chrome"),
    (r"Version/(\d+).*Safari/", "Safari"),
    (r"curl/(\d+)", "curl"),
)
"""The first that fits: nearly all of them also call themselves Chrome and Safari."""
_SYSTEMS = (
    (r"iPhone", "iPhone"),
    (r"iPad", "iPad"),
    (r"Android", "Android"),
    (r"Windows NT", "Windows"),
    (r"Mac OS X|Macintosh", "macOS"),
    (r"CrOS", "ChromeOS"),
    (r"Linux|X11", "Linux"),
)


def browser_of(agent: str) -> str:
    """Such as "Firefox 128"; '' when unknown."""
    for pattern, name in _BROWSERS:
        if found := re.search(pattern, agent):
            return f"{name} {found[1]}"
    return ""


def system_of(agent: str) -> str:
    """Such as "Windows"; '' when unknown."""
    return next((name for pattern, name in _SYSTEMS if re.search(pattern, agent)), "")
