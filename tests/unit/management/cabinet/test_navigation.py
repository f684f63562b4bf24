from __future__ import annotations

import pytest

from management.cabinet.icons import ICONS
from management.cabinet.navigation import GROUPS, Item, navigation
from management.language import texts

MANUAL = (
    "Рабочий стол, Проекты, Статистика, Рассылки, Сегменты, Материалы, Сценарии, Детализация, Трекер, Настройки, "
    "Телефония, Финансы, Поддержка"
).split(", ")


def names(role: str | None) -> list[str]:
    return [texts("ru").gettext(item.name) for group in navigation(role) for item in group.items]


def test_a_customer_sees_the_manual_s_sections_in_its_order() -> None:
    assert names("customer") == MANUAL


def test_staff_see_theirs_too_and_strangers_none() -> None:
    assert names("admin") == [*MANUAL, "Пользователи", "Журнал", "Задачи", "Исходящие", "Система"]
    assert names("moderator") == [*MANUAL, "Пользователи", "Журнал", "Система"]
    assert names(None) == names("nobody") == []


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
