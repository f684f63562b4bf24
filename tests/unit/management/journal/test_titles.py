"""Whatever is written into the audit log has a name that people can read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

import management
from management.access.caller import Role
from management.journal.schemas import Action
from management.journal.service import changes
from management.journal.titles import ACTIONS, VALUES
from management.profile.schemas import Sex
from management.projects.schemas import FieldType, SharedRight

_ACTION = re.compile(r"[a-z]+\.[a-z_]+")
_WRITERS = {"audit", "note"}


_TITLES = "titles.py"


def _texts(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and _ACTION.fullmatch(each.value):
            yield each.value


def _modules() -> list[ast.Module]:
    files = [file for file in Path(management.__file__).parent.rglob("*.py") if file.name != _TITLES]
    return [ast.parse(file.read_text(encoding="utf-8")) for file in files]


def test_every_action_that_is_written_has_a_title_and_no_title_is_left_over() -> None:
    modules = _modules()
    calls = [node for module in modules for node in ast.walk(module) if isinstance(node, ast.Call)]
    writers = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in _WRITERS]
    written = {text for call in writers for argument in call.args for text in _texts(argument)}
    assert len(written) > 30
    assert written <= set(ACTIONS)
    assert set(ACTIONS) <= {text for module in modules for text in _texts(module)}


@pytest.mark.parametrize(
    ("field", "kinds"), [("role", Role), ("type", FieldType), ("right", SharedRight), ("sex", Sex)]
)
def test_every_value_of_a_kind_has_a_title(field: str, kinds: type[StrEnum]) -> None:
    assert {value for each, value in VALUES if each == field} == set(kinds) - {""}


def test_an_unknown_action_is_shown_by_its_code() -> None:
    assert Action("thing.done").label == "thing.done"


def test_changes_in_words() -> None:
    found = changes({"name": "a", "gone": 1}, {"name": "b", "list": ["x", "y"], "yes": True})
    assert str(found) == "name: a → b; gone: 1 → —; list: x, y; yes: true"
