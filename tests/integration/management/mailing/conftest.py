"""A real SMTP server on the loopback interface, and a mailer that knows it."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import msgspec
import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from management.mailing.messages import Message, MessageKind
from management.settings import Smtp

USER, PASSWORD = "robot@example.ru", "пароль:@/%"


class Postbox:
    """What arrived, and what the server says: ``answers`` is asked with each recipient, then after each letter (None)."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.encrypted: list[bool] = []
        self.answers: Callable[[str | None], str] = lambda _: "250 OK"
        self.gate = asyncio.Event()
        self.gate.set()
        self.arrived = asyncio.Event()

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        answer = self.answers(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.answers(None)
        if answer.startswith("250"):
            assert isinstance(envelope.original_content, bytes)
            self.letters.append(message_from_bytes(envelope.original_content, policy=default))
            self.envelopes.append(envelope)
            self.encrypted.append(session.ssl is not None or _is_encrypted(server.transport))
        self.arrived.set()
        await self.gate.wait()
        return answer


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of its own authority for 127.0.0.1, with its key in one file."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate, both = folder / "key.pem", folder / "certificate.pem", folder / "both.pem"
    subprocess.run(
        [
            *"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1".split(),
            *["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
        ],
        check=True,
        capture_output=True,
    )
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    return both


@asynccontextmanager
async def smtp_server(
    postbox: Postbox, *, certificate: Path | None = None, tls: bool = False, auth: bool = False
) -> AsyncIterator[Smtp]:
    """``certificate``: offers STARTTLS, or with ``tls`` speaks TLS from the first byte on. ``auth``: needs USER's login."""
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
    servers: list[SMTP] = []

    def make() -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that passwords are asked for without TLS: on the loopback
            server = SMTP(
                postbox,
                enable_SMTPUTF8=True,
                hostname="127.0.0.1",
                tls_context=None if tls else context,
                authenticator=_login if auth else None,
                auth_required=auth,
                auth_require_tls=certificate is not None and not tls,
                loop=asyncio.get_running_loop(),
            )
        servers.append(server)
        return server

    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0, ssl=context if tls else None)
    try:
        port = server.sockets[0].getsockname()[1]
        login = (USER, PASSWORD) if auth else ("", "")
        yield Smtp("127.0.0.1", port, tls, *login, authorities=certificate)
    finally:
        server.close()
        for each in servers:
            if each.transport is not None:
                each.transport.close()
        await server.wait_closed()


def _login(_: SMTP, __: Session, ___: Envelope, mechanism: str, data: object) -> AuthResult:
    assert mechanism in ("LOGIN", "PLAIN") and isinstance(data, LoginPassword)
    good = (data.login.decode(), data.password.decode()) == (USER, PASSWORD)
    return AuthResult(success=good, handled=False)


def _is_encrypted(transport: asyncio.BaseTransport | None) -> bool:
    return transport is not None and transport.get_extra_info("ssl_object") is not None


def mail(key: str = "key", **changes: object) -> Message:
    letter = Message(
        kind=MessageKind.MAIL,
        to="anna@example.org",
        text="Здравствуйте!\n",
        html="<p>Здравствуйте!</p>",
        language="ru",
        key=key,
        subject="Подтвердите адрес",
    )
    return msgspec.structs.replace(letter, **changes)
