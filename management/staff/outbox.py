"""Messages as the staff see them. Their texts may hold links that sign somebody in: who opens one is written down."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from engine.domain.text import mark
from engine.storage.database import Database
from engine.storage.queries import load
from management.access.audit import audit
from management.access.caller import Caller
from management.database import Joined
from management.errors import Conflict, NotFound
from management.filters import like
from management.mailing.messages import (
    MessageId,
    MessageKind,
    MessageState,
    StoredMessage,
    get_message,
    send_again,
)
from management.paging import Found, Wanted, fetch_page
from management.staff.schemas import MessageRow

_SQL = load(Path(__file__).parent / "queries.sql")
_KEYS = {"created_at": "created_at"}
_CASTS = ("timestamptz", "uuid")
_LINK = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True, slots=True)
class Part:
    """Of a text: a link, or what stands between links."""

    text: str
    link: bool = False


def parts(text: str) -> Sequence[Part]:
    """All of ``text``, with its links told apart. A full stop or comma after a link is not part of it."""
    found, end = [], 0
    for match in _LINK.finditer(text):
        address = match[0].rstrip(".,;:!?)")
        found += [Part(text[end : match.start()]), Part(address, link=True)]
        end = match.start() + len(address)
    return [part for part in (*found, Part(text[end:])) if part.text]


class Outbox:
    def __init__(self, database: Callable[[], Database]) -> None:
        self._database = database

    async def list(
        self, wanted: Wanted, who: str, kind: MessageKind | None, state: MessageState | None
    ) -> Found[MessageRow]:
        """``who``: a part of the recipient."""
        args = (like(who), kind.value if kind else "", state.value if state else "")
        found = await fetch_page(self._database(), _SQL["messages"], args, wanted, _KEYS, _CASTS)
        return found.map(lambda row: MessageRow(**{**row, "id": str(row["id"])}))

    async def open(self, caller: Caller, message: UUID) -> StoredMessage:
        """With its text, if it still has one; the journal of whom it concerns tells who has read it."""
        async with self._database().transaction() as connection:
            it = await get_message(Joined(connection), MessageId(message), None)
            if it is None:
                raise NotFound
            if it.text and it.user_id != caller.user:
                after = {"recipient": it.recipient, "kind": it.kind.value}
                await audit(connection, caller, "message.opened", it.id, account=it.account_id, after=after)
            return it

    async def send_again(self, caller: Caller, message: UUID) -> None:
        """Raises Conflict when it has been sent, or waits to be."""
        async with self._database().transaction() as connection:
            it = await get_message(Joined(connection), MessageId(message), None)
            if it is None:
                raise NotFound
            if not await send_again(Joined(connection), it.id):
                raise Conflict("message_state", mark("It is sent, or on its way"))
            after = {"recipient": it.recipient, "kind": it.kind.value}
            await audit(connection, caller, "message.sent_again", it.id, account=it.account_id, after=after)
