"""Puts the application together."""

from __future__ import annotations

import structlog
from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.template import TemplateConfig
from litestar.types import Scope

from management.cabinet.assets import static_files
from management.cabinet.pages import template_engine
from management.database import DatabaseLink
from management.health.controllers import HealthController
from management.health.service import HealthService
from management.language import Texts, negotiate, texts
from management.security import protect
from management.settings import Settings

log = structlog.get_logger("management")


def create_app(settings: Settings) -> Litestar:
    """The application starts and answers while PostgreSQL is away."""
    link = DatabaseLink(settings.dsn, settings.pool)
    health = HealthService(link.database, settings.fresh_s, settings.patience_s)
    return Litestar(
        route_handlers=[HealthController, static_files()],
        dependencies={
            "texts": Provide(_texts, sync_to_thread=False),
            "health": Provide(lambda: health, sync_to_thread=False),
        },
        lifespan=[link.kept()],
        template_config=TemplateConfig(instance=template_engine()),
        before_send=[protect],
        after_exception=[_log_failure],
        openapi_config=None,
        logging_config=None,
    )


def _texts(request: Request[object, object, State]) -> Texts:
    return texts(negotiate(request.query_params.get("lang"), request.headers.get("accept-language", "")))


async def _log_failure(error: Exception, scope: Scope) -> None:
    if not isinstance(error, HTTPException) or error.status_code >= 500:
        log.error("request_failed", path=scope["path"], exc_info=error)
