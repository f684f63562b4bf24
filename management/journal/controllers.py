"""``/staff/journal`` and ``/profile/journal``."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, get
from litestar.di import NamedDependency
from litestar.response import Stream, Template

from engine.domain.text import mark
from management import filters
from management.access.caller import Caller, Right
from management.access.identity import signed_in, staff
from management.cabinet.forms import Form
from management.cabinet.lists import Listing, shown
from management.cabinet.pages import Frame, page
from management.cabinet.tables import Column, Kind
from management.journal.schemas import Wish
from management.journal.service import Journal
from management.journal.titles import ACTIONS, FIELDS, VALUES
from management.paging import Sort

Asked = Request[Any, Any, Any]
_AT = Column("at", mark("Time"), Kind.MOMENT, sortable=True)
_WHO = Column("who", mark("Who"))
_ACTION = Column("action", mark("What was done"))
_OBJECT = Column("object_id", mark("To what"))
_CHANGES = Column("changes", mark("Changes"))
_IP = Column("ip", mark("From"))
_NEWEST = Sort("at", descending=True)
ALL = Listing(
    "journal",
    mark("Journal"),
    (_AT, _WHO, _ACTION, _OBJECT, Column("account", mark("Account"), Kind.NUMBER), _CHANGES, _IP),
    _NEWEST,
)
OWN = Listing("journal", mark("Journal"), (_AT, _WHO, _ACTION, _OBJECT, _CHANGES, _IP), _NEWEST)


class JournalPages(Controller):
    include_in_schema = False

    @get("/staff/journal", guards=[staff(Right.SEE_JOURNAL)])
    async def all(
        self, request: Asked, frame: NamedDependency[Frame], journal: NamedDependency[Journal]
    ) -> Template | Stream:
        wish = _wish(request, frame)
        table = await shown(ALL, frame, request, lambda wanted: journal.all(wanted, wish))
        return table if isinstance(table, Stream) else _page(request, frame, "journal/all.html", table)

    @get("/profile/journal", guards=[signed_in])
    async def own(
        self,
        request: Asked,
        frame: NamedDependency[Frame],
        caller: NamedDependency[Caller],
        journal: NamedDependency[Journal],
    ) -> Template | Stream:
        wish = _wish(request, frame)
        table = await shown(OWN, frame, request, lambda wanted: journal.own(caller, wanted, wish))
        return table if isinstance(table, Stream) else _page(request, frame, "journal/own.html", table)


def _wish(request: Asked, frame: Frame) -> Wish:
    query = request.query_params
    action = filters.text(query, "action")
    return Wish(
        frame.zone,
        filters.period(query),
        action if action in ACTIONS else "",
        filters.text(query, "who"),
        filters.number(query, "user"),
        filters.number(query, "account"),
    )


def _page(request: Asked, frame: Frame, template: str, table: object) -> Template:
    gettext = frame.texts.gettext
    actions = sorted(((code, gettext(label)) for code, label in ACTIONS.items()), key=lambda pair: pair[1])
    f = Form(dict(request.query_params), id="journal-filter")
    return page(
        frame,
        template,
        t=table,
        f=f,
        actions=actions,
        fields=FIELDS,
        values=VALUES,
        filtered=filters.filtered(request.query_params),
    )
