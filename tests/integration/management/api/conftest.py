"""A customer with something in every list, and the application served to clients that block."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.storage.database import Database
from management.app import create_app
from management.settings import Settings
from tests.support.people import People
from tests.support.rows import Rows, project_with
from tests.support.serving import serving


@dataclass(frozen=True, slots=True)
class Customer:
    key: str
    address: str
    rows: Rows

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


@pytest.fixture
async def customer(dsn: str, database: Database, people: People, tmp_path: Path) -> AsyncIterator[Customer]:
    person = await people.person(name="Анна")
    rows = await project_with(database, person.account, 3)
    app = create_app(Settings(dsn, pool=2, media=tmp_path, api_per_minute=1_000_000))
    with serving(app) as address:
        yield Customer(await people.key(person), address, rows)
