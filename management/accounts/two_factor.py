"""The second factor: codes of an application on the user's phone (TOTP, RFC 6238), and recovery codes for when it is lost."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pyotp
import segno

from engine.domain.text import mark
from engine.storage.database import Connection, Database
from management.access.audit import audit
from management.access.caller import Caller, UserId
from management.access.secrets import Passwords, digest
from management.access.throttle import Throttle
from management.accounts.holders import SQL, Visit, by_id
from management.errors import Conflict, Invalid, NotSignedIn, invalid

ISSUER = "Dozvon"
STEP_S = 30
DIGITS = 6
WINDOW = 1
"""Steps before and after: clocks of phones go wrong, and people type slowly."""
CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that look alike on paper: i, l, o, 0, 1."""
_GROUPS, _GROUP = 4, 4
"""31**16 is more than 2**79, so a plain SHA-256 may be stored."""


@dataclass(frozen=True, slots=True)
class Factor:
    """``since`` None: not in force. ``secret``: base32, of one that waits for its first code. ``codes_left``: recovery codes."""

    since: datetime | None
    has_password: bool
    secret: str | None
    codes_left: int


class TwoFactor:
    """``now``: seconds since 1970."""

    def __init__(
        self,
        database: Callable[[], Database],
        passwords: Passwords,
        throttle: Throttle,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._throttle = throttle
        self._now = now

    async def of(self, caller: Caller) -> Factor:
        row = await self._database().fetchrow(SQL["factor"], caller.user)
        if row is None:
            raise NotSignedIn
        return Factor(
            row["totp_at"], row["has_password"], None if row["totp_at"] else row["totp_secret"], row["codes_left"]
        )

    async def begin(self, caller: Caller) -> None:
        """Make the secret, unless one is there."""
        await self._database().execute(SQL["begin_factor"], caller.user, pyotp.random_base32())

    async def leave(self, caller: Caller) -> None:
        """Forget a secret that is not in force."""
        await self._database().execute(SQL["leave_factor"], caller.user)

    async def enable(self, caller: Caller, password: str, code: str) -> list[str]:
        """The recovery codes, which nobody can read again. Raises Invalid, TooMany, Conflict."""
        await self._prove(caller, password, code)
        async with self._database().transaction() as connection:
            if await connection.fetchval(SQL["enable_factor"], caller.user) is None:
                raise Conflict("two_factor_state", mark("The second factor has been changed meanwhile"))
            await audit(connection, caller, "user.two_factor_enabled", caller.user)
            return await self._new_codes(connection, caller.user)

    async def renew_codes(self, caller: Caller, password: str, code: str) -> list[str]:
        """New recovery codes; the former ones stop working. As ``enable``."""
        await self._prove(caller, password, code)
        async with self._database().transaction() as connection:
            await audit(connection, caller, "user.recovery_codes_renewed", caller.user)
            return await self._new_codes(connection, caller.user)

    async def disable(self, caller: Caller, password: str, code: str) -> None:
        await self._prove(caller, password, code)
        async with self._database().transaction() as connection:
            if await connection.fetchval(SQL["disable_factor"], caller.user) is None:
                raise Conflict("two_factor_state", mark("The second factor has been changed meanwhile"))
            await connection.execute(SQL["forget_codes"], caller.user)
            await connection.execute(SQL["end_half_sessions"], caller.user)
            await audit(connection, caller, "user.two_factor_disabled", caller.user)

    async def accepts(self, connection: Connection, user: UserId, code: str, visit: Visit) -> bool:
        """Whether this is a code of now or a recovery code; it is used up then."""
        typed = "".join(code.split()).replace("-", "").lower()
        if len(typed) == DIGITS and typed.isascii() and typed.isdigit():
            return await self._accepts_code(connection, user, typed)
        if await connection.fetchval(SQL["use_code"], user, digest(typed)) is None:
            return False
        await audit(connection, None, "user.recovery_code_used", user, user=user, ip=visit.ip)
        return True

    async def _accepts_code(self, connection: Connection, user: UserId, typed: str) -> bool:
        row = await connection.fetchrow(SQL["factor"], user)
        if row is None or row["totp_secret"] is None:
            return False
        totp, now = pyotp.TOTP(row["totp_secret"]), int(self._now()) // STEP_S
        for step in range(now - WINDOW, now + WINDOW + 1):
            if hmac.compare_digest(totp.generate_otp(step), typed):
                return await connection.fetchval(SQL["take_step"], user, step) is not None
        return False

    async def _prove(self, caller: Caller, password: str, code: str) -> None:
        """That it is he, and no one who found his browser open. Raises Invalid, TooMany."""
        whom = f"code:{caller.user}"
        await self._throttle.attempt(whom)
        holder = await by_id(self._database(), caller.user)
        if holder is None:
            raise NotSignedIn
        if holder.password is not None and not await self._passwords.matches(holder.password, password):
            raise invalid("password", "password", mark("This is not your password"))
        async with self._database().transaction() as connection:
            if not await self.accepts(connection, caller.user, code, Visit(caller.ip, "", caller.language)):
                raise wrong_code()
        await self._throttle.succeeded(whom)

    async def _new_codes(self, connection: Connection, user: UserId) -> list[str]:
        codes = ["-".join(_group() for _ in range(_GROUPS)) for _ in range(CODES)]
        await connection.execute(SQL["forget_codes"], user)
        await connection.execute(SQL["add_codes"], user, [digest(code.replace("-", "")) for code in codes])
        return codes


def picture(email: str, secret: str) -> tuple[str, str]:
    """The address that an application reads (otpauth), and its QR code as a data: URI."""
    address = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)
    return address, segno.make(address, error="m").svg_data_uri(scale=5, border=3, light="white")


def wrong_code() -> Invalid:
    return invalid("code", "code", mark("This code is not right, or it has served already"))


def _group() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_GROUP))
