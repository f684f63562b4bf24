"""``/api/v1/me``."""

from __future__ import annotations

from litestar import Controller, get
from litestar.di import NamedDependency

from management.access.caller import Caller
from management.access.identity import needs
from management.api import PROBLEMS
from management.profile.schemas import Me


class MeApi(Controller):
    path = "/me"
    tags = ("Profile",)

    @get("/", guards=[needs()], responses=PROBLEMS, operation_id="getMe", summary="Whose key this is")
    async def me(self, caller: NamedDependency[Caller]) -> Me:
        """With any key: a first call to try it."""
        return Me(
            id=int(caller.user),
            name=caller.name,
            email=caller.email,
            role=caller.role,
            account=int(caller.account),
            scopes=sorted(caller.scopes),
        )
