"""Secrets that people carry (cookies, keys, links, codes) and what is stored of them: SHA-256, since all but the short codes
have 256 bits of chance and need no slow hash. Passwords have one: argon2id by its library's own settings (RFC 9106, low
memory), in a thread, a few at a time, since each takes 64 MiB and some 50 ms.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE = 2
_hasher = PasswordHasher()


def new_secret() -> str:
    """256 bits, safe in addresses and cookies."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


class Passwords:
    """One instance a process."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._nobody = ""

    async def hash(self, password: str) -> str:
        async with self._turns:
            return await asyncio.to_thread(_hasher.hash, _one_form(password))

    async def matches(self, stored: str | None, password: str) -> bool:
        """Takes as long for a user who does not exist (None) as for one who does."""
        async with self._turns:
            if (
                not self._nobody
            ):  # whoever is the first waits for it, known or not; at the start of a process nobody should
                self._nobody = await asyncio.to_thread(_hasher.hash, new_secret())
            right = await asyncio.to_thread(_verify, stored or self._nobody, _one_form(password))
        return right and stored is not None

    @staticmethod
    def outdated(stored: str) -> bool:
        """It was hashed with less work than is usual now."""
        return _hasher.check_needs_rehash(stored)


def _one_form(password: str) -> str:
    """Keyboards differ in how they compose «й» and «é»."""
    return unicodedata.normalize("NFC", password)


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
