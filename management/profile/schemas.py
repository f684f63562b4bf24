"""What the pages of the profile take and show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from management.access.caller import Role, Scope
from management.api import example


class Sex(StrEnum):
    MALE = "male"
    FEMALE = "female"


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """``sex``: '' when not told. ``version``: of the row, against two tabs."""

    id: int
    email: str
    email_confirmed_at: datetime | None
    phone: str | None
    phone_confirmed_at: datetime | None
    surname: str
    name: str
    patronymic: str
    sex: str
    avatar: str | None
    language: str
    zone: str
    created_at: datetime
    version: int


class ProfileForm(msgspec.Struct, frozen=True):
    """As a browser sends it."""

    version: str = ""
    surname: str = ""
    name: str = ""
    patronymic: str = ""
    sex: str = ""
    language: str = ""
    zone: str = ""


class EmailForm(msgspec.Struct, frozen=True):
    email: str = ""
    password: str = ""


class Way(StrEnum):
    """How the code reaches its telephone."""

    CALL = "call"
    SMS = "sms"


class PhoneForm(msgspec.Struct, frozen=True):
    phone: str = ""
    way: str = ""


class CodeForm(msgspec.Struct, frozen=True):
    code: str = ""


class PasswordForm(msgspec.Struct, frozen=True):
    old: str = ""
    new: str = ""


class DeletionForm(msgspec.Struct, frozen=True):
    password: str = ""
    sure: str = ""


class Ways(msgspec.Struct, frozen=True):
    """What the installation can do. ``sms`` False: a message stays in the local outbox."""

    call: bool
    sms: bool


class Stage(StrEnum):
    """How far the call with the code is."""

    WAITING = "waiting"
    DIALLING = "dialling"
    RINGING = "ringing"
    TALKING = "talking"
    HEARD = "heard"
    """It was answered and is over."""
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"

    @property
    def over(self) -> bool:
        return self in (Stage.HEARD, Stage.BUSY, Stage.NO_ANSWER, Stage.FAILED)


class Pending(msgspec.Struct, frozen=True):
    """A number whose code is awaited. ``stage``: of the call, None for an SMS. ``late``: the call waits longer than it should."""

    phone: str
    way: Way
    until: datetime
    tries: int
    stage: Stage | None = None
    late: bool = False


class SessionRow(msgspec.Struct, frozen=True):
    """``device``: in words, in English; "" unknown."""

    id: int
    browser: str
    system: str
    ip: str
    created_at: datetime
    seen_at: datetime
    current: bool


class ExportRow(msgspec.Struct, frozen=True):
    """``error``: a message id, '' without one."""

    id: str
    state: str
    done: int
    total: int
    created_at: datetime
    ready: bool
    error: str


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Whose key this is and what it allows."""

    id: Annotated[int, example(1)]
    name: Annotated[str, example("Иван Петров")]
    email: Annotated[str, example("ivan@example.com")]
    role: Role
    account: Annotated[int, example(1)]
    scopes: Annotated[Sequence[Scope], example(["read", "write"])]
