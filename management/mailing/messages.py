"""Messages: posting them, and looking at them in the outbox."""

from __future__ import annotations

import re
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from enum import StrEnum
from pathlib import Path
from typing import NewType
from uuid import UUID

import asyncpg
import msgspec

from engine.domain.errors import BadInput
from engine.domain.ids import AccountId
from engine.domain.text import mark
from engine.storage.database import Connection, Database
from engine.storage.queries import load
from management.jobs.queue import Kind, enqueue

MessageId = NewType("MessageId", UUID)
_SQL = load(Path(__file__).parent / "queries.sql")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
LONGEST_ADDRESS = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets


class MessageKind(StrEnum):
    MAIL = "mail"
    SMS = "sms"


class MessageState(StrEnum):
    """``local``: there was no way to send it; it is shown in the outbox."""

    QUEUED = "queued"
    SENT = "sent"
    LOCAL = "local"
    FAILED = "failed"


class Message(msgspec.Struct, frozen=True):
    """``key``: of two messages with the same key only the first exists. ``to``: an e-mail address or E.164."""

    kind: MessageKind
    to: str
    text: str
    language: str
    key: str
    subject: str = ""
    html: str = ""
    account: AccountId | None = None
    user: int | None = None


class StoredMessage(msgspec.Struct, frozen=True):
    """A row of ``messages``. ``text`` and ``html`` are empty once it is sent; ``error``: the server's last words."""

    id: MessageId
    key: str
    kind: MessageKind
    account_id: AccountId | None
    user_id: int | None
    recipient: str
    subject: str
    text: str
    html: str
    language: str
    state: MessageState
    attempts: int
    error: str
    created_at: datetime
    sent_at: datetime | None


class SendMessage(msgspec.Struct, frozen=True):
    """The payload of a message's job."""

    message: UUID


SEND = Kind("mailing.send", SendMessage)


async def post(connection: Connection, message: Message) -> MessageId | None:
    """Write the message and its job in the caller's transaction; None when there is one with this key.

    Raises BadInput for an address or subject that no mail may carry.
    """
    _check(message)
    found: MessageId | None = await connection.fetchval(
        _SQL["post"],
        message.key,
        message.kind,
        message.account,
        message.user,
        message.to,
        message.subject,
        message.text,
        message.html,
        message.language,
    )
    if found is not None:
        await enqueue(connection, SEND, SendMessage(found), key=f"message:{found}")
    return found


async def send_again(database: Database, message: MessageId) -> bool:
    """One that failed or stayed in the outbox, for instance since a mail server is set now. False for any other."""
    async with database.transaction() as connection:
        if await connection.fetchval(_SQL["again"], message) is None:
            return False
        await enqueue(connection, SEND, SendMessage(message), key=f"message:{message}")
        return True


async def list_messages(
    database: Database,
    account: AccountId | None,
    *,
    state: MessageState | None = None,
    before: StoredMessage | None = None,
    limit: int = 50,
) -> list[StoredMessage]:
    """The newest first. ``account`` None: everybody's, which only the staff may see. ``before``: older than this one."""
    at, last = (None, None) if before is None else (before.created_at, before.id)
    return [stored(row) for row in await database.fetch(_SQL["list"], account, state, at, last, limit)]


async def get_message(database: Database, message: MessageId, account: AccountId | None) -> StoredMessage | None:
    row = await database.fetchrow(_SQL["get"], message, account)
    return None if row is None else stored(row)


def stored(row: asyncpg.Record) -> StoredMessage:
    return StoredMessage(**{**dict(row), "kind": MessageKind(row["kind"]), "state": MessageState(row["state"])})


def _check(message: Message) -> None:
    if message.kind is MessageKind.SMS:
        if not _E164.fullmatch(message.to):
            raise BadInput("message_phone", mark("Not a phone number: {phone}"), phone=message.to)
        return
    if _CONTROL.search(message.subject):
        raise BadInput("message_subject", mark("A subject is one line"))
    if not is_address(message.to):
        raise BadInput("message_address", mark("Not an e-mail address: {address}"), address=message.to)


def is_address(text: str) -> bool:
    """One plain address, without a name and without anything that could begin another header."""
    if len(text) > LONGEST_ADDRESS or _CONTROL.search(text) or text != text.strip():
        return False
    try:
        parsed = Address(addr_spec=text)
    except (ValueError, IndexError, HeaderParseError):
        return False
    return bool(parsed.username and parsed.domain) and parsed.addr_spec == text
