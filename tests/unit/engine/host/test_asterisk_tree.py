from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.errors import BadInput, Unavailable
from engine.host.asterisk_tree import MINIMUM, STAMP, Origin, find_asterisk, new_enough, parse_version, tree_loader
from engine.host.debian import triplet
from engine.host.paths import State


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("Asterisk 22.10.1+dfsg+~cs6.17.60671434-1", (22, 10, 1)),
        ("22.10.1~dfsg", (22, 10, 1)),
        ("Asterisk 20.6.0", (20, 6, 0)),
        ("Asterisk 23.1", (23, 1, 0)),
        ("Asterisk certified/20.7-cert3", (20, 7, 0)),
        ("Asterisk GIT-master-abc", ()),
    ],
)
def test_versions_are_read_as_asterisk_prints_them(text: str, version: tuple[int, ...]) -> None:
    assert parse_version(text) == version


@given(st.tuples(st.integers(1, 40), st.integers(0, 30), st.integers(0, 30)))
def test_new_enough_orders_numerically(version: tuple[int, int, int]) -> None:
    assert new_enough("Asterisk " + ".".join(map(str, version))) == (version >= MINIMUM)


def test_a_version_that_cannot_be_read_is_not_new_enough() -> None:
    assert not new_enough("Asterisk GIT-master")


def _fake_asterisk(prefix: Path, version: str) -> None:
    """A program that answers -V, with the folders that an installation has."""
    binary = prefix / "sbin" / "asterisk"
    binary.parent.mkdir(parents=True)
    binary.write_text(f"#!/bin/sh\necho Asterisk {version}\n")
    binary.chmod(0o755)
    (prefix / "lib" / "asterisk" / "modules").mkdir(parents=True)
    (prefix / "share" / "asterisk").mkdir(parents=True)


def test_asterisk_home_wins_over_everything(tmp_path: Path) -> None:
    _fake_asterisk(tmp_path / "opt", "22.11.0")
    found = find_asterisk(State(tmp_path / "state"), str(tmp_path / "opt"))
    assert found is not None
    assert (found.origin, found.version, found.loader) == (Origin.ASTERISK_HOME, "22.11.0", ())
    assert found.modules == tmp_path / "opt" / "lib" / "asterisk" / "modules"


def test_an_old_asterisk_home_is_refused_with_both_versions(tmp_path: Path) -> None:
    _fake_asterisk(tmp_path / "opt", "20.6.0")
    with pytest.raises(Unavailable) as caught:
        find_asterisk(State(tmp_path / "state"), str(tmp_path / "opt"))
    assert caught.value.code == "asterisk-old"
    assert "20.6.0" in str(caught.value)
    assert "22.10.1" in str(caught.value)


@pytest.mark.parametrize("make", [True, False])
def test_asterisk_home_without_asterisk_is_named(tmp_path: Path, make: bool) -> None:
    home = tmp_path / "empty"
    if make:
        home.mkdir()
    with pytest.raises(BadInput, match="empty"):
        find_asterisk(State(tmp_path / "state"), str(home))


def test_an_unfinished_tree_is_no_asterisk(tmp_path: Path) -> None:
    state = State(tmp_path)
    _fake_asterisk(state.asterisk / "usr", "22.10.1")
    found = find_asterisk(state)
    assert found is None or found.origin is Origin.HOST
    (state.asterisk / STAMP).write_text("{}")
    found = find_asterisk(state)
    assert found is not None
    assert found.origin is Origin.TREE


@pytest.mark.parametrize("loader", ["usr/lib64/ld-linux-x86-64.so.2", "usr/lib/ld-linux-aarch64.so.1"])
def test_programs_of_a_tree_run_through_its_own_loader(tmp_path: Path, loader: str) -> None:
    (tmp_path / loader).parent.mkdir(parents=True)
    (tmp_path / loader).write_text("")
    program, option, libraries = tree_loader(tmp_path)
    assert (program, option) == (str(tmp_path / loader), "--library-path")
    own = tmp_path / "usr" / "lib" / triplet()
    assert libraries == f"{own}:{own}/pulseaudio"
