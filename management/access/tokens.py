"""Links and codes that serve once, for a while."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from engine.storage.database import Connection, Database
from engine.storage.queries import load
from management.access.caller import UserId
from management.access.secrets import digest, new_secret

_SQL = load(Path(__file__).parent / "queries.sql")
CODE_DIGITS = 6


class Purpose(StrEnum):
    CONFIRM_EMAIL = "confirm_email"
    CHANGE_EMAIL = "change_email"
    RECOVER = "recover"
    SIGN_IN = "sign_in"
    CONFIRM_PHONE = "confirm_phone"

    @property
    def lasts_s(self) -> float:
        return {Purpose.CONFIRM_EMAIL: 3 * 86_400, Purpose.CHANGE_EMAIL: 86_400, Purpose.RECOVER: 3600,
                Purpose.SIGN_IN: 3600, Purpose.CONFIRM_PHONE: 600}[self]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    user: UserId
    payload: Mapping[str, Any]


async def issue(
    connection: Connection,
    purpose: Purpose,
    user: UserId,
    payload: Mapping[str, Any] | None = None,
    *,
    lasts_s: float | None = None,
) -> str:
    """The secret for a link; links issued before for the same purpose stop working. ``lasts_s``: the purpose's unless given."""
    secret, lasts = new_secret(), purpose.lasts_s if lasts_s is None else lasts_s
    await connection.execute(_SQL["withdraw"], user, purpose)
    await connection.execute(_SQL["issue"], purpose, digest(secret), user, dict(payload or {}), lasts)
    return secret


async def peek(database: Database, purpose: Purpose, secret: str) -> Token | None:
    """What a link stands for, without using it up: None when forged, used or too old."""
    row = await database.fetchrow(_SQL["peek"], digest(secret), purpose)
    return None if row is None else Token(UserId(row["user_id"]), row["payload"])


async def redeem(connection: Connection, purpose: Purpose, secret: str) -> Token | None:
    """As ``peek``, and used up."""
    row = await connection.fetchrow(_SQL["redeem"], digest(secret), purpose)
    return None if row is None else Token(UserId(row["user_id"]), row["payload"])


async def issue_code(connection: Connection, purpose: Purpose, user: UserId, payload: Mapping[str, Any]) -> str:
    """A code of six digits to be typed; five tries."""
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    await connection.execute(_SQL["withdraw"], user, purpose)
    # The salt keeps equal codes of two users from being equal rows: the column is unique.
    salt = new_secret()
    stored = {**payload, "salt": salt}
    await connection.execute(_SQL["issue"], purpose, digest(salt + code), user, stored, purpose.lasts_s)
    return code


async def redeem_code(database: Database, purpose: Purpose, user: UserId, code: str) -> Mapping[str, Any] | None:
    """The payload of the newest code, if it is this one. Each call is one of its five tries."""
    row = await database.fetchrow(_SQL["try_code"], user, purpose)
    if row is None or not hmac.compare_digest(digest(row["payload"]["salt"] + code), row["token"]):
        return None
    spent = await database.fetchval(_SQL["spend_code"], row["id"])
    return None if spent is None else {name: value for name, value in row["payload"].items() if name != "salt"}
