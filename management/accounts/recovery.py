"""A forgotten password: a mailed link lets one choose a new one."""

from __future__ import annotations

from collections.abc import Callable

from engine.storage.database import Database
from management.access.callers import Callers
from management.access.password_rules import check_password
from management.access.secrets import Passwords
from management.access.throttle import RECOVERY, Throttle
from management.access.tokens import Purpose, peek, redeem
from management.accounts.holders import SQL, Visit, braked, by_id, note
from management.accounts.notices import Notices
from management.accounts.registration import activate, ask_for_letter
from management.fields import Fields


class Recovery:
    def __init__(
        self,
        database: Callable[[], Database],
        callers: Callers,
        passwords: Passwords,
        throttle: Throttle,
        notices: Notices,
    ) -> None:
        self._database = database
        self._callers = callers
        self._passwords = passwords
        self._throttle = throttle
        self._notices = notices

    async def ask(self, email: str, visit: Visit) -> None:
        """For any address alike. Raises Invalid for what is none, TooMany."""
        await self._throttle.take(RECOVERY, visit.network)
        await ask_for_letter(self._database(), self._throttle, Purpose.RECOVER, email, visit)

    async def link_works(self, secret: str) -> bool:
        return await peek(self._database(), Purpose.RECOVER, secret) is not None

    async def renew(self, secret: str, password: str, visit: Visit) -> bool:
        """All sessions end, all links sent before stop working, and a letter tells it. The second factor stays. False: the link
        is forged, used or too old. Raises Invalid, after which the link still works."""
        database = self._database()
        token = await peek(database, Purpose.RECOVER, secret)
        holder = None if token is None else await by_id(database, token.user)
        if holder is None or holder.blocked:
            return False
        fields = Fields()
        kept = check_password(fields, "password", password, holder.email)
        fields.check()
        hashed = await self._passwords.hash(kept)
        async with database.transaction() as connection:
            if await redeem(connection, Purpose.RECOVER, secret) is None:
                return False
            await activate(connection, holder, "", visit)  # he reads the mail of this address
            await connection.execute(SQL["set_password"], holder.user, hashed)
            await connection.execute(SQL["end_sessions"], holder.user)
            await connection.execute(SQL["withdraw_all"], holder.user)
            await self._notices.send_alarm(connection, "password_changed", holder, "/recovery", visit)
            await note(connection, holder, visit, "user.password_recovered")
            await self._callers.forget(connection)
        await self._callers.forget()
        await self._throttle.succeeded(braked("password", holder.email))
        return True
