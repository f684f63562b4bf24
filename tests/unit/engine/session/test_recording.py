"""Recordings after their call: nothing is lost before its row has it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.domain.attempt import Recording
from engine.domain.errors import Unavailable
from engine.domain.ids import CallId
from engine.session.recording import Recordings

ID = CallId("11111111-2222-3333-4444-555555555555")


@dataclass
class PaperConverter:
    made: Recording | None = None
    failing: bool = False

    async def keep(self, raw: Path) -> Recording | None:
        if self.failing:
            raise Unavailable("recording_not_kept", "disk full")
        return self.made


@dataclass
class PaperRows:
    rows: dict[str, Recording] = field(default_factory=dict)
    away: bool = False
    raw: Path | None = None

    async def recorded(self, call: CallId, recording: Recording) -> None:
        assert self.raw is None or self.raw.exists(), "the raw file must outlive the writing of the row"
        if self.away:
            raise Unavailable("postgres_unreachable", "away")
        self.rows[call] = recording


def _raw(folder: Path) -> Path:
    raw = folder / f"{ID}.raw"
    raw.write_bytes(bytes(8))
    return raw


def _names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


async def test_a_recording_is_entered_and_its_raw_file_removed(tmp_path: Path) -> None:
    raw, made = _raw(tmp_path), Recording("x.opus", 1.0, "abc")
    rows = PaperRows(raw=raw)
    recordings = Recordings(tmp_path, PaperConverter(made), rows)
    (tmp_path / "stranger.raw").touch()
    (tmp_path / f"{ID}.77.part").touch()  # of a converter that was killed
    assert recordings.unfinished() == [ID]
    recordings.add(ID)
    await recordings.close(5)
    assert rows.rows == {ID: made}
    assert _names(tmp_path) == ["stranger.raw"]


async def test_what_cannot_be_converted_stays(tmp_path: Path) -> None:
    raw, rows = _raw(tmp_path), PaperRows()
    recordings = Recordings(tmp_path, PaperConverter(failing=True), rows)
    recordings.add(ID)
    await recordings.close(5)
    assert raw.exists()
    assert rows.rows == {}


async def test_what_cannot_be_entered_stays_for_the_next_start(tmp_path: Path) -> None:
    raw, rows = _raw(tmp_path), PaperRows(away=True)
    recordings = Recordings(tmp_path, PaperConverter(Recording("x.opus", 1.0, "abc")), rows)
    recordings.add(ID)
    await recordings.close(1.0)
    assert raw.exists()


async def test_a_call_without_sound(tmp_path: Path) -> None:
    _raw(tmp_path)
    rows = PaperRows()
    recordings = Recordings(tmp_path, PaperConverter(None), rows)
    recordings.add(ID)
    recordings.add(CallId("22222222-2222-3333-4444-555555555555"))  # was not recorded at all
    await recordings.close(5)
    assert rows.rows == {}
    assert recordings.unfinished() == []
