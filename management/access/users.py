"""Making users, whoever makes them: registration, the staff, the command line."""

from __future__ import annotations

from pathlib import Path

from engine.domain.ids import AccountId
from engine.storage.database import Connection
from engine.storage.queries import SQL as ENGINE_SQL
from engine.storage.queries import load
from management.access.caller import Role, UserId

_SQL = load(Path(__file__).parent / "queries.sql")
_CREATE_ACCOUNT = load(ENGINE_SQL / "catalogue.sql")["create_account"]


async def hold_address(connection: Connection, email: str) -> None:
    """Of two who take one address the second waits until the first one's transaction has ended."""
    await connection.execute(_SQL["hold_address"], email)


async def create_user(
    connection: Connection,
    email: str,
    role: Role,
    language: str,
    *,
    password: str | None = None,
    confirmed: bool = False,
    account: AccountId | None = None,
) -> UserId:
    """With an account of his own unless one is given."""
    own = account or await connection.fetchval(_CREATE_ACCOUNT, email)
    return UserId(await connection.fetchval(_SQL["create_user"], own, role.value, email, password, language, confirmed))
