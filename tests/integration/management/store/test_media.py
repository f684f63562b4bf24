"""The media store in a folder, with uploads that mean harm."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.domain.errors import BadInput
from engine.domain.ids import AccountId
from management.store.kinds import MIB, RULES, Kind, Media
from management.store.media import CHUNK, MediaStore, open_store

ACCOUNT = AccountId(7)
WAVE = b"RIFF\x24\x00\x00\x00WAVEfmt "


@pytest.fixture
def store(tmp_path: Path) -> MediaStore:
    return open_store(tmp_path)


async def _chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


async def _all(store: MediaStore, key: str, start: int = 0, end: int = 0) -> bytes:
    return b"".join([chunk async for chunk in store.read(key, start, end)])


async def test_comes_out_as_it_went_in_and_in_parts(store: MediaStore, tmp_path: Path) -> None:
    content = WAVE + os.urandom(12 * MIB)
    parts = [content[at : at + CHUNK] for at in range(0, len(content), CHUNK)]
    kept = await store.put(Kind.AUDIO, ACCOUNT, _chunks(*parts))
    assert (kept.media, kept.size, kept.sha256) == (Media.WAV, len(content), hashlib.sha256(content).hexdigest())
    assert kept.key.startswith("accounts/7/audio/") and kept.key.endswith(".wav")
    assert await store.size(kept.key) == len(content)
    assert await _all(store, kept.key) == content
    assert await _all(store, kept.key, 5, 500_000) == content[5:500_000]
    assert all([len(chunk) <= 4 * CHUNK async for chunk in store.read(kept.key)])  # never the whole of it
    assert len(_files(tmp_path)) == 1


async def test_deleted_and_deleted_again(store: MediaStore) -> None:
    kept = await store.put_bytes(Kind.RESULT, ACCOUNT, b"phone\n")
    for _ in range(2):
        await store.delete(kept.key)
        assert await store.size(kept.key) is None
    with pytest.raises(FileNotFoundError):
        await _all(store, kept.key)


@pytest.mark.parametrize(
    ("kind", "chunks", "code"),
    [
        (Kind.AVATAR, (), "upload_empty"),
        (Kind.AVATAR, (b"", b""), "upload_empty"),
        (Kind.AVATAR, (b"\x89PNG\r\n\x1a\n", *[bytes(MIB)] * 5), "upload_large"),
        (Kind.AVATAR, (b"<svg onload=alert(1)>",), "upload_type"),
        (Kind.AVATAR, (WAVE,), "upload_type"),
        (Kind.AUDIO, (b"\x89PNG\r\n\x1a\n",), "upload_type"),
        (Kind.AUDIENCE, (b"%PDF-1.7",), "upload_type"),
        (Kind.AUDIENCE, (b"PK\x03\x04", bytes(100)), "upload_broken"),
    ],
)
async def test_what_is_refused_leaves_nothing_behind(
    store: MediaStore, tmp_path: Path, kind: Kind, chunks: tuple[bytes, ...], code: str
) -> None:
    with pytest.raises(BadInput) as caught:
        await store.put(kind, ACCOUNT, _chunks(*chunks))
    assert caught.value.code == code
    assert _files(tmp_path) == []


async def test_reading_ends_with_the_limit(store: MediaStore) -> None:
    """An endless upload is not received to its end."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += MIB
            yield bytes(MIB)

    with pytest.raises(BadInput):
        await store.put(Kind.AVATAR, ACCOUNT, endless())
    assert sent == RULES[Kind.AVATAR].largest + MIB


async def test_broken_off_in_the_middle_leaves_nothing_behind(store: MediaStore, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield WAVE
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await store.put(Kind.AUDIO, ACCOUNT, broken())
    assert _files(tmp_path) == []


async def test_no_key_leads_out_of_the_folder(store: MediaStore, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    for key in ("../secret", "/../secret", "accounts/../../secret", "..%2Fsecret"):
        with pytest.raises((FileNotFoundError, Exception)):
            await _all(store, key)


def test_what_a_killed_process_left_is_swept_away_at_the_next_start(tmp_path: Path) -> None:
    open_store(tmp_path)
    old, young = tmp_path / "incoming" / "upload-old", tmp_path / "incoming" / "upload-young"
    for file in (old, young):
        file.touch()
    os.utime(old, (time.time() - 100_000,) * 2)
    open_store(tmp_path)
    assert (old.exists(), young.exists()) == (False, True)
