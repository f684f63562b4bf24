"""Reads the audit log; changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import asyncpg
import msgspec

from engine.storage.database import Database
from engine.storage.queries import load
from management.access.caller import Caller, Role
from management.filters import bounds, like
from management.journal.schemas import Action, Change, Changes, Entry, Party, Wish
from management.paging import Found, Wanted, fetch_page

_SQL = load(Path(__file__).parent / "queries.sql")
_KEYS = {"at": "id"}
"""Ids are given in the order of writing."""
_SHARED = frozenset({"project", "field", "tag", "member"})
"""What others than the staff do to an account's data: objects of their actions."""


class Journal:
    def __init__(self, database: Callable[[], Database]) -> None:
        self._database = database

    async def all(self, wanted: Wanted, wish: Wish) -> Found[Entry]:
        """Everybody's: for the staff."""
        args = (like(wish.who), wish.user, wish.action, wish.account, *bounds(wish.period, wish.zone))
        found = await fetch_page(self._database(), _SQL["all"], args, wanted, _KEYS)
        return found.map(lambda row: entry(row, row["email"] or Party.SYSTEM, row["ip"]))

    async def own(self, caller: Caller, wanted: Wanted, wish: Wish) -> Found[Entry]:
        """What was done to the caller's data and what he did himself. Who of the staff it was, and from where others came, is not
        told."""
        args = (caller.account, caller.user, wish.action, *bounds(wish.period, wish.zone))
        found = await fetch_page(self._database(), _SQL["own"], args, wanted, _KEYS)
        return found.map(lambda row: _told(row, caller))


def _told(row: asyncpg.Record, caller: Caller) -> Entry:
    if row["user"] == caller.user:
        return entry(row, caller.email, row["ip"])
    if row["user"] is None:
        return entry(row, Party.SYSTEM, None)
    return entry(row, row["email"] if _known(row, caller) else Party.STAFF, None)


def _known(row: asyncpg.Record, caller: Caller) -> bool:
    """Whether who did it is somebody whom the caller let in. His role alone does not tell: it is that of today, and an employee of
    then may have left."""
    of_theirs = row["home"] == caller.account or row["action"].partition(".")[0] in _SHARED
    return of_theirs and not Role(row["role"]).staff


def entry(row: asyncpg.Record, who: str | Party, ip: str | None) -> Entry:
    return Entry(
        id=row["id"],
        at=row["at"],
        who=who,
        user=row["user"],
        by_key=row["key"] is not None,
        action=Action(row["action"]),
        object_id=row["object_id"],
        account=row["account"],
        ip=ip,
        changes=changes(row["before"], row["after"]),
    )


def changes(before: Mapping[str, object], after: Mapping[str, object]) -> Changes:
    """In the order in which they were written."""
    names = dict.fromkeys([*before, *after])
    return Changes([Change(name, _text(before, name), _text(after, name)) for name in names])


def _text(values: Mapping[str, object], name: str) -> str | None:
    value = values.get(name)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return msgspec.json.encode(value).decode()
