"""The Russian catalogue is whole: what the engine says and what the catalogue holds is the same set of texts.

The source is read with ``ast``: pybabel also takes ``"state"`` out of ``translate(STATES[progress["state"]])``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

import engine

FOLDER = Path(engine.__file__).parent
MARKS = {"_", "mark", "translate"}
ERRORS = {"BadInput", "Unavailable", "Refused", "error", "warning"}


def calls(names: set[str]) -> Iterator[ast.Call]:
    """Every call, in the engine's source, of a function with one of these names."""
    for file in sorted(FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                yield node


def literal(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def placeholders(text: str) -> set[tuple[str, str | None, str | None]]:
    """Name, format and conversion of each field. Raises ValueError where ``str.format`` would."""
    return {(name, spec, conversion) for _, name, spec, conversion in Formatter().parse(text) if name is not None}


@pytest.fixture(scope="module")
def said() -> set[str]:
    """Marked texts, and literals given to an error: those are translated when it is shown. A frame such as "{error}" is no text."""
    marked = {literal(call.args[0]) for call in calls(MARKS) if call.args}
    raised = {literal(argument) for call in calls(ERRORS) for argument in call.args[1:]}
    return marked - {""} | {text for text in raised if " " in text}


@pytest.fixture(scope="module")
def russian() -> dict[str, str]:
    with (FOLDER / "locale" / "ru" / "LC_MESSAGES" / "dozvon.po").open("rb") as file:
        catalogue: Catalog = read_po(file, locale="ru", abort_invalid=True)
    assert not catalogue.obsolete
    assert not any(message.fuzzy for message in catalogue if message.id)
    return {str(message.id): str(message.string) for message in catalogue if message.id}


def test_texts_of_each_kind_are_found(said: set[str]) -> None:
    assert {"Starting PostgreSQL", "Leads", "The scenario has {count} nodes, more than {limit}", "Disk"} <= said


def test_every_text_has_its_russian_and_none_is_left_over(said: set[str], russian: dict[str, str]) -> None:
    assert sorted(said - russian.keys()) == []
    assert sorted(russian.keys() - said) == []
    assert [text for text, string in russian.items() if not string] == []


def test_placeholders_are_those_of_the_english(russian: dict[str, str]) -> None:
    assert [text for text, string in russian.items() if placeholders(text) != placeholders(string)] == []


def test_a_full_stop_ends_both_or_neither(russian: dict[str, str]) -> None:
    """Texts are joined to others: a stop too many or too few shows."""
    wrong = [text for text, string in russian.items() if text.endswith(".") != string.endswith(".")]
    assert wrong == ["No."]
