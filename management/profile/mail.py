"""The e-mail address: a new one counts once somebody has opened the link that was sent to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg

from engine.domain.ids import AccountId
from engine.domain.text import mark
from engine.storage.database import Connection, Database
from engine.storage.queries import load
from management.access.audit import audit
from management.access.caller import Caller, UserId
from management.access.callers import Callers
from management.access.throttle import LETTER, Throttle
from management.access.tokens import Purpose, issue, peek, redeem
from management.errors import NotFound
from management.fields import Fields
from management.language import texts
from management.mailing.letters import letter
from management.mailing.messages import Message, MessageKind, is_address, post
from management.profile.proof import Proof
from management.profile.schemas import EmailForm

_SQL = load(Path(__file__).parent / "queries.sql")
CONFIRM = "/profile/email/confirm"


class Emails:
    """``base``: the cabinet's address, with which links begin."""

    def __init__(
        self, database: Callable[[], Database], callers: Callers, throttle: Throttle, proof: Proof, base: str
    ) -> None:
        self._database = database
        self._callers = callers
        self._throttle = throttle
        self._proof = proof
        self._base = base

    async def ask(self, caller: Caller, form: EmailForm) -> str:
        """Send the link; the address as it will be kept. Whether somebody has that address already is not told: its owner gets a
        letter that says so. Raises Invalid, TooMany."""
        fields = Fields()
        email = fields.email("email", form.email)
        if email == caller.email:
            fields.wrong("email", "same", mark("This is your address already"))
        elif "@" in form.email and not is_address(email):
            fields.wrong("email", "email", mark("An e-mail address like name@example.com is needed"))
        fields.check()
        await self._proof.check(caller, fields, "password", form.password)
        fields.check()
        await self._throttle.take(LETTER, f"user:{caller.user}")
        await self._throttle.take(LETTER, f"email:{email}")
        async with self._database().transaction() as connection:
            if await connection.fetchval(_SQL["email_taken"], email):
                await self._post(connection, email, caller.language, "already_registered", link=f"{self._base}/login")
            else:
                await self._send_link(connection, caller, email)
            await audit(connection, caller, "user.email_asked", caller.user, after={"email": email})
        return email

    async def _send_link(self, connection: Connection, caller: Caller, email: str) -> None:
        secret = await issue(connection, Purpose.CHANGE_EMAIL, caller.user, {"email": email})
        until = datetime.now(UTC) + timedelta(seconds=Purpose.CHANGE_EMAIL.lasts_s)
        await self._post(
            connection,
            email,
            caller.language,
            "confirm_email",
            link=f"{self._base}{CONFIRM}/{secret}",
            until=texts(caller.language).moment(until, caller.zone),
        )

    async def asked(self, secret: str) -> str:
        """The address that a link confirms. Raises NotFound for one that is forged, used or too old."""
        token = await peek(self._database(), Purpose.CHANGE_EMAIL, secret)
        if token is None:
            raise NotFound
        return str(token.payload["email"])

    async def confirm(self, secret: str, ip: str) -> str:
        """Raises NotFound as ``asked`` does, and when somebody else has taken the address meanwhile."""
        try:
            async with self._database().transaction() as connection:
                token = await redeem(connection, Purpose.CHANGE_EMAIL, secret)
                user = await connection.fetchrow(_SQL["active_user"], token.user) if token else None
                if token is None or user is None:
                    raise NotFound
                email = str(token.payload["email"])
                await self._set(connection, user, email, ip)
        except asyncpg.UniqueViolationError as error:
            raise NotFound from error
        await self._callers.forget()
        return email

    async def _set(self, connection: Connection, user: asyncpg.Record, email: str, ip: str) -> None:
        account, number, former = AccountId(user["account_id"]), UserId(user["id"]), user["email"]
        await connection.execute(_SQL["set_email"], number, email)
        await connection.execute(_SQL["withdraw_all"], number)
        await connection.execute(_SQL["join_projects"], email, number, account)
        await audit(
            connection,
            None,
            "user.email_changed",
            number,
            account=account,
            before={"email": former},
            after={"email": email},
            user=number,
            ip=ip,
        )
        at = texts(user["language"]).moment(datetime.now(UTC), user["zone"])
        link = f"{self._base}/login"
        await self._post(
            connection, former, user["language"], "email_changed", email=email, at=at, ip=ip or "—", link=link
        )
        await self._callers.forget(connection)

    async def _post(self, connection: Connection, to: str, language: str, name: str, **context: str) -> None:
        """Of no account: the address is not known to be his, and the letter of a taken one must look alike."""
        made = letter(language, name, **context)
        key = f"{name}:{uuid4()}"
        await post(connection, Message(MessageKind.MAIL, to, made.text, language, key, made.subject, made.html))
