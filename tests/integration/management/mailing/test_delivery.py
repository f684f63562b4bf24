"""Letters through a real SMTP server, once each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.domain.errors import BadInput
from engine.storage.database import Database
from management.jobs import dead
from management.jobs.handling import MOST_TRIES, register
from management.mailing.delivery import Deliverer, Mailer, Refusal
from management.mailing.messages import (
    SEND,
    Message,
    MessageKind,
    MessageState,
    StoredMessage,
    get_message,
    list_messages,
    post,
    send_again,
)
from management.settings import Smtp
from tests.integration.management.jobs.conftest import Bench
from tests.integration.management.mailing.conftest import PASSWORD, USER, Postbox, mail, smtp_server

pytestmark = pytest.mark.integration
SENDER = "Дозвон <robot@example.ru>"


@pytest.fixture
def bench(dsn: str, database: Database) -> Bench:
    return Bench(dsn, database)


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@asynccontextmanager
async def _sending(bench: Bench, smtp: Smtp | None) -> AsyncIterator[None]:
    mailer = None if smtp is None else Mailer(smtp, SENDER)
    async with bench.worker(register(SEND, Deliverer(bench.database, mailer, None))):
        yield


async def _post(database: Database, message: Message) -> None:
    async with database.transaction() as connection:
        await post(connection, message)


async def _only(database: Database) -> StoredMessage:
    (found,) = await list_messages(database, None)
    return found


async def test_a_letter_arrives_whole_and_its_text_is_forgotten(bench: Bench, postbox: Postbox) -> None:
    async with smtp_server(postbox) as smtp, _sending(bench, smtp):
        await _post(bench.database, mail())
        await bench.empty()
    (letter,) = postbox.letters
    stored = await _only(bench.database)
    assert letter["From"] == SENDER
    assert letter["To"] == "anna@example.org"
    assert letter["Subject"] == "Подтвердите адрес"
    assert letter["Message-ID"] == f"<{stored.id}@example.ru>"
    assert letter["Auto-Submitted"] == "auto-generated"
    text, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert text is not None and html is not None
    assert (text.get_content().strip(), html.get_content().strip()) == ("Здравствуйте!", "<p>Здравствуйте!</p>")
    assert (stored.state, stored.attempts, stored.text, stored.html, stored.error) == ("sent", 1, "", "", "")
    assert stored.sent_at is not None
    assert not await send_again(bench.database, stored.id)


@pytest.mark.parametrize("tls", [False, True], ids=["starttls", "smtps"])
async def test_encrypted_and_with_a_password(bench: Bench, postbox: Postbox, certificate: Path, tls: bool) -> None:
    async with smtp_server(postbox, certificate=certificate, tls=tls, auth=True) as smtp, _sending(bench, smtp):
        await _post(bench.database, mail())
        await bench.empty()
    assert postbox.encrypted == [True]
    assert (await _only(bench.database)).state == "sent"


async def test_no_letter_to_a_server_whose_certificate_is_not_trusted(
    bench: Bench, postbox: Postbox, certificate: Path
) -> None:
    async with smtp_server(postbox, certificate=certificate, tls=True, auth=True) as smtp:
        stranger = Smtp(smtp.host, smtp.port, True, USER, PASSWORD)
        async with _sending(bench, stranger):
            await _post(bench.database, mail())
            await bench.failed(1)
    assert postbox.letters == []
    assert "certificate" in (await _only(bench.database)).error.lower()


async def test_a_wrong_password_is_not_the_letter_s_fault(bench: Bench, postbox: Postbox) -> None:
    async with smtp_server(postbox, auth=True) as smtp:
        async with _sending(bench, Smtp(smtp.host, smtp.port, False, USER, "wrong")):
            await _post(bench.database, mail())
            await bench.failed(1)
            assert (await _only(bench.database)).state == "queued"
        async with _sending(bench, smtp):
            await bench.due(1)
            await bench.empty()
    assert len(postbox.letters) == 1


async def test_greylisted_at_first(bench: Bench, postbox: Postbox) -> None:
    answers = iter(["450 4.2.0 Greylisted, try again", "250 OK", "250 OK"])
    postbox.answers = lambda _: next(answers)
    async with smtp_server(postbox) as smtp, _sending(bench, smtp):
        await _post(bench.database, mail())
        await bench.failed(1)
        tried = await _only(bench.database)
        assert (tried.state, tried.error) == ("queued", "450 4.2.0 Greylisted, try again")
        assert tried.text != ""
        await bench.due(1)
        await bench.empty()
    sent = await _only(bench.database)
    assert (sent.state, sent.attempts, sent.error, len(postbox.letters)) == ("sent", 2, "", 1)


@pytest.mark.parametrize("at_end", [False, True], ids=["recipient", "data"])
async def test_refused_for_ever_with_the_server_s_words(bench: Bench, postbox: Postbox, at_end: bool) -> None:
    postbox.answers = lambda to: "250 OK" if at_end and to else "550 5.1.1 No such user here"
    async with smtp_server(postbox) as smtp, _sending(bench, smtp):
        await _post(bench.database, mail())
        await bench.empty()
    failed = await _only(bench.database)
    assert (failed.state, failed.attempts) == ("failed", 1)
    assert failed.error == "550 5.1.1 No such user here"
    assert await dead.count_dead(bench.database) == 0


async def test_a_server_that_stays_away_fails_the_letter_which_the_staff_can_send_later(
    bench: Bench, postbox: Postbox
) -> None:
    async with smtp_server(postbox) as smtp:
        pass
    async with _sending(bench, smtp):
        await _post(bench.database, mail())
        for attempt in range(1, MOST_TRIES):
            await bench.due(attempt)
        await bench.empty()
    failed = await _only(bench.database)
    assert (failed.state, failed.attempts, await dead.count_dead(bench.database)) == ("failed", MOST_TRIES, 1)
    async with smtp_server(postbox) as smtp, _sending(bench, smtp):
        (job,) = await dead.list_dead(bench.database)
        assert await dead.retry(bench.database, job.id)
        await bench.empty()
    assert ((await _only(bench.database)).state, len(postbox.letters)) == ("sent", 1)


@pytest.mark.parametrize("kind", list(MessageKind))
async def test_without_a_way_to_send_it_stays_in_the_outbox(bench: Bench, postbox: Postbox, kind: MessageKind) -> None:
    to = "anna@example.org" if kind is MessageKind.MAIL else "+79001234567"
    async with _sending(bench, None):
        await _post(bench.database, mail(kind=kind, to=to))
        await bench.empty()
    kept = await _only(bench.database)
    assert (kept.state, kept.text) == (MessageState.LOCAL, "Здравствуйте!\n")
    if kind is MessageKind.MAIL:  # a server is set up later
        async with smtp_server(postbox) as smtp, _sending(bench, smtp):
            assert await send_again(bench.database, kept.id)
            await bench.empty()
        assert len(postbox.letters) == 1


async def test_one_key_is_one_message_for_ever(bench: Bench, postbox: Postbox) -> None:
    async with smtp_server(postbox) as smtp, _sending(bench, smtp):
        for _ in range(2):
            await _post(bench.database, mail("same"))
            await bench.empty()
    assert len(postbox.letters) == 1


async def test_a_message_of_an_undone_transaction_is_not_sent(bench: Bench, postbox: Postbox) -> None:
    async with smtp_server(postbox) as smtp, _sending(bench, smtp):
        with pytest.raises(RuntimeError):
            async with bench.database.transaction() as connection:
                await post(connection, mail("undone"))
                raise RuntimeError
        await _post(bench.database, mail("done"))
        await bench.empty()
    assert [message.key for message in await list_messages(bench.database, None)] == ["done"]
    assert len(postbox.letters) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "anna@example.org\r\nBcc: all@example.org"},
        {"to": "anna@example.org, boris@example.org"},
        {"to": "Anna <anna@example.org>"},
        {"to": "anna"},
        {"to": ""},
        {"to": "a" * 250 + "@x.ru"},
        {"subject": "Hello\nBcc: all@example.org"},
        {"subject": "Hello\u2028there"},
        {"kind": MessageKind.SMS, "to": "+7900\n1234567"},
        {"kind": MessageKind.SMS, "to": "89001234567"},
    ],
)
async def test_no_header_can_be_smuggled_in(database: Database, changes: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        await _post(database, mail(**changes))
    assert await list_messages(database, None) == []


async def test_the_outbox_is_the_account_s_own(database: Database) -> None:
    for name in ("one", "two"):
        account = await database.fetchval("insert into accounts (name) values ($1) returning id", name)
        await _post(database, mail(name, account=account))
    await _post(database, mail("nobody's"))
    everything = await list_messages(database, None)
    assert [message.key for message in everything] == ["nobody's", "two", "one"]
    one = everything[2]
    assert one.account_id is not None
    assert [message.key for message in await list_messages(database, one.account_id)] == ["one"]
    assert await get_message(database, everything[1].id, one.account_id) is None
    assert await get_message(database, one.id, one.account_id) == one
    assert [m.key for m in await list_messages(database, None, before=everything[0], limit=1)] == ["two"]
    assert await list_messages(database, None, state=MessageState.SENT) == []


async def test_refusal_and_delay_are_told_apart_by_the_mailer(postbox: Postbox, database: Database) -> None:
    await _post(database, mail())
    postbox.answers = lambda _: "552 5.2.2 Mailbox full"
    async with smtp_server(postbox) as smtp:
        with pytest.raises(Refusal, match="552"):
            await Mailer(smtp, SENDER).send(await _only(database))
