"""The sections of the cabinet, in the manual's order, and who sees them."""

from __future__ import annotations

from dataclasses import dataclass

from engine.domain.text import mark
from management.access.caller import Caller, Right


@dataclass(frozen=True, slots=True)
class Item:
    """``name``: a message id. ``right``: what one needs to see the item; None: everybody sees it."""

    name: str
    address: str
    icon: str
    right: Right | None = None

    def holds(self, path: str) -> bool:
        """Is ``path`` a page of this section?"""
        return path == self.address or (self.address != "/" and path.startswith(self.address + "/"))


@dataclass(frozen=True, slots=True)
class Group:
    """``name``: a message id; empty for the first group, which needs no heading."""

    name: str
    items: tuple[Item, ...]


GROUPS = (
    Group(
        "",
        (
            Item(mark("Desk"), "/", "layout-dashboard"),
            Item(mark("Projects"), "/projects", "folders"),
        ),
    ),
    Group(
        mark("Project"),
        (
            Item(mark("Statistics"), "/statistics", "chart-bar"),
            Item(mark("Campaigns"), "/campaigns", "speakerphone"),
            Item(mark("Segments"), "/segments", "users-group"),
            Item(mark("Materials"), "/materials", "file-music"),
            Item(mark("Scenarios"), "/scenarios", "sitemap"),
            Item(mark("Call details"), "/calls", "list-details"),
            Item(mark("Tracker"), "/tracker", "link"),
            Item(mark("Settings"), "/settings", "settings"),
        ),
    ),
    Group(
        mark("Account"),
        (
            Item(mark("Telephony"), "/telephony", "phone"),
            Item(mark("Finance"), "/finance", "wallet"),
            Item(mark("Support"), "/support", "lifebuoy"),
        ),
    ),
    Group(
        mark("Staff"),
        (
            Item(mark("System"), "/system", "activity", Right.SEE_SYSTEM),
            Item(mark("Users"), "/staff/users", "users", Right.SEE_USERS),
            Item(mark("Journal"), "/staff/journal", "history", Right.SEE_JOURNAL),
            Item(mark("Background jobs"), "/staff/jobs", "server", Right.SEE_JOBS),
            Item(mark("Outbox"), "/staff/outbox", "mail-forward", Right.SEE_OUTBOX),
        ),
    ),
)


def navigation(caller: Caller | None) -> tuple[Group, ...]:
    """What this caller sees; nothing without a caller."""
    if caller is None:
        return ()
    seen = (
        Group(group.name, tuple(item for item in group.items if item.right is None or caller.may(item.right)))
        for group in GROUPS
    )
    return tuple(group for group in seen if group.items)
