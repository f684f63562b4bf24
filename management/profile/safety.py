"""Password and sessions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from engine.domain.text import mark
from engine.storage.database import Connection, Database
from engine.storage.queries import load
from management.access.audit import audit
from management.access.caller import Caller
from management.access.callers import Callers
from management.access.password_rules import check_password
from management.access.secrets import Passwords
from management.errors import NotFound
from management.fields import Fields
from management.language import texts
from management.mailing.letters import letter
from management.mailing.messages import Message, MessageKind, post
from management.profile.agents import browser_of, system_of
from management.profile.proof import Proof
from management.profile.schemas import PasswordForm, SessionRow

_SQL = load(Path(__file__).parent / "queries.sql")


class Safety:
    """``base``: the cabinet's address."""

    def __init__(
        self, database: Callable[[], Database], callers: Callers, passwords: Passwords, proof: Proof, base: str
    ) -> None:
        self._database = database
        self._callers = callers
        self._passwords = passwords
        self._proof = proof
        self._base = base

    async def change_password(self, caller: Caller, form: PasswordForm) -> None:
        """Ends his other sessions, and links to recover the password. Raises Invalid, TooMany."""
        fields = Fields()
        new = check_password(fields, "new", form.new, caller.email)
        if form.new and form.new == form.old:
            fields.wrong("new", "same", mark("The new password is the old one"))
        fields.check()
        await self._proof.check(caller, fields, "old", form.old)
        fields.check()
        stored = await self._passwords.hash(new)
        async with self._database().transaction() as connection:
            await connection.execute(_SQL["set_password"], caller.user, stored)
            await connection.execute(_SQL["withdraw_all"], caller.user)
            await connection.fetchval(_SQL["end_other_sessions"], caller.user, caller.session)
            await audit(connection, caller, "user.password_changed", caller.user)
            await self._tell(connection, caller)
            await self._callers.forget(connection)
        await self._callers.forget()

    async def _tell(self, connection: Connection, caller: Caller) -> None:
        at = texts(caller.language).moment(datetime.now(UTC), caller.zone)
        link = f"{self._base}/recovery"
        made = letter(caller.language, "password_changed", at=at, ip=caller.ip or "—", link=link)
        await post(
            connection,
            Message(
                MessageKind.MAIL,
                caller.email,
                made.text,
                caller.language,
                f"password_changed:{uuid4()}",
                made.subject,
                made.html,
                caller.account,
                caller.user,
            ),
        )

    async def sessions(self, caller: Caller) -> Sequence[SessionRow]:
        """The current one first, then the last used."""
        rows = await self._database().fetch(_SQL["sessions"], caller.user, caller.session)
        return [
            SessionRow(
                id=row["id"],
                browser=browser_of(row["agent"]),
                system=system_of(row["agent"]),
                ip=row["ip"] or "",
                created_at=row["created_at"],
                seen_at=row["seen_at"],
                current=row["id"] == caller.session,
            )
            for row in rows
        ]

    async def end_session(self, caller: Caller, session: int) -> None:
        """Raises NotFound for one that is not his, or over."""
        async with self._database().transaction() as connection:
            if await connection.fetchval(_SQL["end_session"], session, caller.user) is None:
                raise NotFound
            await audit(connection, caller, "session.ended", session)
            await self._callers.forget(connection)
        await self._callers.forget()

    async def end_others(self, caller: Caller) -> int:
        """How many."""
        async with self._database().transaction() as connection:
            count = int(await connection.fetchval(_SQL["end_other_sessions"], caller.user, caller.session))
            await audit(connection, caller, "session.others_ended", after={"count": count})
            await self._callers.forget(connection)
        await self._callers.forget()
        return count
