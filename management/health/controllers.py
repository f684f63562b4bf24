"""``/health`` for monitoring; ``/system`` and its live part for the operator's people."""

from __future__ import annotations

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE

from management.access.caller import Right
from management.access.identity import staff
from management.cabinet.pages import Frame, page
from management.health.schemas import PublicHealth
from management.health.service import HealthService

_STAFF = [staff(Right.SEE_SYSTEM)]


class HealthController(Controller):
    @get("/health")
    async def health(self, health: NamedDependency[HealthService]) -> Response[PublicHealth]:
        """503 only while the database is away: without an engine the cabinet itself still works. Open to all who can reach the
        port, which is why only up and down is told here: details are on ``/system``, causes of failures in the log."""
        report = await health.report()
        return Response(report.public, status_code=HTTP_200_OK if report.database.ok else HTTP_503_SERVICE_UNAVAILABLE)

    @get("/system", guards=_STAFF)
    async def overview(self, frame: NamedDependency[Frame], health: NamedDependency[HealthService]) -> Template:
        return page(frame, "health/overview.html", health=await health.report())

    @get("/system/live", guards=_STAFF)
    async def live(self, frame: NamedDependency[Frame], health: NamedDependency[HealthService]) -> Template:
        """The part of the page that its script fetches again every two seconds."""
        return page(frame, "health/_live.html", health=await health.report())
