"""Puts the application together."""

from __future__ import annotations

import structlog
from litestar import Litestar, Request
from litestar.datastructures import CacheControlHeader, State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.static_files import create_static_files_router
from litestar.template import TemplateConfig
from litestar.types import Scope

from management.cabinet.pages import STATIC, STATIC_PATH, template_engine
from management.database import DatabaseLink
from management.files.controllers import FilesController
from management.health.controllers import HealthController
from management.health.service import HealthService
from management.language import Texts, negotiate, texts
from management.live.service import Broker
from management.security import protect
from management.settings import Settings
from management.store.links import Links
from management.store.media import open_store

log = structlog.get_logger("management")
_YEAR_S = 31_536_000


def create_app(settings: Settings) -> Litestar:
    """The application starts and answers while PostgreSQL is away."""
    link = DatabaseLink(settings.dsn, settings.pool)
    health = HealthService(link.database, settings.fresh_s, settings.patience_s)
    broker = Broker(settings.dsn)
    media = open_store(settings.media, settings.store)
    links = Links(settings.secret)
    static = create_static_files_router(
        path=STATIC_PATH,
        directories=[STATIC],
        cache_control=CacheControlHeader(public=True, max_age=_YEAR_S, immutable=True),
    )
    return Litestar(
        route_handlers=[HealthController, FilesController, static],
        dependencies={
            "texts": Provide(_texts, sync_to_thread=False),
            "health": Provide(lambda: health, sync_to_thread=False),
            "broker": Provide(lambda: broker, sync_to_thread=False),
            "media": Provide(lambda: media, sync_to_thread=False),
            "links": Provide(lambda: links, sync_to_thread=False),
        },
        lifespan=[link.kept(), broker.kept()],
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
