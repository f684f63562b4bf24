"""``/staff/outbox``."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream, Template

from engine.domain.text import mark
from management import filters
from management.access.caller import Caller, Right
from management.access.identity import staff
from management.cabinet.forms import Form
from management.cabinet.lists import shown
from management.cabinet.pages import Frame, moved, page
from management.cabinet.toasts import Toast, Tone
from management.errors import Conflict, NotFound, told
from management.mailing.messages import MessageKind, MessageState
from management.settings import Settings
from management.staff.listings import MESSAGES
from management.staff.outbox import Outbox, parts
from management.staff.schemas import MESSAGE_KINDS, MESSAGE_STATES

Asked = Request[Any, Any, Any]
Shell = NamedDependency[Frame]
Messages = NamedDependency[Outbox]
HOME = "/staff/outbox"
_LETTER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
"""Letters bring their own styles, as mail programs need it. In a sandbox without scripts they can do nothing with that."""


class OutboxPages(Controller):
    path = HOME
    guards = (staff(Right.SEE_OUTBOX),)
    include_in_schema = False

    @get("/")
    async def all(
        self, request: Asked, frame: Shell, outbox: Messages, settings: NamedDependency[Settings]
    ) -> Template | Stream:
        query = request.query_params
        kind, state = filters.choice(query, "kind", MessageKind), filters.choice(query, "state", MessageState)
        who = filters.text(query, "who")
        t = await shown(MESSAGES, frame, request, lambda wanted: outbox.list(wanted, who, kind, state))
        if isinstance(t, Stream):
            return t
        gettext = frame.texts.gettext
        return page(
            frame,
            "staff/outbox.html",
            t=t,
            f=Form(dict(query), id="outbox-filter"),
            kinds=MESSAGE_KINDS,
            states=MESSAGE_STATES,
            kind_choices=[(each.value, gettext(label)) for each, label in MESSAGE_KINDS.items()],
            state_choices=[(each.value, gettext(label)) for each, (label, _) in MESSAGE_STATES.items()],
            mailed=settings.smtp is not None,
            filtered=filters.filtered(query),
        )

    @get("/{message:uuid}")
    async def one(
        self,
        frame: Shell,
        caller: NamedDependency[Caller],
        outbox: Messages,
        settings: NamedDependency[Settings],
        message: FromPath[UUID],
    ) -> Template:
        it = await outbox.open(caller, message)
        mailed = settings.smtp is not None
        waits = it.state in (MessageState.FAILED, MessageState.LOCAL)
        return page(
            frame,
            "staff/message.html",
            it=it,
            parts=parts(it.text),
            kinds=MESSAGE_KINDS,
            states=MESSAGE_STATES,
            mailed=mailed,
            again=waits and mailed and it.kind is MessageKind.MAIL,
        )

    @get("/{message:uuid}/html")
    async def letter(self, caller: NamedDependency[Caller], outbox: Messages, message: FromPath[UUID]) -> Response[str]:
        """The letter as a mail program shows it, on a page of its own."""
        it = await outbox.open(caller, message)
        if not it.html:
            raise NotFound
        headers = {"content-security-policy": _LETTER_POLICY, "referrer-policy": "no-referrer"}
        return Response(it.html, media_type="text/html; charset=utf-8", headers=headers)

    @post("/{message:uuid}/again")
    async def again(
        self, frame: Shell, caller: NamedDependency[Caller], outbox: Messages, message: FromPath[UUID]
    ) -> Response[None]:
        try:
            await outbox.send_again(caller, message)
            toast = Toast(frame.texts.gettext(mark("The message is on its way")))
        except Conflict as error:
            toast = Toast(told(error, frame.texts.gettext), Tone.DANGER)
        return moved(HOME, toast, htmx=False)
