"""The names of PgQueuer's objects, as migration 0005 makes them."""

from __future__ import annotations

from pgqueuer.domain.settings import DBSettings
from pgqueuer.domain.types import Channel

from management.jobs.queue import CHANNEL, TABLE

NAMES = DBSettings(
    prefix="",
    db_schema=None,
    channel=Channel(CHANNEL),
    function="fn_pgqueuer_changed",
    statistics_table="pgqueuer_statistics",
    queue_status_type="pgqueuer_status",
    queue_table=TABLE,
    queue_table_log="pgqueuer_log",
    trigger="tg_pgqueuer_changed",
    schedules_table="pgqueuer_schedules",
)
"""All are given, since PgQueuer would else look into the environment, for names as common as CHANNEL and TRIGGER."""
