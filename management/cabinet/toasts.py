"""Short messages after an action: of this answer (HX-Trigger), or of the page that it leads to (a cookie)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from enum import StrEnum

import msgspec

FLASH_COOKIE = "flash"
_LONGEST = 2000


class Tone(StrEnum):
    """The colours of toasts, alerts and badges."""

    SUCCESS = "success"
    INFO = "info"
    WARNING = "warning"
    DANGER = "danger"
    NEUTRAL = "neutral"


class Toast(msgspec.Struct, frozen=True):
    """``text``: in the reader's language."""

    text: str
    tone: Tone = Tone.SUCCESS


_decoder = msgspec.json.Decoder(tuple[Toast, ...])


def trigger(*toasts: Toast) -> str:
    """The value of HX-Trigger. Headers are ASCII, so other letters are escaped."""
    return json.dumps({"toasts": {"value": [msgspec.to_builtins(toast) for toast in toasts]}})


def flash(*toasts: Toast) -> str:
    """The value of the cookie that hands toasts to the next page."""
    return urlsafe_b64encode(msgspec.json.encode(toasts)).decode().rstrip("=")


def read_flash(cookie: str | None) -> Sequence[Toast]:
    """The toasts of ``flash``; none of a value that we did not write. The text is escaped where it is shown."""
    if not cookie or len(cookie) > _LONGEST:
        return ()
    try:
        return _decoder.decode(urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4)))
    except (ValueError, msgspec.MsgspecError):
        return ()
