"""Columns and orders of the staff's lists."""

from __future__ import annotations

from engine.domain.text import mark
from management.cabinet.lists import Listing
from management.cabinet.tables import Column, Kind
from management.paging import Sort

USERS = Listing(
    "users",
    mark("Users"),
    (
        Column("id", mark("ID"), Kind.NUMBER),
        Column("created_at", mark("Created"), Kind.MOMENT, sortable=True),
        Column("email", mark("E-mail"), sortable=True),
        Column("name", mark("Full name")),
        Column("role", mark("Role")),
        Column("state", mark("Status")),
        Column("seen_at", mark("Last seen"), Kind.MOMENT),
    ),
    Sort("created_at", descending=True),
)
JOBS = Listing(
    "jobs",
    mark("Background jobs"),
    (
        Column("id", mark("ID"), Kind.NUMBER),
        Column("created", mark("Created"), Kind.MOMENT, sortable=True),
        Column("kind", mark("Kind")),
        Column("state", mark("Status")),
        Column("due", mark("Not before"), Kind.MOMENT),
        Column("attempts", mark("Tries"), Kind.NUMBER),
        Column("error", mark("Last error")),
        Column("actions", mark("Actions"), Kind.ACTIONS),
    ),
    Sort("created", descending=True),
)
MESSAGES = Listing(
    "outbox",
    mark("Outbox"),
    (
        Column("created_at", mark("Created"), Kind.MOMENT, sortable=True),
        Column("kind", mark("Kind")),
        Column("recipient", mark("Recipient")),
        Column("subject", mark("Subject")),
        Column("state", mark("Status")),
        Column("attempts", mark("Tries"), Kind.NUMBER),
        Column("error", mark("Last error")),
    ),
    Sort("created_at", descending=True),
)
