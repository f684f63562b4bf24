"""``/health`` for monitoring; ``/`` and its live part ``/overview`` for people."""

from __future__ import annotations

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE

from management.cabinet.pages import Frame, page
from management.health.schemas import Health
from management.health.service import HealthService
from management.language import Texts


class HealthController(Controller):
    """Open to all who can reach the port, which is why no cause of a failure is told here: it stands in the log."""

    @get("/health")
    async def health(self, health: NamedDependency[HealthService]) -> Response[Health]:
        """503 only while the database is away: without an engine the cabinet itself still works."""
        report = await health.report()
        return Response(report, status_code=HTTP_200_OK if report.database.ok else HTTP_503_SERVICE_UNAVAILABLE)

    @get("/")
    async def overview(self, texts: NamedDependency[Texts], health: NamedDependency[HealthService]) -> Template:
        return page(Frame(texts, path="/"), "health/overview.html", health=await health.report())

    @get("/overview")
    async def live(self, texts: NamedDependency[Texts], health: NamedDependency[HealthService]) -> Template:
        """The part of the page that its script fetches again every two seconds."""
        return page(Frame(texts), "health/_live.html", health=await health.report())
