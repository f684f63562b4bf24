"""Users as the staff see and change them."""

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
from management.access.caller import RIGHTS, Caller, Right, Role, UserId
from management.access.callers import Callers
from management.access.tokens import Purpose, issue
from management.access.users import create_user, hold_address
from management.errors import Conflict, Forbidden, NotFound
from management.fields import Fields
from management.filters import like
from management.language import texts
from management.mailing.letters import letter
from management.mailing.messages import Message, MessageKind, is_address, post
from management.paging import Found, Wanted, fetch_page
from management.staff.schemas import InviteForm, RoleForm, Session, SignIn, User, UserRow, UserState

_SQL = load(Path(__file__).parent / "queries.sql")
_KEYS = {"created_at": "id", "email": "email"}
"""Ids are given in the order of creation."""
INVITED = timedelta(days=3)
"""How long an invitation works."""


class Users:
    """``site``: the cabinet's address, with which links begin."""

    def __init__(self, database: Callable[[], Database], callers: Callers, site: str) -> None:
        self._database = database
        self._callers = callers
        self._site = site

    async def list(self, wanted: Wanted, who: str, role: Role | None, state: UserState | None) -> Found[UserRow]:
        """``who``: a part of the e-mail or the name."""
        args = (like(who), role.value if role else "", state.value if state else "")
        found = await fetch_page(self._database(), _SQL["users"], args, wanted, _KEYS)
        rows = await self._database().fetch(_SQL["seen"], [row["id"] for row in found.items])
        seen = {row["id"]: row["at"] for row in rows}
        return found.map(lambda row: _row(row, seen.get(row["id"])))

    async def get(self, user: int) -> User:
        database = self._database()
        row = await database.fetchrow(_SQL["user"], user)
        if row is None:
            raise NotFound
        sessions = [Session(**found) for found in await database.fetch(_SQL["sessions"], user)]
        sign_ins = [_sign_in(found) for found in await database.fetch(_SQL["sign_ins"], user)]
        return User(**{**row, "role": Role(row["role"])}, sessions=sessions, sign_ins=sign_ins)

    async def block(self, caller: Caller, user: int) -> str:
        """His e-mail. He is signed out everywhere, his keys and links are worth nothing from now on, also once he is unblocked.
        Raises Conflict, Forbidden."""
        async with self._database().transaction() as connection:
            row = await self._held(connection, caller, user, Right.BLOCK_USERS)
            if row["blocked"]:
                raise Conflict("blocked", mark("He is blocked already"))
            await connection.execute(_SQL["block"], user)
            await audit(connection, caller, "user.blocked", user, account=AccountId(row["account"]))
            await self._revoke(connection, caller, user, AccountId(row["account"]))
        await self._callers.forget()
        return str(row["email"])

    async def unblock(self, caller: Caller, user: int) -> str:
        async with self._database().transaction() as connection:
            row = await self._held(connection, caller, user, Right.BLOCK_USERS)
            if not row["blocked"]:
                raise Conflict("not_blocked", mark("He is not blocked"))
            # What a request that had begun before the block made after it has never worked, and shall not begin to.
            await self._revoke(connection, caller, user, AccountId(row["account"]))
            await connection.execute(_SQL["unblock"], user)
            await audit(connection, caller, "user.unblocked", user, account=AccountId(row["account"]))
        return str(row["email"])

    async def sign_out(self, caller: Caller, user: int) -> str:
        """End all his sessions; he may sign in again."""
        async with self._database().transaction() as connection:
            row = await self._held(connection, caller, user, Right.BLOCK_USERS)
            await self._cut_off(connection, user)
            await audit(connection, caller, "user.signed_out", user, account=AccountId(row["account"]))
        await self._callers.forget()
        return str(row["email"])

    async def set_role(self, caller: Caller, user: int, form: RoleForm) -> str:
        """He signs in anew with it. Raises Invalid, Conflict."""
        fields = Fields()
        role = fields.choice("role", form.role, Role)
        fields.check()
        assert role is not None
        async with self._database().transaction() as connection:
            row = await self._held(connection, caller, user, Right.GIVE_ROLES)
            if not row["confirmed"]:
                # Whoever registered this address need not be the one who reads its mail.
                raise Conflict("unconfirmed", mark("His address is not confirmed yet"))
            if row["role"] != role.value:
                await connection.execute(_SQL["set_role"], user, role.value)
                await self._cut_off(connection, user)
                was, now = {"role": row["role"]}, {"role": role.value}
                account = AccountId(row["account"])
                await audit(connection, caller, "user.role_changed", user, account=account, before=was, after=now)
        await self._callers.forget()
        return str(row["email"])

    async def invite(self, caller: Caller, form: InviteForm) -> str:
        """A new employee: his address. A letter lets him choose a password, which confirms the address. Raises Invalid."""
        fields = Fields()
        email, role = fields.email("email", form.email), fields.choice("role", form.role, Role)
        if "@" in form.email and not is_address(email):
            fields.wrong("email", "email", mark("An e-mail address like name@example.com is needed"))
        if role is Role.CUSTOMER:
            fields.wrong("role", "choice", mark("Customers register themselves"))
        fields.check()
        assert role is not None
        async with self._database().transaction() as connection:
            await hold_address(connection, email)
            await self._still(connection, caller, Right.GIVE_ROLES)
            if await connection.fetchval(_SQL["known"], email) is not None:
                fields.wrong("email", "taken", mark("There is a user with this address: give him the role on his page"))
                fields.check()
            user = await create_user(connection, email, role, caller.language)
            account = AccountId(await connection.fetchval(_SQL["account_of"], user))
            after = {"email": email, "role": role.value}
            await audit(connection, caller, "user.invited", user, account=account, after=after)
            await self._post_invitation(connection, caller, user, account, email)
        return email

    async def _post_invitation(
        self, connection: Connection, caller: Caller, user: UserId, account: AccountId, email: str
    ) -> None:
        secret = await issue(connection, Purpose.RECOVER, user, lasts_s=INVITED.total_seconds())
        until = texts(caller.language).moment(datetime.now(UTC) + INVITED, caller.zone)
        link = f"{self._site}/recovery/{secret}"
        made = letter(caller.language, "staff_invitation", who=caller.name, until=until, link=link)
        key = f"staff_invitation:{uuid4()}"
        await post(
            connection,
            Message(
                MessageKind.MAIL, email, made.text, caller.language, key, made.subject, made.html, account, int(user)
            ),
        )

    async def _held(self, connection: Connection, caller: Caller, user: int, right: Right) -> asyncpg.Record:
        """The user, who stays as he is until the transaction ends. To touch an employee one must be able to give roles; nobody
        changes himself, so that there is always one administrator left."""
        if user == caller.user:
            raise Conflict("himself", mark("Not yourself: another administrator can do that"))
        found = {row["id"]: row for row in await connection.fetch(_SQL["hold"], [caller.user, user])}
        row = found.get(user)
        if row is None or row["deleted"]:
            raise NotFound
        needed = {right, Right.GIVE_ROLES} if Role(row["role"]).staff else {right}
        _check(found.get(caller.user), needed)
        return row

    async def _still(self, connection: Connection, caller: Caller, right: Right) -> None:
        rows = await connection.fetch(_SQL["hold"], [caller.user])
        _check(rows[0] if rows else None, {right})

    async def _revoke(self, connection: Connection, caller: Caller, user: int, account: AccountId) -> None:
        await self._cut_off(connection, user)
        for key in await connection.fetch(_SQL["revoke_keys"], user):
            before = {"name": key["name"], "prefix": key["prefix"]}
            await audit(connection, caller, "key.revoked", key["id"], account=account, before=before)

    async def _cut_off(self, connection: Connection, user: int) -> None:
        await connection.fetchval(_SQL["end_sessions"], user)
        await connection.execute(_SQL["withdraw_links"], user)
        await self._callers.forget(connection)


def _check(doer: asyncpg.Record | None, needed: set[Right]) -> None:
    """His rights may have been taken since the request began."""
    if doer is None or doer["blocked"] or doer["deleted"] or not needed <= RIGHTS[Role(doer["role"])]:
        raise Forbidden


def _row(row: asyncpg.Record, seen: datetime | None) -> UserRow:
    return UserRow(**{**row, "role": Role(row["role"]), "state": UserState(row["state"])}, seen_at=seen)


def _sign_in(row: asyncpg.Record) -> SignIn:
    return SignIn(row["at"], row["ip"], row["way"] or "", row["device"] or "")
