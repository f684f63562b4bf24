"""One's data under 152-FZ: taking them along, and having them deleted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from engine.domain.errors import Unavailable
from engine.domain.text import mark
from engine.storage.database import Connection, Database
from engine.storage.queries import load
from management.access.audit import audit
from management.access.caller import Caller
from management.access.callers import Callers
from management.access.throttle import OWN_EXPORT, Throttle
from management.errors import Conflict, NotFound
from management.fields import Fields
from management.jobs import tasks
from management.jobs.queue import enqueue
from management.jobs.tasks import TaskId, TaskPayload, TaskState
from management.language import Texts
from management.profile.jobs import DROP_EXPORT, EXPORT, SECTIONS, DropExport
from management.profile.proof import Proof
from management.profile.schemas import DeletionForm, ExportRow
from management.store.kinds import Media
from management.store.links import FileLink, Links
from management.store.media import MediaStore

_SQL = load(Path(__file__).parent / "queries.sql")
KEPT = timedelta(days=7)
_WIPES = ("sessions", "tokens", "recovery_codes", "keys", "answers", "messages", "shares", "invitations")


class OwnData:
    def __init__(
        self,
        database: Callable[[], Database],
        callers: Callers,
        throttle: Throttle,
        proof: Proof,
        media: MediaStore,
        links: Links,
    ) -> None:
        self._database = database
        self._callers = callers
        self._throttle = throttle
        self._proof = proof
        self._media = media
        self._links = links

    async def exports(self, caller: Caller) -> Sequence[ExportRow]:
        """The newest five."""
        rows = await self._database().fetch(_SQL["exports"], caller.user, caller.account)
        return [
            ExportRow(
                str(row["id"]),
                row["state"],
                row["done"],
                row["total"] or 0,
                row["created_at"],
                row["ready"],
                row["error_text"],
            )
            for row in rows
        ]

    async def export(self, caller: Caller, texts: Texts) -> None:
        """Begin one. Raises TooMany; Conflict while another runs."""
        await self._throttle.take(OWN_EXPORT, f"user:{caller.user}")
        async with self._database().transaction() as connection:
            await connection.fetchrow(_SQL["active_user"], caller.user)  # its lock lets one of two clicks wait
            if await connection.fetchval(_SQL["export_runs"], caller.user, caller.account):
                raise Conflict("export_runs", mark("An export is being made already"))
            title = texts.gettext(mark("Export of my data"))
            task = await tasks.create(
                connection, caller.account, int(caller.user), EXPORT.name, title, len(SECTIONS) + 1
            )
            await tasks.enqueue_task(connection, EXPORT, TaskPayload(task))
            await enqueue(connection, DROP_EXPORT, DropExport(task), after=KEPT)
            await audit(connection, caller, "user.export_asked", caller.user)

    async def download(self, caller: Caller, task: UUID) -> str:
        """The address of the file, for some minutes. Raises NotFound for what is not his or not there."""
        found = await tasks.get(self._database(), TaskId(task), caller.account)
        theirs = found is not None and found.user_id == caller.user and found.kind == EXPORT.name
        if found is None or not theirs or found.state is not TaskState.DONE or found.result is None:
            raise NotFound
        link = FileLink(found.result, Media.ZIP.value, f"dozvon-{found.created_at:%Y-%m-%d}.zip")
        return f"/files/{self._links.sign(link)}"

    async def busy(self, caller: Caller) -> bool:
        return bool(await self._database().fetchval(_SQL["busy"], caller.account))

    async def delete(self, caller: Caller, form: DeletionForm) -> None:
        """Everything that says who he is. Raises Invalid, TooMany; Conflict while his campaigns run, and for the
        only administrator."""
        fields = Fields()
        if not form.sure:
            fields.wrong("sure", "required", mark("Confirm that you understand what is deleted"))
        fields.check()
        await self._proof.check(caller, fields, "password", form.password)
        fields.check()
        async with self._database().transaction() as connection:
            await connection.execute(_SQL["lock_leaving"])  # of two administrators who leave at once the second stays
            await connection.fetchrow(_SQL["active_user"], caller.user)
            if await connection.fetchval(_SQL["only_admin"], caller.user):
                raise Conflict("only_admin", mark("You are the only administrator: make somebody else one first"))
            if await connection.fetchval(_SQL["busy"], caller.account):
                raise Conflict("campaigns_run", mark("Your campaigns are running: stop them first"))
            files = await self._wipe(connection, caller)
            await self._callers.forget(connection)
        await self._callers.forget()
        for key in files:
            with suppress(Unavailable):  # nobody knows the file's key any more
                await self._media.delete(key)

    async def _wipe(self, connection: Connection, caller: Caller) -> list[str]:
        """The keys of files to delete afterwards."""
        pictures = await connection.fetchrow(_SQL["files_of"], caller.user)
        results = [row["result"] for row in await connection.fetch(_SQL["results"], caller.user)]
        for what in _WIPES:
            await connection.execute(_SQL[f"wipe_{what}"], caller.user)
        await connection.fetchval(_SQL["wipe"], caller.user)
        if await connection.fetchval(_SQL["alone"], caller.account, caller.user):
            await connection.execute(_SQL["wipe_account"], caller.account)
            await connection.execute(_SQL["archive_projects"], caller.account)
        await audit(connection, caller, "user.deleted", caller.user)
        return [key for key in (*(pictures or ()), *results) if key]
