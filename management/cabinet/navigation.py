"""The sections of the cabinet, in the manual's order, and who sees them."""

from __future__ import annotations

from dataclasses import dataclass

from engine.domain.text import mark

CUSTOMER = "customer"
STAFF = frozenset({"support", "moderator", "finance", "admin"})
EVERYBODY = STAFF | {CUSTOMER}


@dataclass(frozen=True, slots=True)
class Item:
    """``name``: a message id. ``roles``: those that see the item; what they may do is decided elsewhere."""

    name: str
    address: str
    icon: str
    roles: frozenset[str] = EVERYBODY

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
            Item(mark("Users"), "/staff/users", "users", STAFF),
            Item(mark("Journal"), "/staff/journal", "history", STAFF),
            Item(mark("Jobs"), "/staff/jobs", "list-check", frozenset({"admin"})),
            Item(mark("Outbox"), "/staff/outbox", "mail-forward", frozenset({"support", "admin"})),
            Item(mark("System"), "/system", "activity", STAFF),
        ),
    ),
)


def navigation(role: str | None) -> tuple[Group, ...]:
    """What a caller of this role sees; nothing without a caller."""
    if role is None:
        return ()
    seen = (Group(group.name, tuple(item for item in group.items if role in item.roles)) for group in GROUPS)
    return tuple(group for group in seen if group.items)
