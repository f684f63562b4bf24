"""``/profile/keys``."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, URLEncodedBody
from litestar.response import Template

from engine.domain.text import mark
from management.access.caller import Caller
from management.access.identity import signed_in
from management.cabinet.forms import Form, errors
from management.cabinet.pages import Frame, moved, page
from management.cabinet.toasts import Toast
from management.errors import Invalid
from management.keys.schemas import KeyForm, Lasts
from management.keys.service import Keys

Number = Annotated[int, PathParameter(ge=1, le=2**63 - 1)]
_USUAL = {"read": "1", "lasts": Lasts.QUARTER.value}


class KeysController(Controller):
    path = "/profile/keys"
    guards = (signed_in,)
    include_in_schema = False

    @get("/")
    async def all(
        self, caller: NamedDependency[Caller], frame: NamedDependency[Frame], keys: NamedDependency[Keys]
    ) -> Template:
        return page(frame, "keys/list.html", keys=await keys.list(caller))

    @get("/new")
    async def new(self, frame: NamedDependency[Frame]) -> Template:
        return page(frame, "keys/new.html", f=Form(_USUAL, id="key"))

    @post("/new", status_code=200)
    async def create(
        self,
        caller: NamedDependency[Caller],
        frame: NamedDependency[Frame],
        keys: NamedDependency[Keys],
        data: URLEncodedBody[KeyForm],
    ) -> Template:
        """The answer is the only place where the key stands; no redirect, since it would have to be kept for it."""
        try:
            created = await keys.create(caller, data)
        except Invalid as error:
            values = {"name": data.name, "lasts": data.lasts, "read": data.read, "write": data.write, "run": data.run}
            form = Form(values, errors(frame.texts, error.fields), id="key")
            return page(frame, "keys/new.html", status=422, f=form)
        return page(frame, "keys/created.html", created=created)

    @post("/{key:int}/revoke")
    async def revoke(
        self,
        request: Request[Any, Any, Any],
        caller: NamedDependency[Caller],
        frame: NamedDependency[Frame],
        keys: NamedDependency[Keys],
        key: Number,
    ) -> Response[None]:
        name = await keys.revoke(caller, key)
        told = frame.texts.gettext(mark("The key “{name}” works no more")).format(name=name)
        return moved("/profile/keys", Toast(told), htmx="HX-Request" in request.headers)
