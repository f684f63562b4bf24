"""The feature put together: its pages, and its services by the names that they ask for."""

from __future__ import annotations

from collections.abc import Callable

from engine.storage.database import Database
from management.access.callers import Callers
from management.staff.outbox import Outbox
from management.staff.outbox_pages import OutboxPages
from management.staff.user_pages import UserPages
from management.staff.users import Users
from management.staff.work import Work
from management.staff.work_pages import WorkPages

PAGES = (UserPages, WorkPages, OutboxPages)


def services(database: Callable[[], Database], callers: Callers, site: str) -> dict[str, object]:
    return {"users": Users(database, callers, site), "work": Work(database), "outbox": Outbox(database)}
