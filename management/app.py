"""Puts the application together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import structlog
from litestar import Litestar, Request, Response, Router
from litestar.config.csrf import CSRFConfig
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.response import Template
from litestar.routes import HTTPRoute
from litestar.status_codes import HTTP_403_FORBIDDEN
from litestar.template import TemplateConfig
from litestar.types import Scope

from engine.domain.errors import DozvonError, Unavailable
from engine.storage.database import Listener
from management import api
from management.access.callers import CHANNEL, Callers, Idle
from management.access.idempotency import Idempotency, Idempotent
from management.access.identity import (
    API,
    Identity,
    address,
    caller_of,
    cookie_name,
    provide_caller,
    provide_visitor,
    still_provider,
)
from management.access.places import place_provider
from management.access.secrets import Passwords
from management.access.throttle import Bucket, Throttle
from management.accounts.assembly import accounts_of
from management.accounts.controllers import RecoveryController, RegistrationController
from management.accounts.documents import Documents
from management.accounts.security_pages import SecurityController
from management.accounts.sign_in_pages import SignInController
from management.cabinet.assets import static_files
from management.cabinet.frames import AnyRequest, answer_page, frame_provider, remember_language, texts_of
from management.cabinet.lists import limit_exports
from management.cabinet.pages import CSRF_HEADER, template_engine
from management.database import DatabaseLink
from management.desk.controllers import DeskController
from management.desk.service import Desk
from management.errors import Forbidden
from management.files.controllers import FilesController
from management.health.controllers import HealthController
from management.health.service import HealthService
from management.journal.controllers import JournalPages
from management.journal.service import Journal
from management.keys.controllers import KeysController
from management.keys.service import Keys
from management.live.controllers import LiveController
from management.live.service import Broker
from management.profile.api import MeApi
from management.profile.feature import PAGES as PROFILE
from management.profile.feature import services as profile_services
from management.projects.api import ContentsApi, ProjectApi
from management.projects.contents import Contents
from management.projects.contents_pages import ContentsPages, SettingsPages
from management.projects.controllers import ProjectPages
from management.projects.people_pages import PeoplePages
from management.projects.service import Projects
from management.sections.api import CallsApi, CampaignsApi
from management.sections.controllers import SectionsController
from management.sections.service import Sections
from management.security import only_https, protect
from management.settings import Settings
from management.staff.feature import PAGES as STAFF
from management.staff.feature import services as staff_services
from management.store.links import Links
from management.store.media import open_store

log = structlog.get_logger("management")
PAGES = (DeskController, ProjectPages, ContentsPages, PeoplePages, SettingsPages, SectionsController)
VERSION = "1.0.0"
"""Of the API, not of the product: only an incompatible change makes a new major one, under a new address."""


def create_app(settings: Settings) -> Litestar:
    """The application starts and answers while PostgreSQL is away."""
    link = DatabaseLink(settings.dsn, settings.pool)
    callers, broker, throttle = Callers(link.database, _idle(settings)), Broker(settings.dsn), Throttle(link.database)
    app = Litestar(
        route_handlers=[
            HealthController,
            FilesController,
            LiveController,
            *(RegistrationController, RecoveryController, SignInController, SecurityController),
            KeysController,
            *PAGES,
            *PROFILE,
            JournalPages,
            *STAFF,
            _api(settings),
            static_files(),
        ],
        dependencies=_dependencies(settings, link, callers, broker, throttle),
        lifespan=[link.kept(), broker.kept(), _kept(settings, callers)],
        template_config=TemplateConfig(instance=template_engine()),
        csrf_config=_csrf(settings),
        middleware=[Identity(callers, secure=settings.secure), Idempotent(Idempotency(link.database))],
        exception_handlers={DozvonError: _failed, HTTPException: _failed, Exception: _failed},
        before_send=[protect, *([only_https] if settings.secure else []), api.tell_limit, remember_language],
        after_exception=[_log_failure],
        openapi_config=api.openapi(VERSION, settings.public_url),
        include_in_schema=False,  # the API says otherwise
        logging_config=None,
        before_request=limit_exports(throttle),  # the API has a hook of its own
        request_max_body_size=1_000_000,  # uploads say otherwise where they are taken
    )
    _one_by_one(app)
    return app


def _one_by_one(app: Litestar) -> None:
    """Litestar starts a task for each of several dependencies. Ours are there at once or ask the database in turn, and the tasks
    would cost a request of the API more than its statement."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for _, model in route.route_handler_map.values():
                model.dependency_batches = [{each} for batch in model.dependency_batches for each in batch]


