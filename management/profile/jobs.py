"""What of the profile runs in the background."""

from __future__ import annotations

import asyncio
import csv
import json
import tempfile
import zipfile
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import asyncpg
import msgspec

from engine.domain.ids import AccountId, CampaignId
from engine.storage.database import Database
from engine.storage.queries import load
from management.cabinet.spreadsheets import defused
from management.jobs.handling import Job, Registered, register
from management.jobs.queue import Kind as JobKind
from management.jobs.tasks import Progress, TaskPayload, task_handler
from management.profile.voice import forget
from management.store.kinds import Kind
from management.store.media import CHUNK, MediaStore

_SQL = load(Path(__file__).parent / "queries.sql")
SECTIONS = ("profile", "consents", "sessions", "keys", "projects", "messages", "journal", "money", "calls")
"""Files of an export; the statement of each is ``export_…``."""
_BATCH = 1000


class EndCall(msgspec.Struct, frozen=True):
    campaign: int


class DropExport(msgspec.Struct, frozen=True):
    task: UUID


END_CALL = JobKind("profile.end_call", EndCall)
"""When its code is too old: a call that was not made until then is made no more."""
EXPORT = JobKind("profile.export", TaskPayload)
DROP_EXPORT = JobKind("profile.drop_export", DropExport)
"""Some days later: the archive is full of personal data."""


def handlers(database: Database, media: MediaStore) -> Sequence[Registered]:
    async def end_call(_: Job, payload: EndCall) -> None:
        async with database.transaction() as connection:
            await forget(connection, CampaignId(payload.campaign))

    async def drop_export(_: Job, payload: DropExport) -> None:
        key = await database.fetchval(_SQL["drop_result"], payload.task)
        if key:
            await media.delete(key)

    async def export(progress: Progress, payload: TaskPayload) -> str | None:
        return await _export(database, media, progress, payload)

    return (
        register(END_CALL, end_call),
        register(DROP_EXPORT, drop_export),
        register(EXPORT, task_handler(database, export)),
    )


async def _export(database: Database, media: MediaStore, progress: Progress, payload: TaskPayload) -> str | None:
    owner = await database.fetchrow(_SQL["task_owner"], payload.task)
    if owner is None:
        return None
    with tempfile.TemporaryDirectory(prefix="dozvon-export-") as name:
        folder = Path(name)
        for number, section in enumerate(SECTIONS):
            await progress.report(number, len(SECTIONS) + 1, now=True)
            await _write_section(database, folder, section, owner["user_id"])
        archive = folder / "export.zip"
        await asyncio.to_thread(_pack, folder, archive)
        await progress.report(len(SECTIONS), len(SECTIONS) + 1, now=True)
        stored = await media.put(Kind.RESULT, AccountId(owner["account_id"]), _chunks(archive))
        await progress.report(len(SECTIONS) + 1, len(SECTIONS) + 1, now=True)
        return stored.key


async def _write_section(database: Database, folder: Path, section: str, user: int) -> None:
    """A table of any length, some rows in memory at a time: as CSV for people and as JSON for programs."""
    async with database.transaction() as connection:
        statement = await connection.prepare(_SQL[f"export_{section}"])
        columns = [column.name for column in statement.get_attributes()]
        with (
            (folder / f"{section}.csv").open("w", encoding="utf-8-sig", newline="") as table,
            (folder / f"{section}.json").open("w", encoding="utf-8") as document,
        ):
            writer = csv.writer(table, delimiter=";")
            writer.writerow(columns)
            document.write("[")
            first = True
            cursor = await statement.cursor(user)
            while rows := await cursor.fetch(_BATCH):
                await asyncio.to_thread(writer.writerows, [[_cell(value) for value in row.values()] for row in rows])
                text = ",\n".join(_object(row) for row in rows)
                await asyncio.to_thread(document.write, ("" if first else ",\n") + text)
                first = False
            document.write("]\n")


def _object(row: asyncpg.Record) -> str:
    return json.dumps({name: _plain(value) for name, value in row.items()}, ensure_ascii=False)


def _cell(value: object) -> object:
    if isinstance(value, (dict, list)):
        return json.dumps(_plain(value), ensure_ascii=False)
    return defused(value) if isinstance(value, str) else _plain(value)


def _plain(value: object) -> object:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value) if isinstance(value, (Decimal, UUID)) else value


def _pack(folder: Path, archive: Path) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(folder.glob("*.*")):
            if file != archive:
                packed.write(file, file.name)


async def _chunks(file: Path) -> AsyncIterator[bytes]:
    with file.open("rb") as stream:
        while chunk := await asyncio.to_thread(stream.read, CHUNK):
            yield chunk
