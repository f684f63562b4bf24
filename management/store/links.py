"""Signed, short-lived links to files: whoever has one may read that file until it ends, and nothing else.

A link may be used more than once, since a player asks for a recording piece by piece.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
from itsdangerous import BadSignature, URLSafeSerializer

LIFE_S = 300.0


class FileLink(msgspec.Struct, frozen=True, array_like=True):
    """``name``: what a browser saves it as. ``inline``: shown or played in place instead."""

    key: str
    media: str
    name: str
    inline: bool = False


class _Signed(msgspec.Struct, frozen=True, array_like=True):
    until: int
    link: FileLink


class Links:
    """``secret``: the same in all processes."""

    def __init__(self, secret: str, now: Callable[[], float] = time.time) -> None:
        self._signer = URLSafeSerializer(secret, salt="dozvon.files")
        self._now = now

    def sign(self, link: FileLink, life_s: float = LIFE_S) -> str:
        """A token for an address; it needs no escaping."""
        return str(self._signer.dumps(msgspec.to_builtins(_Signed(int(self._now() + life_s), link))))

    def read(self, token: str) -> FileLink | None:
        """None for a token that we did not sign or whose time is over."""
        try:
            signed = msgspec.convert(self._signer.loads(token), _Signed)
        except (BadSignature, msgspec.ValidationError):
            return None
        return signed.link if self._now() < signed.until else None
