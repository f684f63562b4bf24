from __future__ import annotations

from pathlib import Path

import pytest

from engine.storage.queries import load


def test_statements_by_name(tmp_path: Path) -> None:
    file = tmp_path / "queries.sql"
    file.write_text(
        "-- The feature's.\n\n-- name: one\nselect 1\n\n-- name: two\n-- Why.\nselect 2\n", encoding="utf-8"
    )
    assert load(file) == {"one": "select 1", "two": "-- Why.\nselect 2"}


def test_a_name_given_twice_is_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "queries.sql"
    file.write_text("-- name: one\nselect 1\n-- name: one\nselect 2\n", encoding="utf-8")
    with pytest.raises(ValueError, match="one given twice"):
        load(file)
