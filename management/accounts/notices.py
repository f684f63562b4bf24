"""The letters of this feature, each posted in the transaction of what it tells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from engine.domain.text import mark
from engine.storage.database import Connection
from management.access.secrets import digest, new_secret
from management.access.tokens import Purpose, issue
from management.accounts.holders import Holder, Visit
from management.language import texts
from management.mailing.letters import letter
from management.mailing.messages import Message, MessageKind, post

_LINKS = {
    Purpose.CONFIRM_EMAIL: ("confirm_email", "/confirm/"),
    Purpose.RECOVER: ("recover_password", "/recovery/"),
}
_UNKNOWN = mark("an unknown program")


class Notices:
    """``public_url``: what links begin with."""

    def __init__(self, public_url: str) -> None:
        self.public_url = public_url

    async def send_link(
        self,
        connection: Connection,
        purpose: Purpose,
        to: Holder,
        language: str,
        payload: dict[str, str] | None = None,
        key: str | None = None,
    ) -> None:
        """A letter with a link that serves once. ``key``: see Message."""
        name, path = _LINKS[purpose]
        secret = await issue(connection, purpose, to.user, payload)
        until = datetime.now(UTC) + timedelta(seconds=purpose.lasts_s)
        shown = texts(language).moment(until, to.zone)
        await self.send(connection, name, to, path + secret, language, key or digest(secret).hex(), until=shown)

    async def send(
        self,
        connection: Connection,
        name: str,
        to: Holder,
        path: str,
        language: str | None = None,
        key: str | None = None,
        **context: str,
    ) -> None:
        """The letter ``name``; in the holder's language unless told otherwise."""
        spoken = language or to.language
        written = letter(spoken, name, link=self.public_url + path, **context)
        await post(
            connection,
            Message(
                MessageKind.MAIL,
                to.email,
                written.text,
                spoken,
                key=f"{name}:{key or new_secret()}",
                subject=written.subject,
                html=written.html,
                account=to.account,
                user=to.user,
            ),
        )

    async def send_alarm(self, connection: Connection, name: str, to: Holder, path: str, visit: Visit) -> None:
        """A letter that tells what happened, when and from where."""
        words = texts(to.language)
        context = {"at": words.moment(datetime.now(UTC), to.zone), "ip": visit.ip or "—"}
        if name == "new_sign_in":
            context["device"] = visit.device or words.gettext(_UNKNOWN)
        await self.send(connection, name, to, path, **context)
