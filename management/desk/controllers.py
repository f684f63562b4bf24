"""``/``: the desk of a customer (manual, 2), or that of the operator's people."""

from __future__ import annotations

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.response import Template

from management.access.caller import Caller, Right
from management.access.identity import signed_in
from management.cabinet.navigation import navigation
from management.cabinet.pages import Frame, page
from management.desk.service import Desk


class DeskController(Controller):
    guards = (signed_in,)
    include_in_schema = False

    @get("/")
    async def desk(
        self, frame: NamedDependency[Frame], caller: NamedDependency[Caller], desk: NamedDependency[Desk]
    ) -> Template:
        if caller.role.staff:
            system = await desk.system() if caller.may(Right.SEE_SYSTEM) else None
            pages = [item for group in navigation(caller) for item in group.items if item.right is not None]
            return page(frame, "desk/staff.html", system=system, pages=pages)
        return page(
            frame,
            "desk/customer.html",
            projects=await desk.projects(caller),
            money=await desk.money(caller),
            manager=await desk.manager(caller),
        )
