"""Letters that strangers ask for by naming an address."""

from __future__ import annotations

import msgspec

from engine.storage.database import Database
from management.access.tokens import Purpose
from management.accounts.holders import SQL, by_email
from management.accounts.notices import Notices
from management.jobs.handling import Job
from management.jobs.queue import Kind
from management.language import LANGUAGES


class LetterTo(msgspec.Struct, frozen=True):
    """``purpose``: confirm_email or recover. ``language``: of the page where it was asked for."""

    purpose: str
    email: str
    language: str


LETTER_TO = Kind("accounts.letter", LetterTo)


class LetterWriter:
    """Unknown and blocked addresses get nothing."""

    def __init__(self, database: Database, notices: Notices) -> None:
        self._database = database
        self._notices = notices

    async def __call__(self, job: Job, asked: LetterTo) -> None:
        purpose, key = Purpose(asked.purpose), f"job-{job.id}"
        language = asked.language if asked.language in LANGUAGES else None
        async with self._database.transaction() as connection:
            holder = await by_email(connection, asked.email)
            if holder is None or holder.blocked:
                return
            spoken = language or holder.language
            if purpose is Purpose.CONFIRM_EMAIL and holder.confirmed:
                await self._notices.send(connection, "already_registered", holder, "/login", spoken, key)
                return
            name = "confirm_email" if purpose is Purpose.CONFIRM_EMAIL else "recover_password"
            # A second run must not make the link of the first letter worthless.
            if await connection.fetchval(SQL["posted"], f"{name}:{key}"):
                return
            former = await connection.fetchval(SQL["last_payload"], holder.user, purpose.value) or {}
            await self._notices.send_link(connection, purpose, holder, spoken, former, key)
