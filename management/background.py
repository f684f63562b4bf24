"""Puts a worker together: the handlers of all features, and the process that runs them."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Sequence

import structlog
from prometheus_client import start_http_server

from engine.domain.errors import Unavailable
from engine.storage.database import Database, migrate, open_database
from management.accounts.jobs import LETTER_TO, LetterWriter
from management.accounts.notices import Notices
from management.jobs.handling import Registered, register
from management.jobs.worker import Limits, Worker
from management.mailing.delivery import Deliverer, Mailer
from management.mailing.messages import SEND
from management.profile.jobs import handlers as profile_jobs
from management.settings import Settings
from management.store.media import open_store

log = structlog.get_logger("worker")
PAUSE_S = 1.0


async def run_worker(settings: Settings) -> None:
    """Until SIGTERM or SIGINT. Waits for PostgreSQL, and begins anew when a worker breaks."""
    _route_pgqueuer_s_log()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if settings.worker_metrics:
        start_http_server(settings.worker_metrics, addr="127.0.0.1")
    log.info("worker_started", jobs=settings.worker_jobs)
    while not stop.is_set():
        try:
            await _work(settings, stop)
        except Unavailable as error:
            log.warning("database_away", error=str(error))
        except Exception:
            log.exception("worker_broken")
        await _pause(stop)
    log.info("worker_stopped")


async def _work(settings: Settings, stop: asyncio.Event) -> None:
    async with open_database(settings.dsn, size=settings.worker_jobs + 2) as database:
        await migrate(database)
        worker = Worker(settings.dsn, database, handlers(settings, database), Limits(most=settings.worker_jobs))
        ending = asyncio.create_task(_stop_at(stop, worker))
        try:
            log.info("worker_ready")
            await worker.run()
        finally:
            ending.cancel()


def handlers(settings: Settings, database: Database) -> Sequence[Registered]:
    """One for each kind of job. There is no SMS gateway yet: short messages stay in the outbox."""
    mailer = None if settings.smtp is None else Mailer(settings.smtp, settings.mail_from)
    media = open_store(settings.media, settings.store)
    return (
        register(SEND, Deliverer(database, mailer, None)),
        register(LETTER_TO, LetterWriter(database, Notices(settings.public_url))),
        *profile_jobs(database, media),
    )


async def _stop_at(stop: asyncio.Event, worker: Worker) -> None:
    await stop.wait()
    worker.stop()


async def _pause(stop: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stop.wait(), PAUSE_S)
    except TimeoutError:
        return


class _Forward(logging.Handler):
    """PgQueuer's own words, in our format."""

    def emit(self, record: logging.LogRecord) -> None:
        log.error("pgqueuer", text=record.getMessage(), exc_info=record.exc_info)


def _route_pgqueuer_s_log() -> None:
    logger = logging.getLogger("pgqueuer")
    logger.handlers = [_Forward(logging.ERROR)]
    logger.propagate = False
