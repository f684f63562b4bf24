"""Projects as the API tells and takes them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from engine.domain.text import mark
from management.api import example
from management.fields import LONGEST_LINE, LONGEST_TEXT

LABELS = {"view": mark("View"), "run": mark("Run"), "edit": mark("Edit"), "own": mark("Owner")}
"""What rights are called."""


class Access(StrEnum):
    """What one may do with a project, each including those before it."""

    VIEW = "view"
    RUN = "run"
    """Start and stop its campaigns."""
    EDIT = "edit"
    OWN = "own"
    """Share it, archive it."""

    @property
    def label(self) -> str:
        return LABELS[self.value]

    def covers(self, needed: Access) -> bool:
        order = list(Access)
        return order.index(self) >= order.index(needed)


class SharedRight(StrEnum):
    """What an owner may give."""

    VIEW = "view"
    RUN = "run"
    EDIT = "edit"

    @property
    def label(self) -> str:
        return LABELS[self.value]


class Which(StrEnum):
    """The manual's three tabs."""

    MINE = "mine"
    SHARED = "shared"
    ARCHIVE = "archive"


class FieldType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    PHONE = "phone"
    EMAIL = "email"
    BOOLEAN = "boolean"

    @property
    def label(self) -> str:
        return {FieldType.TEXT: mark("Text"), FieldType.NUMBER: mark("Number"), FieldType.DATE: mark("Date"),
                FieldType.PHONE: mark("Phone"), FieldType.EMAIL: mark("E-mail"),
                FieldType.BOOLEAN: mark("Yes or no")}[self]  # fmt: skip


ProjectName = Annotated[str, example("Осенняя акция", most=LONGEST_LINE)]
ProjectText = Annotated[str, example("Напоминание о визите", most=LONGEST_TEXT)]
FieldName = Annotated[str, example("Город", most=100)]
TagName = Annotated[str, example("Горячий", most=100)]
Variable = Annotated[str, example("city", about="Latin letters, digits and _, a letter first", most=63)]
Email = Annotated[str, example("ivan@example.com")]


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """``access``: the caller's own. ``owner``: the owner's name, or e-mail. ``version`` is also its ETag."""

    id: Annotated[int, example(7)]
    name: Annotated[str, example("Осенняя акция")]
    description: Annotated[str, example("Напоминание о визите")]
    owner: Annotated[str, example("", about="Of a project that is shared with you: the owner's name, or e-mail")]
    access: Access
    created_at: datetime
    archived_at: datetime | None
    version: Annotated[int, example(1, about="Also its ETag")]


class NewProject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: ProjectName
    description: ProjectText = ""


class ProjectChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is left out stays."""

    name: ProjectName | UnsetType = UNSET
    description: ProjectText | UnsetType = UNSET


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A field of the project's contacts. In texts it stands as ``{{variable}}``. ``system``: it is in every project; ``id`` is
    then 0 and it cannot be changed."""

    id: Annotated[int, example(3)]
    name: Annotated[str, example("Город")]
    variable: Annotated[str, example("city")]
    type: FieldType
    system: bool = False


class NewField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: FieldName
    variable: Variable
    type: FieldType = FieldType.TEXT


class FieldChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The variable and the type stay: texts and audiences rely on them. ``was``: the name that is replaced; refused (412) if it is
    another one by now. Empty: whatever it is."""

    name: FieldName
    was: str = ""


class Tag(msgspec.Struct, frozen=True):
    id: Annotated[int, example(5)]
    name: Annotated[str, example("Горячий")]


class NewTag(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: TagName


class TagChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``was``: as of a field's change."""

    name: TagName
    was: str = ""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """``user``: null while the invited e-mail belongs to nobody."""

    user: int | None
    name: Annotated[str, example("Иван Петров")]
    email: Email
    right: SharedRight
    created_at: datetime


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: Email
    right: SharedRight = SharedRight.VIEW


class RightChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    right: SharedRight


class ProjectList(msgspec.Struct, frozen=True):
    """``next`` and ``previous``: cursors of the pages beside this one."""

    items: list[Project]
    next: str | None
    previous: str | None


SYSTEM_FIELDS = (
    Field(id=0, name=mark("Phone"), variable="phone", type=FieldType.PHONE, system=True),
    Field(id=0, name=mark("First name"), variable="name", type=FieldType.TEXT, system=True),
    Field(id=0, name=mark("E-mail"), variable="email", type=FieldType.EMAIL, system=True),
)
"""In every project; their names are message ids."""