def _api(settings: Settings) -> Router:
    return Router(
        path=api.BASE,
        route_handlers=[MeApi, ProjectApi, ContentsApi, CampaignsApi, CallsApi],
        before_request=api.limit_requests(Bucket(settings.api_per_minute)),
        exception_handlers=dict.fromkeys(api.UNREADABLE, api.unreadable),
        response_headers=api.LIMITS,
        include_in_schema=True,
    )


def _dependencies(
    settings: Settings, link: DatabaseLink, callers: Callers, broker: Broker, throttle: Throttle
) -> dict[str, Provide]:
    """By the names that controllers ask for."""
    passwords = Passwords()
    documents = Documents(settings.documents)
    values: dict[str, object] = {
        "settings": settings,
        "callers": callers,
        "broker": broker,
        "media": open_store(settings.media, settings.store),
        "links": Links(settings.secret),
        "passwords": passwords,
        "throttle": throttle,
        "documents": documents,
        "accounts": accounts_of(link.database, callers, passwords, throttle, documents, settings.public_url),
        "keys": Keys(link.database, callers),
        "journal": Journal(link.database),
        "health": HealthService(link.database, settings.fresh_s, settings.patience_s),
    }
    values |= profile_services(settings, link.database, values)
    values |= staff_services(link.database, callers, settings.public_url)
    return {
        "texts": Provide(texts_of, sync_to_thread=False),
        "frame": Provide(frame_provider(link.database)),
        "caller": Provide(provide_caller),
        "visitor": Provide(provide_visitor),
        "still": Provide(still_provider(callers, secure=settings.secure), sync_to_thread=False),
        "place": Provide(place_provider(link.database)),
        "sections": Provide(lambda: Sections(link.database()), sync_to_thread=False),
        "desk": Provide(lambda: Desk(link.database()), sync_to_thread=False),
        "projects": Provide(lambda: Projects(link.database()), sync_to_thread=False),
        "contents": Provide(
            lambda: Contents(Projects(link.database()), throttle, settings.public_url), sync_to_thread=False
        ),
        **{name: Provide(_given(value), sync_to_thread=False) for name, value in values.items()},
    }


def _given(value: object) -> Callable[[], Any]:
    return lambda: value


def _idle(settings: Settings) -> Idle:
    return Idle(settings.session_idle_h * 3600, settings.staff_session_idle_h * 3600)


def _csrf(settings: Settings) -> CSRFConfig:
    return CSRFConfig(
        secret=settings.secret,
        cookie_name=cookie_name(secure=settings.secure) + "-csrf",
        header_name=CSRF_HEADER,
        cookie_secure=settings.secure,
        cookie_httponly=True,  # pages carry the token; scripts need not read the cookie
        exclude="^/api/",  # takes no cookies
    )


@asynccontextmanager
async def _kept(settings: Settings, callers: Callers) -> AsyncIterator[None]:
    """What runs beside the requests."""
    listener = Listener(settings.dsn, (CHANNEL,), lambda _, __: callers.forgotten())
    tasks = [asyncio.create_task(listener.run()), asyncio.create_task(callers.keep_use())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _failed(request: AnyRequest, error: Exception) -> Response[Any] | Template:
    for_programs = request.url.path.startswith(API) or "/health" in request.url.path
    return api.answer(error, texts_of(request)) if for_programs else answer_page(request, error)


async def _log_failure(error: Exception, scope: Scope) -> None:
    expected = isinstance(error, DozvonError) or (isinstance(error, HTTPException) and error.status_code < 500)
    expected |= isinstance(error, api.UNREADABLE) and scope["path"].startswith(API)
    if not expected:
        log.error("request_failed", path=scope["path"], exc_info=error)
    elif isinstance(error, Unavailable):
        log.warning("unavailable", route=scope.get("path_template", ""), error=str(error))  # nobody else is told
    elif isinstance(error, Forbidden) or (isinstance(error, HTTPException) and error.status_code == HTTP_403_FORBIDDEN):
        # Not the path itself: it may hold the secret of a link.
        request: AnyRequest = Request(scope)
        caller, route = caller_of(request), scope.get("path_template", "")
        user = None if caller is None else caller.user
        log.warning("access_refused", method=request.method, route=route, user=user, ip=address(request))
