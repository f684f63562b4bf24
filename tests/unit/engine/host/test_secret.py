from __future__ import annotations

from pathlib import Path

import pytest

from engine.domain.errors import Unavailable
from engine.host.paths import State
from engine.host.rundir import socket_folder
from engine.host.secret import stored_secret, write_secret


def test_a_secret_is_readable_by_its_owner_only_even_over_an_open_file(tmp_path: Path) -> None:
    file = tmp_path / "a" / "password"
    file.parent.mkdir()
    file.write_text("old")
    file.chmod(0o644)
    write_secret(file, "new")
    assert file.read_text() == "new"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_stored_secret_is_made_once_and_differs_between_installations(tmp_path: Path) -> None:
    first = stored_secret(tmp_path / "one" / "ari")
    assert stored_secret(tmp_path / "one" / "ari") == first
    assert len(first) >= 32
    assert stored_secret(tmp_path / "two" / "ari") != first


def test_the_state_folder_keeps_secrets_private(tmp_path: Path) -> None:
    state = State(tmp_path / "state").make().make()
    assert state.secrets.stat().st_mode & 0o777 == 0o700


def test_a_socket_stays_in_its_folder_when_the_path_is_short(tmp_path: Path) -> None:
    assert socket_folder(tmp_path / "x", "s") == tmp_path / "x" / "sock"


def test_a_long_path_is_replaced_by_a_short_private_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    deep = tmp_path / ("d" * 90)
    folder = socket_folder(deep, "asterisk.ctl")
    assert folder.parent == tmp_path
    assert folder.stat().st_mode & 0o777 == 0o700
    assert socket_folder(deep, "asterisk.ctl") == folder
    assert socket_folder(tmp_path / ("e" * 90), "asterisk.ctl") != folder


def test_a_link_planted_in_the_temporary_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    deep = tmp_path / ("d" * 90)
    folder = socket_folder(deep, "asterisk.ctl")
    folder.rmdir()
    (tmp_path / "elsewhere").mkdir()
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Unavailable):
        socket_folder(deep, "asterisk.ctl")
