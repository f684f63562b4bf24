"""«Общая информация» and the picture."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from zoneinfo import available_timezones

from engine.domain.errors import BadInput, Unavailable
from engine.domain.text import mark
from engine.storage.database import Database
from engine.storage.queries import load
from management.access.audit import audit
from management.access.caller import Caller, Right, UserId
from management.access.callers import Callers
from management.errors import FieldError, Invalid, NotFound, NotSignedIn, Outdated
from management.fields import Fields
from management.language import LANGUAGES
from management.profile.schemas import Profile, ProfileForm, Sex
from management.store.images import SIZES
from management.store.images import avatar as small_pictures
from management.store.kinds import MIB, RULES, Kind
from management.store.media import MediaStore

_SQL = load(Path(__file__).parent / "queries.sql")
LONGEST_NAME = 100
_AUDITED = ("surname", "name", "patronymic", "sex", "language", "zone")


@cache
def zones() -> tuple[str, ...]:
    """IANA names of places, as the time zone database of Python has them; not its aliases and technical ones."""
    areas = (
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    )
    return (*sorted(name for name in available_timezones() if name.partition("/")[0] in areas), "UTC")


class Profiles:
    def __init__(self, database: Callable[[], Database], callers: Callers, media: MediaStore) -> None:
        self._database = database
        self._callers = callers
        self._media = media

    async def get(self, user: UserId) -> Profile:
        row = await self._database().fetchrow(_SQL["profile"], user)
        if row is None:
            raise NotSignedIn
        return Profile(**{**dict(row), "sex": row["sex"] or ""})

    async def change(self, caller: Caller, form: ProfileForm) -> None:
        """Raises Invalid; Outdated when another tab was faster."""
        fields = Fields()
        surname = fields.line("surname", form.surname, most=LONGEST_NAME)
        name = fields.line("name", form.name, most=LONGEST_NAME)
        patronymic = fields.line("patronymic", form.patronymic, required=False, most=LONGEST_NAME)
        sex = fields.choice("sex", form.sex, Sex) if form.sex else None
        if form.language not in LANGUAGES:
            fields.wrong("language", "choice", mark("One of: {choices}"), choices=", ".join(LANGUAGES))
        if form.zone not in zones():
            fields.wrong("zone", "zone", mark("There is no such time zone"))
        fields.check()
        version = int(form.version) if form.version.isascii() and form.version.isdigit() else -1
        before = await self.get(caller.user)
        after = dict(
            zip(_AUDITED, (surname, name, patronymic, sex.value if sex else "", form.language, form.zone), strict=True)
        )
        async with self._database().transaction() as connection:
            stored = {**after, "sex": after["sex"] or None}
            if await connection.fetchval(_SQL["change"], caller.user, version % 2**31, *stored.values()) is None:
                raise Outdated
            was = {key: getattr(before, key) for key in _AUDITED}
            await audit(connection, caller, "user.changed", caller.user, before=was, after=after)
            await self._callers.forget(connection)
        await self._callers.forget()

    async def set_avatar(self, caller: Caller, chunks: AsyncIterator[bytes]) -> None:
        """Raises Invalid at ``avatar``, Unavailable when the store is away."""
        try:
            content = await _received(chunks)
            made = await asyncio.to_thread(small_pictures, content)
        except BadInput as error:
            raise Invalid(FieldError("avatar", error.code, error.message, error.params)) from error
        large, small = [
            (await self._media.put_bytes(Kind.AVATAR, caller.account, made[size])).key for size in sorted(SIZES)[::-1]
        ]
        await self._store_avatar(caller, large, small, "user.avatar_set")

    async def drop_avatar(self, caller: Caller) -> None:
        await self._store_avatar(caller, None, None, "user.avatar_dropped")

    async def _store_avatar(self, caller: Caller, large: str | None, small: str | None, action: str) -> None:
        async with self._database().transaction() as connection:
            was = await connection.fetchrow(_SQL["set_avatar"], caller.user, large, small)
            await audit(connection, caller, action, caller.user)
            await self._callers.forget(connection)
        await self._callers.forget()
        for key in was or ():
            if key:
                with suppress(Unavailable):  # nobody knows the file's key any more
                    await self._media.delete(key)

    async def avatar_of(self, caller: Caller, user: int, *, large: bool) -> tuple[int, AsyncIterator[bytes]]:
        """Size and content, WebP. Raises NotFound."""
        all_users = caller.may(Right.SEE_USERS)
        key = await self._database().fetchval(_SQL["avatar"], user, caller.user, all_users, large)
        size = await self._media.size(key) if key else None
        if size is None:
            raise NotFound
        return size, self._media.read(key)


async def _received(chunks: AsyncIterator[bytes]) -> bytes:
    largest, content = RULES[Kind.AVATAR].largest, bytearray()
    async for chunk in chunks:
        content += chunk
        if len(content) > largest:
            raise BadInput("upload_large", mark("The file is larger than {limit} MB"), limit=largest // MIB)
    if not content:
        raise BadInput("upload_empty", mark("The file is empty"))
    return bytes(content)
