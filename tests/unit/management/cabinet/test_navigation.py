from __future__ import annotations

import pytest

from engine.domain.ids import AccountId
from management.access.caller import Caller, Role, SessionId, UserId
from management.cabinet.icons import ICONS
from management.cabinet.navigation import GROUPS, Item, navigation
from management.language import texts

MANUAL = (
    "Рабочий стол, Проекты, Статистика, Рассылки, Сегменты, Материалы, Сценарии, Детализация, Трекер, Настройки, "
    "Телефония, Финансы, Поддержка"
).split(", ")


def names(role: Role) -> list[str]:
    caller = Caller(UserId(1), AccountId(1), role, "a@b.ru", "A", "ru", "Europe/Moscow", "::1", session=SessionId(1))
    return [texts("ru").gettext(item.name) for group in navigation(caller) for item in group.items]


def test_a_customer_sees_the_manual_s_sections_in_its_order() -> None:
    assert names(Role.CUSTOMER) == MANUAL


def test_staff_see_theirs_too_and_strangers_none() -> None:
    assert names(Role.ADMIN) == [*MANUAL, "Система", "Пользователи", "Журнал", "Фоновые задания", "Исходящие"]
    assert names(Role.SUPPORT) == [*MANUAL, "Система", "Пользователи", "Журнал", "Фоновые задания"]
    assert names(Role.MODERATOR) == [*MANUAL, "Система", "Пользователи"]
    assert navigation(None) == ()


def test_addresses_are_one_section_s_and_pictures_are_there() -> None:
    items = [item for group in GROUPS for item in group.items]
    assert len({item.address for item in items}) == len(items)
    assert {item.icon for item in items} <= ICONS


@pytest.mark.parametrize(
    ("address", "path", "holds"),
    [
        ("/projects", "/projects", True),
        ("/projects", "/projects/7/fields", True),
        ("/projects", "/projects-old", False),
        ("/", "/", True),
        ("/", "/projects", False),
    ],
)
def test_the_current_section(address: str, path: str, holds: bool) -> None:
    assert Item("x", address, "x").holds(path) is holds
