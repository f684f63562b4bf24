"""The media store: a folder, or a bucket of an S3-compatible service."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from engine.domain.errors import BadInput, Unavailable
from engine.domain.ids import AccountId
from engine.domain.text import mark
from management.store.content import media_of
from management.store.kinds import EXTENSIONS, MIB, RULES, Kind, Media

CHUNK = 256 * 1024
_PART = 5 * MIB


@dataclass(frozen=True, slots=True)
class Stored:
    """``key``: where it lies in the store. ``sha256``: of the content, in hexadecimal."""

    key: str
    media: Media
    size: int
    sha256: str


class MediaStore:
    """``scratch``: a folder for files on their way in."""

    def __init__(self, store: ObjectStore, scratch: Path) -> None:
        self._store = store
        self._scratch = scratch

    async def put(self, kind: Kind, account: AccountId, chunks: AsyncIterator[bytes]) -> Stored:
        """Take a file in: received in full and looked at first, so that nothing unfit is ever in the store.

        Raises BadInput for one that is empty, too large or not of the kind, Unavailable when the store is away.
        """
        rule = RULES[kind]
        descriptor, name = await asyncio.to_thread(tempfile.mkstemp, dir=self._scratch, prefix="upload-")
        file = Path(name)
        try:
            size, sha256 = await _receive(descriptor, chunks, rule.largest)
            media = await asyncio.to_thread(media_of, file)
            if media is None or media not in rule.allowed:
                raise BadInput(
                    "upload_type",
                    mark("This kind of file cannot be used here; it can be: {choices}"),
                    choices=", ".join(sorted(EXTENSIONS[media] for media in rule.allowed)),
                )
            key = f"accounts/{account}/{kind.value}/{uuid4()}.{EXTENSIONS[media]}"
            try:
                await obstore.put_async(self._store, key, file, chunk_size=_PART, max_concurrency=2)
            except BaseError as error:
                raise _away(error) from error
            return Stored(key, media, size, sha256)
        finally:
            await asyncio.to_thread(file.unlink, missing_ok=True)

    async def put_bytes(self, kind: Kind, account: AccountId, content: bytes) -> Stored:
        """The same for something small that we made ourselves, such as an avatar."""

        async def once() -> AsyncIterator[bytes]:
            yield content

        return await self.put(kind, account, once())

    async def size(self, key: str) -> int | None:
        """In bytes; None when there is no such file."""
        try:
            return int((await obstore.head_async(self._store, key))["size"])
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise _away(error) from error

    async def read(self, key: str, start: int = 0, end: int = 0) -> AsyncIterator[bytes]:
        """The bytes from ``start`` to before ``end`` (0: all of them), in chunks. Raises FileNotFoundError, Unavailable."""
        try:
            found = await obstore.get_async(self._store, key, options={"range": (start, end)} if end else None)
            async for chunk in found.stream(min_chunk_size=CHUNK):
                yield bytes(chunk)
        except FileNotFoundError:
            raise
        except BaseError as error:
            raise _away(error) from error

    async def delete(self, key: str) -> None:
        """One that is not there is no error: a deletion may be repeated."""
        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return
        except BaseError as error:
            raise _away(error) from error


def open_store(folder: Path, address: str = "") -> MediaStore:
    """The store at ``address`` (``s3://bucket/prefix``), else the folder. Keys and region of S3: from AWS's own settings
    in the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT). Raises Unavailable.
    """
    scratch = folder / "incoming"
    try:
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(
            "media_folder",
            mark("The media folder {folder} cannot be written: {error}"),
            folder=folder,
            error=error.strerror,
        ) from error
    for left in scratch.glob("upload-*"):  # of a process that was killed; younger ones may be another's
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > _ABANDONED_S:
                left.unlink()
    if address:
        return MediaStore(from_url(address), scratch)
    kept = folder / "store"
    return MediaStore(LocalStore(kept, mkdir=True), scratch)


_ABANDONED_S = 86_400


async def _receive(descriptor: int, chunks: AsyncIterator[bytes], largest: int) -> tuple[int, str]:
    """Write everything to the open file and close it; size and checksum."""
    size, digest = 0, hashlib.sha256()
    with os.fdopen(descriptor, "wb") as stream:
        async for chunk in chunks:
            size += len(chunk)
            if size > largest:
                raise BadInput("upload_large", mark("The file is larger than {limit} MB"), limit=largest // MIB)
            digest.update(chunk)
            await asyncio.to_thread(stream.write, chunk)
    if not size:
        raise BadInput("upload_empty", mark("The file is empty"))
    return size, digest.hexdigest()


def _away(error: BaseError) -> Unavailable:
    return Unavailable("store_away", mark("The media store does not answer: {error}"), error=str(error).splitlines()[0])
