"""The letter to whom a project was shared with."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

import asyncpg

from engine.domain.text import mark
from engine.storage.database import Connection
from management.access.caller import Caller
from management.language import texts
from management.mailing.letters import letter
from management.mailing.messages import Message, MessageKind, post
from management.projects.schemas import Share, SharedRight

RIGHTS = {
    SharedRight.VIEW: mark("look at it"),
    SharedRight.RUN: mark("look at it, start and stop its campaigns"),
    SharedRight.EDIT: mark("look at it, start and stop its campaigns, change it"),
}
"""As the letter says what one may do."""


async def tell(
    connection: Connection,
    site: str,
    caller: Caller,
    project: asyncpg.Record,
    share: Share,
    user: asyncpg.Record | None,
    at: datetime,
) -> None:
    """In the transaction of the sharing. ``user``: who has that address, in whose language it is written; None: nobody, who gets
    an invitation in the sender's language. ``at``: of the sharing, so that a second one is told too, but none twice.

    ``share.email`` is a checked address.
    """
    language = user["language"] if user is not None else caller.language
    link = f"/projects/{project['id']}" if user is not None else f"/registration?{urlencode({'email': share.email})}"
    written = letter(
        language,
        "shared" if user is not None else "invitation",
        who=caller.name,
        project=project["name"],
        right=texts(language).gettext(RIGHTS[share.right]),
        email=share.email,
        link=site + link,
    )
    message = Message(
        MessageKind.MAIL,
        share.email,
        written.text,
        language,
        key=f"shared:{project['id']}:{share.email}:{at.isoformat()}",
        subject=written.subject,
        html=written.html,
        account=caller.account,
        user=caller.user,
    )
    await post(connection, message)
