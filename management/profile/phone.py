"""The phone number: one counts when somebody has typed the code that was sent or spoken to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from engine.audience.phones import Phone, PhoneProblem, normalise
from engine.domain.ids import E164, CampaignId
from engine.domain.text import mark
from engine.storage.database import Connection, Database
from engine.storage.queries import load
from management.access.audit import audit
from management.access.caller import Caller
from management.access.callers import Callers
from management.access.throttle import CODE, Throttle
from management.access.tokens import Purpose, issue_code, redeem_code
from management.database import Joined
from management.errors import Conflict, TooMany
from management.fields import Fields
from management.jobs.queue import enqueue
from management.language import texts
from management.mailing.messages import Message, MessageKind, post
from management.profile.jobs import END_CALL, EndCall
from management.profile.schemas import CodeForm, Pending, PhoneForm, Way, Ways
from management.profile.service import Profiles
from management.profile.voice import CodeCalls, forget

_SQL = load(Path(__file__).parent / "queries.sql")
SMS_GATEWAY = False
"""There is none in this version: short messages stay in the outbox (background.handlers)."""
_TEXTS = {
    PhoneProblem.EMPTY: mark("This field must be filled in"),
    PhoneProblem.WRONG_LENGTH: mark("This number has too few or too many digits"),
    PhoneProblem.EXTENSION: mark("A number with an extension cannot be confirmed"),
    PhoneProblem.NOT_ALLOWED_PREFIX: mark("Only Russian numbers can be confirmed"),
    PhoneProblem.SERVICE_NUMBER: mark("This is a service number and nobody's own"),
    PhoneProblem.UNKNOWN_RANGE: mark("No operator has such numbers"),
}
_USER_S_DAY = mark(
    "You have asked for {most} codes within a day, more are not sent. Try again in {hours} h {minutes} min"
)
_PHONE_S_DAY = mark(
    "{most} codes have gone to this number within a day, more are not sent. Try again in {hours} h {minutes} min"
)
_NO_NUMBER = mark("This is no phone number")


@dataclass(frozen=True, slots=True)
class PerDay:
    """Codes in any 24 hours: of one user, and to one number, whoever asks."""

    user: int
    phone: int


class Phones:
    def __init__(
        self,
        database: Callable[[], Database],
        callers: Callers,
        throttle: Throttle,
        profiles: Profiles,
        calls: CodeCalls,
        per_day: PerDay,
    ) -> None:
        self._database = database
        self._callers = callers
        self._throttle = throttle
        self._profiles = profiles
        self._calls = calls
        self._per_day = per_day

    async def ways(self) -> Ways:
        return Ways(call=await self._calls.line() is not None, sms=SMS_GATEWAY)

    async def pending(self, caller: Caller) -> Pending | None:
        row = await self._database().fetchrow(_SQL["pending"], caller.user, Purpose.CONFIRM_PHONE)
        if row is None:
            return None
        payload = row["payload"]
        stage, late = None, False
        if campaign := payload.get("campaign"):
            stage, late = await self._calls.stage(CampaignId(campaign))
        return Pending(payload["phone"], Way(payload["way"]), row["expires_at"], row["tries_left"], stage, late)

    async def ask(self, caller: Caller, form: PhoneForm) -> None:
        """Have a code sent or spoken; codes asked for before stop working. Raises Invalid, TooMany, Conflict."""
        fields = Fields()
        phone = await self._number(caller, fields, form.phone)
        way = fields.choice("way", form.way, Way)
        line = await self._calls.line() if way is Way.CALL else None
        fields.check()
        assert phone is not None and way is not None
        if way is Way.CALL and line is None:
            raise Conflict("no_line", mark("This installation has no trunk to call by"))
        await self._throttle.take(CODE, f"user:{caller.user}")
        await self._throttle.take(CODE, f"phone:{phone}")
        async with self._database().transaction() as connection:
            await self._count(connection, caller, phone)
            await self._drop_former(connection, caller)
            payload = {"phone": phone, "way": way.value}
            code = await issue_code(connection, Purpose.CONFIRM_PHONE, caller.user, payload)
            if line is None:
                await self._send(connection, caller, phone, code)
            else:
                campaign = await self._calls.begin(connection, line, phone, code)
                await connection.execute(_SQL["remember_campaign"], caller.user, Purpose.CONFIRM_PHONE, campaign)
                lasts = timedelta(seconds=Purpose.CONFIRM_PHONE.lasts_s)
                await enqueue(connection, END_CALL, EndCall(campaign), after=lasts)
            await audit(connection, caller, "user.phone_asked", caller.user, after=payload)

    async def _count(self, connection: Connection, caller: Caller, phone: E164) -> None:
        """Raises TooMany when the day's codes are used up. What counts is the journal's entry, written in this transaction."""
        for which, whom, most, words in (
            ("user", caller.user, self._per_day.user, _USER_S_DAY),
            ("phone", phone, self._per_day.phone, _PHONE_S_DAY),
        ):
            await connection.execute(_SQL["hold_codes"], f"{which}:{whom}")
            wait = await connection.fetchval(_SQL[f"codes_of_{which}"], whom, most)
            if wait is not None:
                raise TooMany(wait, words, most=most)

    async def _number(self, caller: Caller, fields: Fields, raw: str) -> E164 | None:
        found = normalise(raw)
        if not isinstance(found, Phone):
            fields.wrong("phone", found.code.value, _TEXTS.get(found.code, _NO_NUMBER))
            return None
        profile = await self._profiles.get(caller.user)
        if found.e164 == profile.phone and profile.phone_confirmed_at:
            fields.wrong("phone", "same", mark("This number is confirmed already"))
        return found.e164

    async def _send(self, connection: Connection, caller: Caller, phone: str, code: str) -> None:
        words = (
            texts(caller.language).gettext(mark("Your code for Dozvon: {code}. Tell it to nobody.")).format(code=code)
        )
        message = Message(
            MessageKind.SMS, phone, words, caller.language, f"code:{uuid4()}", account=caller.account, user=caller.user
        )
        await post(connection, message)

    async def _drop_former(self, connection: Connection, caller: Caller) -> None:
        row = await connection.fetchrow(_SQL["pending"], caller.user, Purpose.CONFIRM_PHONE)
        if row is not None:
            await _forget_call(connection, row["payload"])

    async def confirm(self, caller: Caller, form: CodeForm) -> str:
        """The number. Raises Invalid; every call is one of the code's five tries."""
        fields, code = Fields(), "".join(form.code.split())
        if not code:
            fields.wrong("code", "required", mark("This field must be filled in"))
        fields.check()
        async with self._database().transaction() as connection:
            payload = await redeem_code(Joined(connection), Purpose.CONFIRM_PHONE, caller.user, code)
            if payload is not None:
                await self._set(connection, caller, payload)
        if payload is None:
            fields.wrong("code", "wrong_code", mark("This is not the code, or it is too old"))
        fields.check()
        await self._callers.forget()
        return str((payload or {})["phone"])

    async def _set(self, connection: Connection, caller: Caller, payload: Any) -> None:
        phone = payload["phone"]
        former = await connection.fetchval(_SQL["set_phone"], caller.user, phone)
        await _forget_call(connection, payload)
        change = {"phone": former}, {"phone": phone}
        await audit(connection, caller, "user.phone_changed", caller.user, before=change[0], after=change[1])
        await self._callers.forget(connection)


async def _forget_call(connection: Connection, payload: Any) -> None:
    if campaign := payload.get("campaign"):
        await forget(connection, CampaignId(campaign))
