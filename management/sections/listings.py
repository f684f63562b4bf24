"""Columns and orders of the sections' lists."""

from __future__ import annotations

from engine.domain.text import mark
from management.cabinet.lists import Listing
from management.cabinet.tables import Column, Kind
from management.paging import Sort

_NEWEST = Sort("created_at", descending=True)
_NUMBER = Column("id", mark("ID"), Kind.NUMBER)
_CREATED = Column("created_at", mark("Created"), Kind.MOMENT, sortable=True)
_NAME = Column("name", mark("Name"), sortable=True)

CAMPAIGNS = Listing(
    "campaigns",
    mark("Campaigns"),
    (
        _NUMBER,
        _CREATED,
        _NAME,
        Column("state", mark("Status")),
        Column("progress", mark("Progress")),
        Column("per_hour", mark("Calls per hour"), Kind.NUMBER),
        Column("leads", mark("Goals"), Kind.NUMBER),
        Column("lead_price", mark("Price of a goal"), Kind.MONEY),
        Column("spent", mark("Spent"), Kind.MONEY),
    ),
    _NEWEST,
)
CALLS = Listing(
    "calls",
    mark("Calls"),
    (
        Column("ended_at", mark("Date"), Kind.MOMENT, sortable=True),
        Column("phone", mark("Phone number"), Kind.PHONE),
        Column("campaign_name", mark("Campaign")),
        Column("duration", mark("Duration, s"), Kind.NUMBER),
        Column("status", mark("Status")),
        Column("result", mark("Result")),
        Column("cost", mark("Cost"), Kind.MONEY),
        Column("id", mark("ID")),
    ),
    Sort("ended_at", descending=True),
)
SEGMENTS = Listing(
    "segments",
    mark("Segments"),
    (_NUMBER, _CREATED, _NAME, Column("count", mark("Contacts"), Kind.NUMBER)),
    _NEWEST,
)
SCENARIOS = Listing(
    "scenarios",
    mark("Scenarios"),
    (_NUMBER, _CREATED, _NAME, Column("count", mark("Campaigns"), Kind.NUMBER)),
    _NEWEST,
)
NUMBERS = Listing(
    "numbers",
    mark("Active numbers"),
    (
        _NUMBER,
        Column("phone", mark("Phone number"), Kind.PHONE, sortable=True),
        Column("campaigns", mark("Campaigns"), Kind.NUMBER),
    ),
    Sort("phone"),
)
_MOVEMENT = (
    _NUMBER,
    Column("created_at", mark("Date"), Kind.MOMENT, sortable=True),
    Column("comment", mark("Comment")),
    Column("amount", mark("Amount"), Kind.MONEY),
)
TRANSACTIONS = Listing("transactions", mark("Transactions"), _MOVEMENT, _NEWEST)
TOP_UPS = Listing("top-ups", mark("Top-ups"), (*_MOVEMENT, Column("status", mark("Status"))), _NEWEST)
