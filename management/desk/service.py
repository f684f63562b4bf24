"""Reads what the desk shows."""

from __future__ import annotations

from pathlib import Path

from engine.storage.database import Database
from engine.storage.queries import load
from management.access.caller import Caller
from management.desk.schemas import Manager, Money, Recent, System

_SQL = load(Path(__file__).parent / "queries.sql")


class Desk:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def projects(self, caller: Caller) -> list[Recent]:
        """The three newest."""
        return [Recent(**row) for row in await self._database.fetch(_SQL["projects"], caller.account)]

    async def money(self, caller: Caller) -> Money:
        row = await self._database.fetchrow(_SQL["money"], caller.account)
        assert row is not None
        return Money(**row)

    async def manager(self, caller: Caller) -> Manager | None:
        row = await self._database.fetchrow(_SQL["manager"], caller.user)
        if row is None:
            return None
        name = " ".join(part for part in (row["name"], row["surname"]) if part)
        return Manager(name or row["email"], row["email"], row["phone"])

    async def system(self) -> System:
        row = await self._database.fetchrow(_SQL["system"])
        assert row is not None
        return System(**row)
