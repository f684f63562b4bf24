"""Signing in: by password, by a one-time link, and the second step where one is set up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import structlog

from engine.storage.database import Connection, Database
from management.access.audit import audit
from management.access.caller import Caller
from management.access.callers import Callers
from management.access.secrets import Passwords, digest
from management.access.throttle import SIGN_IN, Throttle
from management.access.tokens import Purpose, peek, redeem
from management.accounts.holders import SQL, Holder, Visit, braked, by_email, by_id, note
from management.accounts.notices import Notices
from management.accounts.two_factor import TwoFactor
from management.errors import Invalid
from management.fields import Fields

log = structlog.get_logger("accounts")
LONGEST_PASSWORD = 1000
"""What is longer was never a password here; it is not worth being hashed."""


class Step(StrEnum):
    WRONG = "wrong"
    """Unknown, blocked, another password, or a link that serves no more: which of them is not told."""
    UNCONFIRMED = "unconfirmed"
    CODE = "code"
    """The second factor is still to come; the cookie is of a half session."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Outcome:
    """``cookie``: of the new session. Each step makes a new one, so one that somebody planted is worth nothing."""

    step: Step
    cookie: str = ""


class SignIn:
    def __init__(
        self,
        database: Callable[[], Database],
        callers: Callers,
        passwords: Passwords,
        throttle: Throttle,
        notices: Notices,
        two_factor: TwoFactor,
    ) -> None:
        self._database = database
        self._callers = callers
        self._passwords = passwords
        self._throttle = throttle
        self._notices = notices
        self._two_factor = two_factor

    async def by_password(self, email: str, password: str, visit: Visit) -> Outcome:
        """Raises TooMany, for unknown addresses as for known ones. An attempt counts as failed until it has succeeded, so that
        many at once gain nothing."""
        await self._throttle.take(SIGN_IN, visit.network)
        address = _address(email)
        whom = braked("password", address or email)
        await self._throttle.attempt(whom)
        known = await by_email(self._database(), address)
        stored = None if known is None or known.blocked else known.password
        if not await self._passwords.matches(stored, password[:LONGEST_PASSWORD]) or len(password) > LONGEST_PASSWORD:
            log.warning("sign_in_refused", way="password", whom=whom, ip=visit.ip)
            return Outcome(Step.WRONG)
        assert known is not None and stored is not None
        failures = await self._database().fetchval(SQL["failures"], whom) or 1
        await self._throttle.succeeded(whom)
        if not known.confirmed:
            return Outcome(Step.UNCONFIRMED)
        renewed = await self._passwords.hash(password) if self._passwords.outdated(stored) else None
        async with self._database().transaction() as connection:
            if await connection.fetchval(SQL["still_enters"], known.user, stored) is None:
                return Outcome(Step.WRONG)
            if renewed is not None:
                await connection.execute(SQL["rehash"], known.user, stored, renewed)
            return await self._enter(connection, known, visit, "password", failures - 1)

    async def by_code(self, cookie: str, code: str, visit: Visit) -> Outcome | None:
        """The second step. None: there is no half session, or it is too old. Raises TooMany."""
        database = self._database()
        half = await database.fetchrow(SQL["half_session"], digest(cookie))
        holder = None if half is None else await by_id(database, half["user_id"])
        if half is None or holder is None or holder.blocked:
            return None
        whom = f"code:{holder.user}"
        await self._throttle.attempt(whom)
        async with database.transaction() as connection:
            if not await self._two_factor.accepts(connection, holder.user, code, visit):
                log.warning("sign_in_refused", way="code", user=holder.user, ip=visit.ip)
                return Outcome(Step.WRONG)
            if await connection.fetchval(SQL["end_session"], half["id"]) is None:
                return None
            entered = Outcome(Step.DONE, await self.opened(connection, holder, visit, "code"))
        await self._throttle.succeeded(whom)
        return entered

    async def half_way(self, cookie: str) -> bool:
        """Whether this is the cookie of a half session."""
        return await self._database().fetchrow(SQL["half_session"], digest(cookie)) is not None

    async def link_works(self, secret: str) -> bool:
        return await peek(self._database(), Purpose.SIGN_IN, secret) is not None

    async def by_link(self, secret: str, visit: Visit) -> Outcome:
        """A link stands for the password; the second factor is asked for all the same."""
        async with self._database().transaction() as connection:
            token = await redeem(connection, Purpose.SIGN_IN, secret)
            holder = None if token is None else await by_id(connection, token.user)
            if holder is None or holder.blocked or not holder.confirmed:
                return Outcome(Step.WRONG)
            return await self._enter(connection, holder, visit, "link")

    async def _enter(
        self, connection: Connection, holder: Holder, visit: Visit, way: str, failures: int = 0
    ) -> Outcome:
        if holder.two_factor:
            token = await self._callers.open(connection, holder.user, visit.ip, visit.agent, half=True)
            return Outcome(Step.CODE, token)
        return Outcome(Step.DONE, await self.opened(connection, holder, visit, way, failures))

    async def opened(self, connection: Connection, holder: Holder, visit: Visit, way: str, failures: int = 0) -> str:
        """The cookie of a new session. A device that this user never came with is told to him by letter, but for the first of
        all. ``failures``: wrong passwords before this one."""
        before = await connection.fetchrow(SQL["signed_in_before"], holder.user, visit.device)
        if before is not None and before["same"] is False:
            await self._notices.send_alarm(connection, "new_sign_in", holder, "/profile/sessions", visit)
        after: dict[str, object] = {"way": way, "device": visit.device}
        if failures:
            after["failures_before"] = failures
        await note(connection, holder, visit, "session.opened", after=after)
        return await self._callers.open(connection, holder.user, visit.ip, visit.agent)

    async def sign_out(self, cookie: str, caller: Caller | None) -> None:
        await self._callers.close(cookie)
        if caller is not None:
            async with self._database().transaction() as connection:
                await audit(connection, caller, "session.closed", caller.user)


def _address(email: str) -> str:
    """As it is stored; what is no address is none of ours."""
    fields = Fields()
    address = fields.email("email", email)
    try:
        fields.check()
    except Invalid:
        return ""
    return address
