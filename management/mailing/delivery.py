"""The worker's part: sending a message, once."""

from __future__ import annotations

import asyncio
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol

import aiosmtplib
import structlog

from engine.domain.errors import Unavailable
from engine.domain.text import mark
from engine.storage.database import Database
from engine.storage.queries import load
from management.jobs.handling import Job
from management.mailing.messages import MessageKind, SendMessage, StoredMessage, stored
from management.settings import Smtp

log = structlog.get_logger("mailing")
_SQL = load(Path(__file__).parent / "queries.sql")
TIMEOUT_S = 20.0
"""For each answer of the mail server."""
LONGEST_ERROR = 500


class Refusal(Exception):
    """The far end will never take this message; ``str()`` gives its words."""


class SmsGateway(Protocol):
    """Sends short messages. Without one they stay in the outbox."""

    async def send(self, to: str, text: str, reference: str) -> None:
        """``reference`` tells a repeat. Raises Refusal when it will never be taken, Unavailable when it may be later."""


class Mailer:
    """Sends mail through one server, a connection for each letter: they are few, and a worker may end at any time."""

    def __init__(self, smtp: Smtp, sender: str) -> None:
        """``sender``: an address, with or without a name. Raises OSError when the authorities cannot be read."""
        self._smtp = smtp
        self._sender = sender
        authorities = None if smtp.authorities is None else str(smtp.authorities)
        self._tls = ssl.create_default_context(cafile=authorities)

    async def send(self, message: StoredMessage) -> None:
        """Raises Refusal (5xx), Unavailable (4xx, no connection, no encryption where it is needed)."""
        smtp = self._smtp
        try:
            await aiosmtplib.send(
                compose(message, self._sender),
                hostname=smtp.host,
                port=smtp.port,
                username=smtp.user or None,
                password=smtp.password or None,
                use_tls=smtp.tls,
                start_tls=self._start_tls(),
                tls_context=self._tls,
                local_hostname=parseaddr(self._sender)[1].rpartition("@")[2],
                timeout=TIMEOUT_S,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            refused = error.recipients[0]
            raise _judged(refused.code, refused.message) from error
        except aiosmtplib.SMTPAuthenticationError as error:
            # Our password is wrong, which says nothing about the letter: it can be sent when that is put right.
            raise _later(f"{error.code} {error.message}") from error
        except aiosmtplib.SMTPResponseException as error:
            raise _judged(error.code, error.message) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _later(str(error) or type(error).__name__) from error

    def _start_tls(self) -> bool | None:
        """None: where the server offers it."""
        if self._smtp.tls:
            return False
        return True if self._smtp.user and not _is_loopback(self._smtp.host) else None


class Deliverer:
    """The handler of ``messages.SEND``."""

    def __init__(self, database: Database, mailer: Mailer | None, gateway: SmsGateway | None) -> None:
        self._database = database
        self._mailer = mailer
        self._gateway = gateway

    async def __call__(self, job: Job, payload: SendMessage) -> None:
        row = await self._database.fetchrow(_SQL["take"], payload.message)
        if row is None:
            return
        message = stored(row)
        try:
            sent = await self._send(message)
        except Refusal as error:
            log.warning("message_refused", message=str(message.id), kind=message.kind)
            await self._lastingly("failed", message, str(error)[:LONGEST_ERROR])
            return
        except Unavailable as error:
            await self._database.execute(
                _SQL["failed" if job.last else "tried"], message.id, str(error.params["error"])[:LONGEST_ERROR]
            )
            raise
        await self._lastingly("sent" if sent else "local", message)
        log.info("message_sent" if sent else "message_kept", message=str(message.id), kind=message.kind)

    async def _send(self, message: StoredMessage) -> bool:
        """False when there is no way to send it."""
        if message.kind is MessageKind.MAIL and self._mailer is not None:
            await self._mailer.send(message)
            return True
        if message.kind is MessageKind.SMS and self._gateway is not None:
            await self._gateway.send(message.recipient, message.text, str(message.id))
            return True
        return False

    async def _lastingly(self, statement: str, message: StoredMessage, *args: object) -> None:
        """The far end has answered: that must be written, or the message goes out twice. Tried until the database is back."""
        delay = 0.1
        while True:
            try:
                await self._database.execute(_SQL[statement], message.id, *args)
                return
            except Unavailable as error:
                log.warning("answer_not_written", message=str(message.id), error=str(error))
            await asyncio.sleep(delay)
            delay = min(delay * 2, 5.0)


def compose(message: StoredMessage, sender: str) -> EmailMessage:
    """The letter. Its Message-ID is made of the message's id: a repeat after a crash is recognised by mail programs.

    Headers are set through ``EmailMessage``, which refuses line breaks in them.
    """
    name, address = parseaddr(sender)
    letter = EmailMessage(policy=SMTP_POLICY)
    letter["From"] = Address(name, addr_spec=address)
    letter["To"] = Address(addr_spec=message.recipient)
    letter["Subject"] = message.subject
    letter["Date"] = format_datetime(message.created_at)
    letter["Message-ID"] = f"<{message.id}@{address.rpartition('@')[2]}>"
    letter["Content-Language"] = message.language
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    letter.set_content(message.text)
    if message.html:
        letter.add_alternative(message.html, subtype="html")
    return letter


def _judged(code: int, words: str) -> Exception:
    """RFC 5321, 4.2.1: 5yz is for ever, 4yz may pass."""
    text = f"{code} {words}"
    return Refusal(text) if 500 <= code <= 599 else _later(text)


def _later(error: str) -> Unavailable:
    return Unavailable("mail_server", mark("The mail server does not take the letter: {error}"), error=error)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
