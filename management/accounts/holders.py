"""Whose account it is, and from where somebody comes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from pathlib import Path

import asyncpg

from engine.domain.ids import AccountId
from engine.storage.database import Connection, Database
from engine.storage.queries import load
from management.access.audit import audit
from management.access.caller import Role, UserId
from management.access.secrets import digest

SQL = load(Path(__file__).parent / "queries.sql")
_PROGRAMS = (("YaBrowser", "Yandex Browser"), ("Edg", "Edge"), ("OPR", "Opera"), ("SamsungBrowser", "Samsung Internet"),
             ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("Chrome", "Chrome"), ("CriOS", "Chrome"),
             ("Safari", "Safari"))  # fmt: skip
"""The more special ones first: nearly every browser calls itself Chrome and Safari too."""
_SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
            ("CrOS", "ChromeOS"), ("Linux", "Linux"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Visit:
    """``ip``: '' when unknown. ``agent``: the browser's own words. ``language``: in which the visitor is spoken to."""

    ip: str
    agent: str
    language: str

    @property
    def network(self) -> str:
        """Who is braked: with IPv6 everybody has a whole /64 to come from."""
        if not self.ip:
            return ""
        address = ip_address(self.ip)
        return str(IPv6Address(int(address) >> 64 << 64)) if isinstance(address, IPv6Address) else self.ip

    @property
    def device(self) -> str:
        """Program and system, without versions: an update is no new device. '' when it says nothing we know."""
        found = (next((name for sign, name in names if re.search(rf"\b{sign}\b", self.agent)), "")
                 for names in (_PROGRAMS, _SYSTEMS))  # fmt: skip
        return ", ".join(part for part in found if part)


@dataclass(frozen=True, slots=True)
class Holder:
    """``password``: as stored; None: he signs in by links only."""

    user: UserId
    account: AccountId
    role: Role
    email: str
    confirmed: bool
    blocked: bool
    password: str | None
    language: str
    zone: str
    two_factor: bool


async def by_email(connection: Connection | Database, email: str) -> Holder | None:
    return _holder(await connection.fetchrow(SQL["by_email"], email))


async def by_id(connection: Connection | Database, user: UserId) -> Holder | None:
    return _holder(await connection.fetchrow(SQL["by_id"], user))


def _holder(row: asyncpg.Record | None) -> Holder | None:
    if row is None:
        return None
    given = dict(row)
    return Holder(UserId(given.pop("id")), AccountId(given.pop("account_id")), Role(given.pop("role")), **given)


async def note(
    connection: Connection,
    holder: Holder,
    visit: Visit,
    action: str,
    object_id: int | None = None,
    *,
    account: AccountId | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    """Write the audit log for somebody who is not signed in yet. ``object_id``, ``account``: his own unless given."""
    await audit(
        connection,
        None,
        action,
        holder.user if object_id is None else object_id,
        account=holder.account if account is None else account,
        after=after,
        user=holder.user,
        ip=visit.ip,
    )


def braked(what: str, email: str) -> str:
    """The key under which attempts on an address are counted: of bounded length, and it tells no address."""
    return f"{what}:{digest(email).hex()[:32]}"
