"""What the operator does from the command line: make users, and links that sign them in."""

from __future__ import annotations

from dataclasses import dataclass

from engine.domain.errors import BadInput
from engine.domain.ids import AccountId
from engine.domain.text import mark
from engine.storage.database import Connection, Database, migrate, open_database
from management.access.audit import audit
from management.access.caller import Role, UserId
from management.access.tokens import Purpose, issue
from management.access.users import create_user, hold_address
from management.accounts.holders import SQL, by_email, by_id
from management.errors import Conflict, Invalid
from management.fields import Fields
from management.language import DEFAULT
from management.mailing.messages import is_address
from management.settings import Settings

DEMO_OPERATOR = "operator@demo.example"
OPERATOR = "operator@dozvon.invalid"
"""Of the administrator whom nobody made by name. No letter ever reaches this address (RFC 2606), so links are his way in."""


@dataclass(frozen=True, slots=True)
class Link:
    """``link`` signs this user in, once, for an hour."""

    role: Role
    email: str
    link: str


async def sign_in_link(settings: Settings, email: str) -> Link:
    """Raises BadInput when there is no such user, or he is blocked."""
    async with open_database(settings.dsn, size=1) as database:
        await migrate(database)
        async with database.transaction() as connection:
            holder = await by_email(connection, _address(email))
            if holder is None or holder.blocked or not holder.confirmed:
                raise BadInput(
                    "no_user", mark("Nobody with the address {email} may sign in: unknown, blocked or not confirmed"),
                    email=email,
                )  # fmt: skip
            return await _link(connection, settings, holder.user, holder.role, holder.email)


async def operator_link(settings: Settings) -> Link:
    """For the administrator who is there longest. Where there is none, as on a fresh installation, one is made."""
    async with open_database(settings.dsn, size=1) as database:
        await migrate(database)
        async with database.transaction() as connection:
            await hold_address(connection, OPERATOR)
            first = await connection.fetchval(SQL["first_admin"])
            user = UserId(first) if first else await _create(connection, OPERATOR, Role.ADMIN)
            holder = await by_id(connection, user)
            assert holder is not None
            return await _link(connection, settings, user, holder.role, holder.email)


async def new_user(settings: Settings, email: str, role: Role) -> Link:
    """Whoever runs this answers for the address, so it counts as confirmed. Raises Conflict when it is taken."""
    async with open_database(settings.dsn, size=1) as database:
        await migrate(database)
        async with database.transaction() as connection:
            address = _address(email)
            await hold_address(connection, address)
            if await by_email(connection, address) is not None:
                raise Conflict("email_taken", mark("There is a user with the address {email}"), email=address)
            user = await _create(connection, address, role)
            return await _link(connection, settings, user, role, address)


async def demo_people(settings: Settings, account: AccountId) -> list[Link]:
    """The customer who owns the demo's account, and an operator; made where they are not there yet."""
    async with open_database(settings.dsn, size=1) as database:
        await migrate(database)
        return [await _customer(database, settings, account), await _operator(database, settings)]


async def _customer(database: Database, settings: Settings, account: AccountId) -> Link:
    email = f"customer-{account}@demo.example"
    async with database.transaction() as connection:
        await hold_address(connection, email)
        if await connection.fetchval(SQL["account_there"], account) is None:
            raise BadInput("no_account", mark("There is no account {account}"), account=account)
        owner = await connection.fetchval(SQL["owner_of"], account)
        user = UserId(owner) if owner else await _create(connection, email, Role.CUSTOMER, account)
        return await _link(connection, settings, user, Role.CUSTOMER, email)


async def _operator(database: Database, settings: Settings) -> Link:
    async with database.transaction() as connection:
        await hold_address(connection, DEMO_OPERATOR)
        holder = await by_email(connection, DEMO_OPERATOR)
        user = holder.user if holder else await _create(connection, DEMO_OPERATOR, Role.ADMIN)
        return await _link(connection, settings, user, Role.ADMIN, DEMO_OPERATOR)


async def _create(connection: Connection, email: str, role: Role, account: AccountId | None = None) -> UserId:
    user = await create_user(connection, email, role, DEFAULT, confirmed=True, account=account)
    after = {"email": email, "role": role.value, "by": "command line"}
    await audit(connection, None, "user.created", user, account=account, after=after)
    return user


async def _link(connection: Connection, settings: Settings, user: UserId, role: Role, email: str) -> Link:
    secret = await issue(connection, Purpose.SIGN_IN, user)
    await audit(connection, None, "user.sign_in_link_made", user, after={"by": "command line"})
    return Link(role, email, f"{settings.public_url}/sign-in/{secret}")


def _address(email: str) -> str:
    fields = Fields()
    address = fields.email("email", email)
    try:
        fields.check()
    except Invalid as error:
        raise _no_address(email) from error
    if not is_address(address):
        raise _no_address(email)
    return address


def _no_address(email: str) -> BadInput:
    return BadInput("no_address", mark("Not an e-mail address: {address}"), address=email)
